"""As a service: sockets handed over, the manager told, and rights given up."""
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile

import pytest
import yaml

from harness.gatepost import BINARY, ENVIRONMENT, Gatepost
from harness.mail import compose
from harness.process import Process, free_port, open_files, wait_until
from harness.zone import CRON

CRON_MAIL = compose("Cron Daemon <root@cron.ours.example>", subject="Cron <root@cron> backup")


def restart(server, script, environment, files=()):
    """Ends a server and starts it again by a shell script that ends in `exec "$@"`."""
    server.stop()
    command = ["/bin/bash", "-c", script, "bash", BINARY, "serve", "--config", str(server.configuration_path)]
    server.process = Process(command, server.folder / "again.log", {**ENVIRONMENT, **environment}, files)
    return server.process


def test_a_socket_that_was_handed_over_is_served(make_gatepost, send, sink):
    server = make_gatepost()
    server.stop()
    with socket.create_server(("127.0.0.1", server.port)) as listening:
        # A client that comes before the server waits in the queue.
        early = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        number = listening.fileno()
        restart(server, f'exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', {}, [number])
        assert early.makefile("rb").readline().startswith(b"220 ")
    assert send(CRON_MAIL, CRON, "root@cron.ours.example", server=server).code == 250


def test_a_socket_in_no_listener_is_a_mistake_that_is_told(make_gatepost):
    server = make_gatepost()
    server.stop()
    with socket.create_server(("127.0.0.1", 0)) as other:
        number, port = other.fileno(), other.getsockname()[1]
        process = restart(server, f'exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', {}, [number])
        assert process.wait(20) == 1
    assert f"handed over, and in no listener: 127.0.0.1 port {port}; " in process.log
    assert f"in the configuration, and not handed over: 127.0.0.1 port {server.port}; " in process.log
    assert f"{server.configuration_path}:" in process.log
    server.process = None


def test_another_address_than_the_socket_s_is_told_as_that(make_gatepost):
    """systemd holds 0.0.0.0, the configuration says 127.0.0.1: that is no matter of an address in use."""
    server = make_gatepost()
    server.stop()
    with socket.create_server(("0.0.0.0", server.port)) as held:
        number = held.fileno()
        process = restart(server, f'exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', {}, [number])
        assert process.wait(20) == 1
    assert f"handed over, and in no listener: 0.0.0.0 port {server.port}; " in process.log
    assert "write the same addresses here and in the socket unit (ListenStream=)" in process.log
    assert "in use" not in process.log
    server.process = None


def test_the_service_manager_is_told(make_gatepost, tmp_path):
    server = make_gatepost()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        process = restart(server, 'exec "$@"', {"NOTIFY_SOCKET": str(tmp_path / "notify")})
        well = b"READY=1\nSTATUS=serving mx1.ours.example"
        assert manager.recv(1000) == well
        process.signal(1)
        assert manager.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert manager.recv(1000) == well
        text = server.configuration_path.read_text(encoding="utf-8")
        server.configuration_path.write_text(text + "nonsense: 1\n", encoding="utf-8")
        process.signal(1)
        assert manager.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        refused = manager.recv(1000)
        assert refused.startswith(b"READY=1\nSTATUS=reload refused, the configuration in force is kept: ")
        assert f"{server.configuration_path}:".encode() in refused and b"nonsense" in refused
        server.configuration_path.write_text(text, encoding="utf-8")
        process.signal(1)
        assert manager.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert manager.recv(1000) == well
        process.signal(15)
        assert manager.recv(100) == b"STOPPING=1"
        assert process.wait(45) == 0


def status_of(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as lines:
        return dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)


@pytest.fixture
def open_folder():
    """A folder that every user can come to: pytest's own are the user's alone."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder) / "gatepost"


def program_for_all(open_folder):
    """The clone may stand in a home that other users cannot come to."""
    return shutil.copy(BINARY, open_folder.parent / "program")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_becomes_the_configured_user(open_folder, name_server, certificate, send, sink):
    nobody = pwd.getpwnam("nobody")
    server = Gatepost(open_folder, name_server.port, sink.port, certificate, {"process": {"user": "nobody"}}).start()
    try:
        check_rights(server, nobody)
        assert send(CRON_MAIL, CRON, "root@cron.ours.example", server=server).code == 250
        assert (open_folder / "data").stat().st_uid == nobody.pw_uid
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_state_that_root_has_made_is_handed_over(open_folder, name_server, certificate, send, sink):
    """First as root, then as process.user: rows of both times are there."""
    settings = (open_folder, name_server.port, sink.port, certificate)
    first = Gatepost(*settings).start()
    assert send(CRON_MAIL, CRON, "root@cron.ours.example", server=first).code == 250
    first.stop()
    assert (open_folder / "data/state.sqlite3").stat().st_uid == 0
    second = Gatepost(*settings, {"process": {"user": "nobody"}}).start()
    try:
        assert send(CRON_MAIL, CRON, "root@cron.ours.example", server=second).code == 250
        (row,) = wait_until(lambda: [row for row in json.loads(second.command("report", "list", "--json").stdout)
                                     if row["messages"] == 2], 10, "both messages are counted")
        assert row["domain"] == "ours.example"
    finally:
        second.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_state_that_root_has_made_is_told_of_where_it_cannot_be_handed_over(open_folder, name_server, certificate, sink):
    """As systemd starts it, as that user from the beginning: rows would be lost without a word."""
    settings = (open_folder, name_server.port, sink.port, certificate)
    Gatepost(*settings).start().stop()
    nobody = pwd.getpwnam("nobody")
    os.chown(open_folder / "data", nobody.pw_uid, nobody.pw_gid)
    key = open_folder / "key.pem"
    second = Gatepost(*settings, {"tls": {"certificate": str(shutil.copy(certificate[0], open_folder)),
                                          "private_key": {"file": str(shutil.copy(certificate[1], key))}}})
    key.chmod(0o644)
    second.configuration_path.chmod(0o644)
    done = subprocess.run([program_for_all(open_folder), "serve", "--config", second.configuration_path],
                          capture_output=True, text=True, timeout=30, env=ENVIRONMENT, user="nobody", group=nobody.pw_gid, extra_groups=[])
    assert done.returncode == 1
    assert "state.sqlite3 belongs to root and cannot be written by nobody: chown -R nobody " in done.stderr


def test_a_second_server_on_one_data_dir(make_gatepost):
    server = make_gatepost()
    text = server.configuration_path.read_text(encoding="utf-8")
    other = server.folder / "other.yaml"
    other.write_text(text.replace(str(server.port), str(free_port())).replace(str(server.http_port), str(free_port())),
                     encoding="utf-8")
    done = subprocess.run([BINARY, "serve", "--config", other], capture_output=True, text=True, timeout=30, env=ENVIRONMENT)
    assert done.returncode == 1
    assert f"is in use by another gatepost (process {server.process.pid})" in done.stderr
    assert f"{other}:4:" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_key_that_only_root_can_read_is_told_before_it_is_renewed(open_folder, name_server, certificate, sink):
    open_folder.mkdir()
    key = shutil.copy(certificate[1], open_folder / "key.pem")
    os.chmod(key, 0o600)
    server = Gatepost(open_folder, name_server.port, sink.port, certificate, {
        "process": {"user": "nobody"},
        "tls": {"certificate": str(shutil.copy(certificate[0], open_folder)), "private_key": {"file": str(key)}}}).start()
    try:
        told = f"tls.private_key: {key} cannot be read by process.user nobody"
        assert told in server.process.log
        checked = server.command("check-config")
        assert checked.returncode == 0
        assert f": warning: {told}" in checked.stderr
        os.chmod(key, 0o644)
        assert told not in server.command("check-config").stderr
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_low_port_without_the_right(open_folder, name_server, certificate, sink):
    """With a remedy; where everybody may bind it, there is nothing to tell."""
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as limit:
        if int(limit.read()) <= 25:
            pytest.skip("everybody may bind port 25 here")
    server = Gatepost(open_folder, name_server.port, sink.port, certificate, {
        "listeners": [{"address": "127.0.0.77:25", "tls": "off"}], "tls": {}})
    text = yaml.safe_load(server.configuration_path.read_text(encoding="utf-8"))
    del text["tls"]
    server.configuration_path.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    done = subprocess.run([program_for_all(open_folder), "serve", "--config", server.configuration_path],
                          capture_output=True, text=True, timeout=30, env=ENVIRONMENT, user="nobody", group="nogroup", extra_groups=[])
    assert done.returncode == 1
    assert "cannot listen on 127.0.0.77 port 25: Permission denied; for a port below 1024" in done.stderr
    assert "setcap" in done.stderr and f"{server.configuration_path}:6:" in done.stderr


def check_rights(server, nobody):
    status = status_of(server.process)
    assert status["Uid"].split() == [str(nobody.pw_uid)] * 4
    assert status["Gid"].split() == [str(nobody.pw_gid)] * 4
    assert status["Groups"].split() in ([], [str(nobody.pw_gid)])
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"
    for task in os.listdir(f"/proc/{server.process.pid}/task"):
        with open(f"/proc/{server.process.pid}/task/{task}/status", encoding="ascii") as lines:
            assert "CapEff:\t0000000000000000\n" in list(lines), "each thread has its own"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_that_there_is_not(make_gatepost):
    server = make_gatepost()
    server.stop()
    text = server.configuration_path.read_text(encoding="utf-8")
    server.configuration_path.write_text(text + "process: {user: no-such-user}\n", encoding="utf-8")
    done = subprocess.run([BINARY, "serve", "--config", server.configuration_path], capture_output=True, text=True,
                          timeout=30, env=ENVIRONMENT)
    assert done.returncode == 2
    line = text.count("\n") + 1
    assert f"{server.configuration_path}:{line}:17: process.user: there is no user no-such-user; make one" in done.stderr
    assert server.command("check-config").returncode == 2
    server.process = None


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_units_are_what_systemd_takes():
    units = ["docker/systemd/gatepost.service", "docker/systemd/gatepost.socket"]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60)
    # The program and its user need not be on the machine that tests.
    complaints = [line for line in done.stderr.splitlines() if "gatepost." in line and "is not executable" not in line]
    assert complaints == []


def test_what_it_writes_is_for_its_user_alone(make_gatepost, send, tmp_path):
    """Whatever the umask of whoever started it; and no core file takes keys and mail out of its memory."""
    maildir = tmp_path / "Maildir"
    server = make_gatepost({"relay": {"to": [f"maildir:{maildir}"]}})
    restart(server, 'umask 000; ulimit -c "$(ulimit -H -c)"; exec "$@"', {})
    server.process.wait_until(lambda: server._status("/healthz") == 200, "it serves again")
    assert send(CRON_MAIL, CRON, "root@cron.ours.example", server=server).code == 250
    written = [path for folder in (server.folder / "data", maildir) for path in folder.rglob("*")]
    assert {"state.sqlite3", "state.sqlite3-wal"} <= {path.name for path in written}, written
    assert len(list((maildir / "new").iterdir())) == 1
    assert [path for path in [maildir, *written] if path.stat().st_mode & 0o077] == []
    with open(f"/proc/{server.process.pid}/limits", encoding="ascii") as lines:
        assert [line.split()[4:6] for line in lines if line.startswith("Max core file")] == [["0", "0"]]


def test_a_closed_standard_error_is_no_way_into_a_conversation(make_gatepost, send):
    server = make_gatepost()
    process = restart(server, 'exec "$@" 2>&-', {})
    process.wait_until(lambda: server._status("/healthz") == 200, "it serves again")
    assert open_files(process.pid)[2] == "/dev/null"
    assert send(CRON_MAIL, CRON, "root@cron.ours.example", server=server).code == 250
