"""Exim in a folder of its own, without being installed: as the mail system behind, and as a client that sends BDAT.

The program insists on a user of its own, which it finds in an /etc/passwd that it alone sees; that takes root, and the right to
mount. It keeps mail in a Maildir, or sends all of it to `relay_port`.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from .process import Process, accepts, free_port, wait_until

OWNER, GROUP = "backup", "operator"
CONFIGURATION = """
exim_path = {program}
exim_user = {owner}
exim_group = {group}
never_users =
keep_environment = LD_LIBRARY_PATH
primary_hostname = behind.example
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
local_interfaces = 127.0.0.1
acl_smtp_rcpt = accept
acl_smtp_data = accept
chunking_advertise_hosts = *
tls_advertise_hosts =
smtputf8_advertise_hosts = *
host_lookup =
smtp_accept_queue_per_connection = 0
smtp_accept_max_per_connection = 10000
begin routers
all:
  driver = {router}
begin transports
keep:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  user = {owner}
  group = {group}
send:
  driver = smtp
  port = {relay_port}
  allow_localhost
  hosts_avoid_tls = *
"""
KEEP = "accept\n  transport = keep"
SEND = "manualroute\n  route_list = * 127.0.0.1\n  self = send\n  transport = send"


def program():
    """Exim's program, or None."""
    found = shutil.which("exim4", path=os.environ["PATH"] + ":/usr/sbin")
    return pathlib.Path(found).resolve() if found else None


def is_possible():
    """Whether this process may give another one an /etc/passwd of its own."""
    return os.geteuid() == 0 and program() is not None and subprocess.run(
        ["unshare", "-m", "mount", "--bind", "/etc/passwd", "/etc/passwd"], capture_output=True).returncode == 0


class Exim:
    def __init__(self, relay_port=None):
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        os.chmod(self.folder, 0o755)
        for name in ("spool", "log", "mail"):
            (self.folder / name).mkdir()
            shutil.chown(self.folder / name, OWNER, GROUP)
        for file, line in (("passwd", "Debian-exim:x:{0}:{1}::/nonexistent:/bin/false\n"), ("group", "Debian-exim:x:{1}:\n")):
            ids = shutil._get_uid(OWNER), shutil._get_gid(GROUP)
            text = pathlib.Path("/etc", file).read_text(encoding="utf-8") + line.format(*ids)
            (self.folder / file).write_text(text, encoding="utf-8")
        (self.folder / "exim.conf").write_text(CONFIGURATION.format(
            program=program(), owner=OWNER, group=GROUP, folder=self.folder, relay_port=relay_port,
            router=SEND if relay_port else KEEP), encoding="utf-8")
        script = f"""
            mount --bind {self.folder}/passwd /etc/passwd && mount --bind {self.folder}/group /etc/group &&
            exec {program()} -C {self.folder}/exim.conf -bdf -oX 127.0.0.1.{self.port}"""
        self._process = Process(["unshare", "-m", "sh", "-c", script], self.folder / "output")
        self._process.wait_until(lambda: accepts(self.port), "Exim takes connections")

    def stop(self):
        self._process.stop()
        self._folder.cleanup()

    @property
    def log(self):
        path = self.folder / "log" / "mainlog"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def messages(self):
        """The octets of each message in the Maildir, LF line ends."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / "new").glob("*"))]

    def wait_for_log(self, text, seconds=20):
        try:
            wait_until(lambda: text in self.log, seconds, f"Exim logs {text!r}")
        except TimeoutError as error:
            raise AssertionError(self.log[-6000:]) from error

    def wait_for_deliveries(self, count, seconds=30):
        """Waits for as many messages, and looks that no more come."""
        wait_until(lambda: len(self.messages()) >= count, seconds, f"{count} messages in the Maildir")
        time.sleep(0.5)
        assert len(self.messages()) == count
