"""Inside the booted machine: the service as systemd runs it, with everything of docker/systemd in force.

The tests are steps of one life and run in the order of this file.
"""
import json
import pathlib
import re
import smtplib
import socket
import stat
import subprocess
import time
import urllib.request

import pytest

from harness.process import wait_until
from harness.sink import Sink

CONFIGURATION = pathlib.Path("/etc/gatepost/gatepost.yaml")
STATE = pathlib.Path("/var/lib/gatepost")
RESTART_SECONDS = 10  # RestartSec= of the unit
SENDER, RECIPIENT = "alice@sender.example", "bob@ours.example"
LARGE = 3 * 1024 * 1024  # goes through an unlinked file


def systemctl(*words):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, timeout=120)


def show(*names, unit="gatepost.service"):
    lines = systemctl("show", unit, "--property", ",".join(names)).stdout.splitlines()
    values = dict(line.split("=", 1) for line in lines)
    return [values[name] for name in names]


def journal():
    return subprocess.run(["journalctl", "--unit", "gatepost.service", "--output", "cat"], capture_output=True, text=True).stdout


def http(path):
    with urllib.request.urlopen("http://127.0.0.1:8025" + path, timeout=10) as reply:
        return json.loads(reply.read())


def send(recipient=RECIPIENT, octets=100):
    with smtplib.SMTP("127.0.0.1", 25, local_hostname="client.sender.example", timeout=60) as client:
        body = ("x" * 70 + "\r\n") * (octets // 72 + 1)
        client.starttls()
        refused = client.sendmail(SENDER, [recipient], f"From: {SENDER}\r\nTo: {recipient}\r\nSubject: test\r\n\r\n{body}")
        assert refused == {}


@pytest.fixture(scope="session")
def sink():
    sink = Sink()
    text = CONFIGURATION.read_text()
    CONFIGURATION.write_text(text.replace("mail.behind.example:25", f"mail.behind.example:{sink.port}"))
    yield sink
    sink.stop()


@pytest.fixture
def broken_configuration():
    """The file with a key that there is not, until the test ends or mends it."""
    text = CONFIGURATION.read_text()
    CONFIGURATION.write_text(text + "nonsense: 1\n")
    yield lambda: CONFIGURATION.write_text(text)
    CONFIGURATION.write_text(text)


def test_the_socket_starts_it(sink):
    assert show("ActiveState", unit="gatepost.socket") == ["active"]
    assert show("ActiveState") == ["inactive"]
    send()
    assert len(sink.messages) == 1
    assert show("ActiveState", "SubState", "StatusText") == ["active", "running", "serving mx1.ours.example"]
    wait_until(lambda: "started" in journal(), 10, "the log")


def test_large_mail_and_report_rows(sink):
    """O_TMPFILE, fsync and SQLite inside the sandbox."""
    send(octets=LARGE)
    assert len(sink.messages[-1].octets) > LARGE
    wait_until(lambda: http("/stats")["report_rows"]["written"] >= 2, 20, "rows are in the database")
    assert (STATE / "state.sqlite3").exists()
    assert not http("/readyz")["reasons"] or all(reason.startswith("dns") for reason in http("/readyz")["reasons"])


def test_rights():
    (pid,) = show("MainPID")
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    assert status["Uid"].split()[0] != "0"
    assert [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == [0] * 5
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip(), status["Umask"].strip()) == ("1", "2", "0077")
    assert re.search(r"^Max core file size +0 +0 ", pathlib.Path(f"/proc/{pid}/limits").read_text(), re.M)
    for path in [STATE, *STATE.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_reload_drops_no_connection(sink):
    (pid,) = show("MainPID")
    with smtplib.SMTP("127.0.0.1", 25, local_hostname="client.sender.example", timeout=60) as client:
        text = CONFIGURATION.read_text()
        CONFIGURATION.write_text(text.replace("domains: [ours.example]", "domains: [ours.example, more.example]"))
        client.ehlo()
        client.mail(SENDER)
        assert client.rcpt("carol@more.example")[0] == 550
        client.rset()
        done = systemctl("reload", "gatepost")
        assert done.returncode == 0, done.stderr
        wait_until(lambda: journal().count(" reload") >= 1, 10, "the log tells of it")
        client.mail(SENDER)
        assert client.rcpt("carol@more.example")[0] == 250
    assert show("MainPID", "SubState", "StatusText") == [pid, "running", "serving mx1.ours.example"]


def test_a_reload_of_a_wrong_configuration_fails_and_changes_nothing(sink, broken_configuration):
    (pid,) = show("MainPID")
    done = systemctl("reload", "gatepost")
    assert done.returncode != 0, "systemctl says so"
    assert f"{CONFIGURATION}:" in journal() and "nonsense" in journal()
    assert show("MainPID", "ActiveState") == [pid, "active"]
    send()
    # Where the signal comes without the check.
    systemctl("kill", "--signal=HUP", "--kill-whom=main", "gatepost")
    wait_until(lambda: show("StatusText")[0].startswith("reload refused"), 10, "the manager is told")
    assert "nonsense" in show("StatusText")[0]
    assert show("MainPID", "SubState") == [pid, "running"]
    assert http("/stats")["config"] == {"reload_failures": 1, "last_reload_successful": False}
    assert "nonsense" in http("/readyz")["warnings"][0]
    send()
    broken_configuration()
    assert systemctl("reload", "gatepost").returncode == 0
    wait_until(lambda: show("StatusText") == ["serving mx1.ours.example"], 10, "the manager is told")
    assert "warnings" not in http("/readyz")


def test_a_restart_with_a_wrong_configuration_keeps_the_port(sink, broken_configuration):
    done = systemctl("restart", "gatepost")
    assert done.returncode != 0
    waiting = []
    until = time.monotonic() + 2.5 * RESTART_SECONDS
    while time.monotonic() < until:
        # Each would trigger a start, were the service not waiting already.
        waiting.append(socket.create_connection(("127.0.0.1", 25), timeout=5))
        time.sleep(0.05)
    assert len(waiting) > 200, "the port was open all the time"
    assert show("ActiveState", unit="gatepost.socket") == ["active"]
    tries = int(show("NRestarts")[0])
    assert 1 <= tries <= 4, "each RestartSec, and not for each client"
    assert show("SubState") == ["auto-restart"]
    for _ in range(8):  # whoever tries by hand meanwhile does not use up a limit of starts
        systemctl("restart", "gatepost")
    assert show("ActiveState", unit="gatepost.socket") == ["active"]
    broken_configuration()
    waiting[0].settimeout(3 * RESTART_SECONDS)
    assert waiting[0].recv(1000).startswith(b"220 "), "who waited is served, without anybody's doing"
    for client in waiting:
        client.close()
    send()


def test_a_crash_is_mended(sink):
    (pid,) = show("MainPID")
    systemctl("kill", "--signal=SEGV", "--kill-whom=main", "gatepost")
    send()  # waits in the queue of the socket
    assert show("MainPID") != [pid]
    assert not list(pathlib.Path("/").glob("core*")) and not list(STATE.glob("core*"))


def test_a_key_that_a_reload_cannot_read(sink):
    key = pathlib.Path("/etc/gatepost/tls/key.pem")
    mode = stat.S_IMODE(key.stat().st_mode)
    key.chmod(0o600)
    try:
        assert systemctl("reload", "gatepost").returncode != 0
        send()
    finally:
        key.chmod(mode)
    assert systemctl("reload", "gatepost").returncode == 0


def test_it_stops(sink):
    began = time.monotonic()
    assert systemctl("stop", "gatepost.socket", "gatepost.service").returncode == 0
    assert time.monotonic() - began < 5
    assert show("ActiveState", "Result", "ExecMainStatus") == ["inactive", "success", "0"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 25), timeout=5)
