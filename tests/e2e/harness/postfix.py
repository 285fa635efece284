"""Postfix in a folder of its own, without being installed: as the mail system behind, and as a client.

Its programs are where smtp-sink is. It has one SMTP port, keeps mail for ours.example in a Maildir, and sends all other mail
to `relay_port`. Its master wants to be root.
"""
import os
import pathlib
import shutil
import tempfile
import time

from .process import Process, accepts, free_port, wait_until

OWNER, GROUP = "backup", "operator"  # users of every Debian that nothing else runs as here
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = {programs}
daemon_directory = {libraries}/sbin
shlib_directory = {libraries}
meta_directory = {folder}/conf
maillog_file = {folder}/log/maillog
maillog_file_prefixes = {folder}/log
import_environment = LD_LIBRARY_PATH MAIL_CONFIG PATH
mail_owner = {owner}
setgid_group = {group}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = behind.example
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
virtual_mailbox_domains = ours.example relay.example
virtual_minimum_uid = 1
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_recipient_restrictions = permit_mynetworks, reject
smtputf8_enable = yes
smtpd_peername_lookup = no
{more}
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
postlog unix-dgram n - n - 1 postlogd
"""


def programs():
    """The folder of Postfix's commands, or None."""
    found = shutil.which("smtp-sink", path=os.environ["PATH"] + ":/usr/sbin")
    return pathlib.Path(found).resolve().parent if found else None


class Postfix:
    def __init__(self, relay_port=None, settings=()):
        self.port = free_port()
        # Not pytest's folder: that is the user's alone, and Postfix becomes other users.
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        os.chmod(self.folder, 0o755)
        owner = shutil._get_uid(OWNER), shutil._get_gid(GROUP)
        for name in ("conf", "queue", "data", "mail", "log", "queue/pid"):
            (self.folder / name).mkdir()
        for name in ("active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public"
                     .split()):
            (self.folder / "queue" / name).mkdir()
            shutil.chown(self.folder / "queue" / name, OWNER, GROUP)
        for name in ("data", "mail", "log"):
            shutil.chown(self.folder / name, OWNER, GROUP)
        commands = programs()
        libraries = commands.parent / "lib" / "postfix"
        relay = [f"relayhost = [127.0.0.1]:{relay_port}"] if relay_port else []
        conf = self.folder / "conf"
        (conf / "main.cf").write_text(MAIN.format(
            folder=self.folder, programs=commands, libraries=libraries, owner=OWNER, group=GROUP, uid=owner[0],
            gid=owner[1], more="\n".join([*relay, *settings])), encoding="utf-8")
        (conf / "master.cf").write_text(MASTER.format(port=self.port), encoding="ascii")
        (conf / "dynamicmaps.cf").touch()
        environment = {**os.environ, "MAIL_CONFIG": str(conf), "LD_LIBRARY_PATH": str(libraries)}
        self._process = Process([libraries / "sbin" / "master", "-c", conf, "-d"], self.folder / "output", environment)
        self._process.wait_until(lambda: accepts(self.port), "Postfix takes connections")

    def stop(self):
        self._process.stop()
        self._folder.cleanup()

    @property
    def log(self):
        path = self.folder / "log" / "maillog"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def messages(self):
        """The octets of each message in the Maildir, LF line ends, as `virtual` writes them."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / "box" / "new").glob("*"))]

    def wait_for_deliveries(self, count, seconds=30):
        """Waits for as many messages, and looks that no more come."""
        wait_until(lambda: len(self.messages()) >= count, seconds, f"{count} messages in the Maildir")
        time.sleep(0.5)
        assert len(self.messages()) == count

    def wait_for_log(self, text, seconds=20):
        try:
            wait_until(lambda: text in self.log, seconds, f"Postfix logs {text!r}")
        except TimeoutError as error:
            raise AssertionError(self.log[-6000:]) from error
