"""Exim in a folder of its own, without being installed: as the mail system behind, and as a client that sends BDAT.

The program insists on a user of its own, which it finds in an /etc/passwd that it alone sees; that takes root, and the right to
mount. As that user it starts itself again, so it is seen in the folder, too: its own place may be in a home that is closed to
others. It keeps mail in a Maildir, or sends all of it to `relay_port`.
"""
import os
import pathlib
import shutil
import subprocess

from .mail_server import GROUP, IDS, OWNER, MailServer
from .process import Process

CONFIGURATION = """
exim_path = {folder}/programs/exim4
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


class Exim(MailServer):
    log_file, mailbox = "log/mainlog", "mail"

    def __init__(self, relay_port=None):
        super().__init__(["spool", "log", "mail", "programs"])
        for file, line in (("passwd", "Debian-exim:x:{0}:{1}::/nonexistent:/bin/false\n"), ("group", "Debian-exim:x:{1}:\n")):
            text = pathlib.Path("/etc", file).read_text(encoding="utf-8") + line.format(*IDS)
            (self.folder / file).write_text(text, encoding="utf-8")
        (self.folder / "exim.conf").write_text(CONFIGURATION.format(
            owner=OWNER, group=GROUP, folder=self.folder, relay_port=relay_port,
            router=SEND if relay_port else KEEP), encoding="utf-8")
        script = f"""
            mount --bind {self.folder}/passwd /etc/passwd && mount --bind {self.folder}/group /etc/group &&
            mount --bind {program().parent} {self.folder}/programs &&
            exec {self.folder}/programs/exim4 -C {self.folder}/exim.conf -bdf -oX 127.0.0.1.{self.port}"""
        self.start(Process(["unshare", "-m", "sh", "-c", script], self.folder / "output"))
