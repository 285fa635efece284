"""Postfix in a folder of its own, without being installed: as the mail system behind, and as a client.

Its programs are where smtp-sink is. It has one SMTP port, keeps mail for ours.example in a Maildir, and sends all other mail
to `relay_port`. Its master wants to be root.
"""
import os
import pathlib
import shutil

from .mail_server import GROUP, IDS, OWNER, MailServer
from .process import Process

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


class Postfix(MailServer):
    log_file, mailbox = "log/maillog", "mail/box"

    def __init__(self, relay_port=None, settings=()):
        queues = "active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public".split()
        super().__init__(["data", "mail", "log"])
        for name in ("conf", "queue", "queue/pid", *(f"queue/{queue}" for queue in queues)):
            (self.folder / name).mkdir()
        for queue in queues:
            shutil.chown(self.folder / "queue" / queue, OWNER, GROUP)
        commands = programs()
        libraries = commands.parent / "lib" / "postfix"
        relay = [f"relayhost = [127.0.0.1]:{relay_port}"] if relay_port else []
        conf = self.folder / "conf"
        (conf / "main.cf").write_text(MAIN.format(
            folder=self.folder, programs=commands, libraries=libraries, owner=OWNER, group=GROUP, uid=IDS[0],
            gid=IDS[1], more="\n".join([*relay, *settings])), encoding="utf-8")
        (conf / "master.cf").write_text(MASTER.format(port=self.port), encoding="ascii")
        (conf / "dynamicmaps.cf").touch()
        environment = {**os.environ, "MAIL_CONFIG": str(conf), "LD_LIBRARY_PATH": str(libraries)}
        self.start(Process([libraries / "sbin" / "master", "-c", conf, "-d"], self.folder / "output", environment))
