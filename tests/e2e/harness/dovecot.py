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

COMMON = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log/dovecot.log
listen = 127.0.0.1
hostname = behind.example
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
first_valid_uid = 1
ssl = {tls}
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
"""
# What 2.4 calls otherwise.
BEFORE_2_4 = """
protocols = lmtp
mail_log_prefix = "%s(%n from %r): "
mail_location = maildir:{folder}/mail/%n
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {folder}/users
}}
protocol lmtp {{
  mail_plugins = quota
}}
plugin {{
  quota = maildir:Everything
  quota_rule = *:bytes=20k
}}
"""
FIRST_OF_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
"""
SINCE_2_4 = """
protocols {{
  lmtp = yes
}}
mail_log_prefix = "%{{protocol}}(%{{user | username}} from %{{remote_ip}}): "
mail_driver = maildir
mail_path = {folder}/mail/%{{user | username}}
auth_username_format = %{{user | username}}
passdb passwd-file {{
  passwd_file_path = {folder}/users
}}
userdb passwd-file {{
  passwd_file_path = {folder}/users
}}
protocol lmtp {{
  mail_plugins {{
    quota = yes
  }}
}}
quota Everything {{
  storage_size = 20k
  storage_grace = 0
}}
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


def is_2_4():
    """Whether its settings are those of 2.4."""
    told = subprocess.run([*_overlay(), "/usr/sbin/dovecot", "--version"], check=True, capture_output=True, text=True)
    return tuple(map(int, told.stdout.split(".")[:2])) >= (2, 4)


def is_possible():
    """Whether Dovecot can be run by this process."""
    return os.geteuid() == 0 and program() is not None and subprocess.run(
        [*_overlay(), "test", "-x", "/usr/lib/dovecot/lmtp"], capture_output=True).returncode == 0


class Dovecot(MailServer):
    log_file = "log/dovecot.log"

    def __init__(self, users=("inbox", "other"), certificate=None, settings=()):
        super().__init__(["state", "log", "mail", "socket"])
        if is_2_4():
            text, files = FIRST_OF_2_4 + COMMON + SINCE_2_4, ["ssl_server_cert_file = {}", "ssl_server_key_file = {}"]
        else:
            text, files = COMMON + BEFORE_2_4, ["ssl_cert = <{}", "ssl_key = <{}"]
        tls = [line.format(path) for line, path in zip(files, certificate or ())]
        (self.folder / "users").write_text("".join(f"{user}::{IDS[0]}:{IDS[1]}::{self.folder}::\n" for user in users),
                                           encoding="ascii")
        self.socket = self.folder / "socket" / "lmtp"
        self._configuration = self.folder / "dovecot.conf"
        text = text.format(folder=self.folder, owner=OWNER, group=GROUP, port=self.port,
                           tls="yes" if certificate else "no")
        self._configuration.write_text("\n".join([text, *tls, *settings, ""]), encoding="ascii")
        self.come_back()

    def come_back(self):
        self.start(Process([*_overlay(), "/usr/sbin/dovecot", "-F", "-c", self._configuration],
                           self.folder / "output"))

    def go_away(self):
        self._process.stop()

    def messages_of(self, user):
        """The octets of each message of the user, LF line ends, as Dovecot writes them."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / user / "new").glob("*"))]
