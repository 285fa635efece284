"""Dovecot in a folder of its own, without being installed: an LMTP server behind, over TCP and a UNIX socket.

Its programs know their places below /usr by heart. Where they are merely unpacked they see a /usr that theirs are laid over, which
takes root, and the right to mount. Mail of each user is kept in a Maildir.
"""
import os
import pathlib
import shutil
import subprocess

from .mail_server import GROUP, IDS, OWNER, MailServer
from .process import Process

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log/dovecot.log
mail_log_prefix = "%s(%n from %r): "
protocols = lmtp
listen = 127.0.0.1
hostname = behind.example
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%n
{tls}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {folder}/users
}}
service lmtp {{
  inet_listener lmtp {{
    port = {port}
  }}
  unix_listener {folder}/socket/lmtp {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
protocol lmtp {{
  mail_plugins = quota
}}
plugin {{
  quota = maildir:Everything
  quota_rule = *:bytes=20k
}}
{more}
"""


def program():
    """Dovecot's program, or None."""
    found = shutil.which("dovecot", path=os.environ["PATH"] + ":/usr/sbin")
    return pathlib.Path(found).resolve() if found else None


def _overlay():
    """The words before the program, by which it finds its files."""
    usr = program().parent.parent
    if usr == pathlib.Path("/usr"):
        return []
    return ["unshare", "-m", "sh", "-c", f'mount -t overlay overlay -o lowerdir={usr}:/usr /usr && exec "$@"', "sh"]


def is_possible():
    """Whether Dovecot can be run by this process."""
    return os.geteuid() == 0 and program() is not None and subprocess.run(
        [*_overlay(), "test", "-x", "/usr/lib/dovecot/lmtp"], capture_output=True).returncode == 0


class Dovecot(MailServer):
    log_file = "log/dovecot.log"

    def __init__(self, users=("inbox", "other"), certificate=None, settings=()):
        super().__init__(["state", "log", "mail", "socket"])
        tls = ["ssl = no"]
        if certificate:
            tls = ["ssl = yes", f"ssl_cert = <{certificate[0]}", f"ssl_key = <{certificate[1]}"]
        (self.folder / "users").write_text("".join(f"{user}::{IDS[0]}:{IDS[1]}::{self.folder}::\n" for user in users),
                                           encoding="ascii")
        self.socket = self.folder / "socket" / "lmtp"
        self._configuration = self.folder / "dovecot.conf"
        self._configuration.write_text(CONFIGURATION.format(
            folder=self.folder, owner=OWNER, group=GROUP, port=self.port, tls="\n".join(tls),
            more="\n".join(settings)), encoding="ascii")
        self.come_back()

    def come_back(self):
        self.start(Process([*_overlay(), "/usr/sbin/dovecot", "-F", "-c", self._configuration],
                           self.folder / "output"))

    def go_away(self):
        self._process.stop()

    def messages_of(self, user):
        """The octets of each message of the user, LF line ends, as Dovecot writes them."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / user / "new").glob("*"))]
