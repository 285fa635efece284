"""What the real mail servers share: a folder of their own, a log, and a Maildir."""
import grp
import os
import pathlib
import pwd
import shutil
import tempfile
import time

from .process import accepts, free_port, wait_until

OWNER, GROUP = "backup", "operator"  # users of every Debian that nothing else runs as here
IDS = pwd.getpwnam(OWNER).pw_uid, grp.getgrnam(GROUP).gr_gid


class MailServer:
    """The base: a subclass writes its configuration into `folder`, and gives start() the process."""

    log_file = mailbox = None  # in the folder

    def __init__(self, owned):
        """owned: the folders that are the server's user's."""
        self.port = free_port()
        # Not pytest's folder: that is the user's alone, and these servers become other users.
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        os.chmod(self.folder, 0o755)
        for name in owned:
            (self.folder / name).mkdir(parents=True)
            shutil.chown(self.folder / name, OWNER, GROUP)
        self._process = None

    def start(self, process):
        self._process = process
        process.wait_until(lambda: accepts(self.port), f"{type(self).__name__} takes connections")

    def stop(self):
        self._process.stop()
        self._folder.cleanup()

    @property
    def log(self):
        path = self.folder / self.log_file
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def messages(self):
        """The octets of each message in the Maildir, LF line ends, as these servers write them."""
        return [path.read_bytes() for path in sorted((self.folder / self.mailbox / "new").glob("*"))]

    def wait_for_deliveries(self, count, seconds=30):
        """Waits for as many messages, and looks that no more come."""
        wait_until(lambda: len(self.messages()) >= count, seconds, f"{count} messages in the Maildir")
        time.sleep(0.5)
        assert len(self.messages()) == count

    def wait_for_log(self, text, seconds=20):
        try:
            wait_until(lambda: text in self.log, seconds, f"{type(self).__name__} logs {text!r}")
        except TimeoutError as error:
            raise AssertionError(self.log[-6000:]) from error
