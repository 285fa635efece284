"""The process from outside: health, readiness, signals, and a command line that tells what is wrong."""
import json
import re
import signal
import smtplib
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

from harness.gatepost import BINARY, ENVIRONMENT, run_command
from harness.mail import compose
from harness.process import accepts, free_port, wait_until
from harness.zone import KNOWN

MESSAGE = compose("someone@spf-only.example")
SENDER = "b@spf-only.example"


def open_session(server):
    client = smtplib.SMTP(timeout=20, source_address=(KNOWN, 0))
    client.connect("127.0.0.1", server.port)
    assert client.ehlo("client.example")[0] == 250
    return client


def test_healthy_and_ready(gatepost, sink):
    assert gatepost.get("/healthz")[0] == 200
    wait_until(lambda: gatepost.get("/readyz")[0] == 200, 10, "ready")
    assert gatepost.get("/nothing")[0] == 404


def test_not_ready_while_the_downstream_server_is_away(make_gatepost):
    server = make_gatepost(relay_port=free_port())
    assert server.get("/healthz")[0] == 200
    wait_until(lambda: server.get("/readyz")[0] == 503, 15, "not ready")
    assert "downstream" in json.dumps(json.loads(server.get("/readyz")[1]))


def test_stats_and_metrics_tell_the_same(gatepost, sink):
    stats = gatepost.stats()
    metrics = gatepost.get("/metrics")[1]
    for action in ["accept", "quarantine", "reject", "defer", "discard", "relay_reject"]:
        value = re.search(rf'^gatepost_messages_total\{{action="{action}"\}} (\S+)$', metrics, re.M)[1]
        assert float(value) == stats["messages"][action]
    assert stats["messages"]["total"] == sum(n for word, n in stats["messages"].items() if word != "total")
    assert {"spf", "dkim", "dmarc"} <= set(stats["verdicts"])
    assert {"open", "total"} <= set(stats["connections"])
    assert {"queries", "cache_hits", "failures"} <= set(stats["dns"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_the_transaction_end(number, make_gatepost, sink):
    server = make_gatepost()
    client = open_session(server)
    assert client.mail(SENDER)[0] == 250
    assert client.rcpt("inbox@ours.example")[0] == 250
    assert client.docmd("DATA")[0] == 354
    server.process.signal(number)
    wait_until(lambda: not accepts(server.port), 10, "no new connections")
    client.send(MESSAGE + b".\r\n")
    code, text = client.getreply()
    assert code == 250, text
    assert server.process.wait(20) == 0, server.process.log
    assert sink.only_message().octets.endswith(MESSAGE)


def test_a_stop_ends_idle_sessions_at_once(make_gatepost):
    server = make_gatepost()
    client = open_session(server)
    server.process.signal(signal.SIGTERM)
    assert server.process.wait(10) == 0
    try:
        assert client.getreply()[0] == 421
    except smtplib.SMTPServerDisconnected:
        pass


def test_a_second_signal_ends_it_now(make_gatepost):
    server = make_gatepost()
    client = open_session(server)
    client.mail(SENDER)
    client.rcpt("inbox@ours.example")
    assert client.docmd("DATA")[0] == 354
    server.process.signal(signal.SIGTERM)
    wait_until(lambda: not accepts(server.port), 10, "no new connections")
    server.process.signal(signal.SIGTERM)
    server.process.wait(5)


def test_a_hundred_rude_clients_leave_nothing_behind(gatepost, send, sink):
    """Connections that end in the middle of anything: all are counted as closed, and mail still passes."""
    for end in [b"", b"EHLO x", b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n",
                b"EHLO x\r\nMAIL FROM:<a@bounces.example>\r\nRCPT TO:<inbox@ours.example>\r\nDATA\r\nSubject: half"]:
        for _ in range(25):
            with socket.create_connection(("127.0.0.1", gatepost.port), timeout=10) as rude:
                rude.sendall(end)
    wait_until(lambda: gatepost.stats()["connections"]["open"] == 0, 20, "all connections closed")
    assert send(MESSAGE, KNOWN, SENDER).code == 250
    assert len(sink.messages) == 1


def test_a_reload_that_is_refused_is_seen(make_gatepost, sink):
    """The server goes on as before; whoever watches it learns that its next restart would fail."""
    server = make_gatepost()
    assert server.stats()["config"] == {"reload_failures": 0, "last_reload_successful": True}
    text = server.configuration_path.read_text(encoding="utf-8")
    server.configuration_path.write_text(text + "nonsense: 1\n", encoding="utf-8")
    server.process.signal(signal.SIGHUP)
    wait_until(lambda: server.stats()["config"] == {"reload_failures": 1, "last_reload_successful": False}, 20, "counted")
    metrics = server.get("/metrics")[1]
    assert "\ngatepost_config_reload_failures_total 1\n" in metrics
    assert "\ngatepost_config_last_reload_successful 0\n" in metrics
    wait_until(lambda: server.get("/readyz")[0] == 200, 10, "ready all the same")
    (warning,) = json.loads(server.get("/readyz")[1])["warnings"]
    assert "refused at the last reload" in warning and f"{server.configuration_path}:" in warning and "nonsense" in warning
    server.configuration_path.write_text(text, encoding="utf-8")
    server.process.signal(signal.SIGHUP)
    wait_until(lambda: server.stats()["config"] == {"reload_failures": 1, "last_reload_successful": True}, 20, "mended")
    assert "warnings" not in json.loads(server.get("/readyz")[1])


def test_pages_of_strangers_learn_nothing(gatepost):
    """DNS rebinding: a name of a stranger's that resolves to 127.0.0.1, in somebody's browser."""
    for host, status in [("rebound.example", 421), (f"127.0.0.1:{gatepost.http_port}", 200), ("localhost", 200),
                         ("mx1.ours.example", 200)]:
        asked = urllib.request.Request(f"http://127.0.0.1:{gatepost.http_port}/stats", headers={"Host": host})
        try:
            with urllib.request.urlopen(asked, timeout=10) as reply:
                assert (reply.status, host) == (status, host)
        except urllib.error.HTTPError as error:
            assert (error.code, host) == (status, host)


def test_a_wrong_configuration_is_told_by_line_and_column(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("hostname: mx1.ours.example\ndomains: [ours.example]\nrelay:\n  to: [127.0.0.1:25]\n  too: 1\n"
                    "limits: {message_size: 5 apples}\n", encoding="ascii")
    checked = run_command("check-config", "--config", path)
    assert checked.returncode == 2
    assert re.search(rf"^{re.escape(str(path))}:5:3: .*too", checked.stderr, re.M), checked.stderr
    assert re.search(rf"^{re.escape(str(path))}:6:\d+: ", checked.stderr, re.M), checked.stderr
    assert run_command("serve", "--config", path).returncode == 2


@pytest.mark.parametrize("at_fault, told", [
    ("maildir", "4:14: relay.to: {folder}/maildir/tmp: Not a directory"),
    ("data/state.sqlite3", "3:11: data_dir: cannot open {folder}/data/state.sqlite3: file is not a database")])
def test_what_shows_only_at_start_has_its_line_too(tmp_path, at_fault, told):
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / at_fault).write_text("neither a folder nor a database\n" * 1000, encoding="ascii")
    path = tmp_path / "gatepost.yaml"
    path.write_text(f"hostname: mx.ours.example\ndomains: [ours.example]\n"
                    f"data_dir: {tmp_path}/data\nrelay: {{to: [\"maildir:{tmp_path}/maildir\"]}}\n"
                    f"listeners: [{{address: \"127.0.0.1:{free_port()}\", tls: \"off\"}}]\n", encoding="ascii")
    done = run_command("serve", "--config", path)
    assert done.returncode == 1
    assert f"{path}:" + told.format(folder=tmp_path) in done.stderr


def test_the_configuration_in_use_is_right(gatepost):
    assert gatepost.command("check-config").returncode == 0


def test_spf_alone(name_server):
    def check(address):
        done = run_command("spf", "--ip", address, "--helo", "client.example", "--mail-from", SENDER, "--dns",
                           f"127.0.0.1:{name_server.port}", "--json")
        return json.loads(done.stdout)["result"]
    assert check(KNOWN) == "pass"
    assert check("192.0.2.1") == "fail"


@pytest.mark.parametrize("words,status", [(["version"], 0), (["--help"], 0), (["serve", "--help"], 0), ([], 2),
                                          (["--version"], 0), (["help"], 0), (["help", "verify"], 0), (["help", "x"], 2),
                                          (["unknown"], 2), (["verify"], 2), (["spf", "--ip", "not an address"], 2),
                                          (["serve", "--config", "/nonexistent.yaml"], 2)])
def test_exit_status(words, status):
    assert run_command(*words).returncode == status


def test_a_full_standard_output_is_an_error(gatepost, name_server):
    """For every command that prints something there."""
    message = gatepost.folder / "message.eml"
    message.write_bytes(MESSAGE)
    configuration = str(gatepost.configuration_path)
    identity = ["--ip", KNOWN, "--helo", "client.example", "--mail-from", SENDER, "--dns", f"127.0.0.1:{name_server.port}"]
    for words in [["version"], ["--version"], ["help"], ["--help"], ["verify", "--help"],
                  ["check-config", "--config", configuration], ["spf", *identity], ["spf", *identity, "--json"],
                  ["verify", *identity, message], ["verify", *identity, "--json", message],
                  ["report", "list", "--json", "--config", configuration]]:
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BINARY, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, env=ENVIRONMENT)
        assert done.returncode == 1, words
        assert "gatepost: cannot write to standard output" in done.stderr, words
