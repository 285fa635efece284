"""Postfix's smtp-sink, which keeps each message in a file of its own."""
import os
import shutil

from .process import Process, accepts, free_port, wait_until


class SmtpSink:
    def __init__(self, folder):
        self.port, self.folder = free_port(), folder
        folder.mkdir()
        command = [shutil.which("smtp-sink")]
        if os.geteuid() == 0:  # it insists on being somebody else, once it is in the folder
            command += ["-d", "message.", "-R", folder, "-u", "nobody"]
            shutil.chown(folder, "nobody")
        else:
            command += ["-d", f"{folder}/message."]
        self._process = Process([*command, f"127.0.0.1:{self.port}", "100"], folder.with_suffix(".log"))
        self._process.wait_until(lambda: accepts(self.port), "smtp-sink takes connections")

    def stop(self):
        self._process.stop()

    def messages(self):
        files = (path.read_bytes() for path in self.folder.glob("message.*"))
        return [octets for octets in files if b"\n" in octets]  # what a probe began is empty

    def wait_for_deliveries(self, count):
        wait_until(lambda: len(self.messages()) >= count, 10, f"{count} messages in files")
        assert len(self.messages()) == count
