"""Looks at the server from outside while it is attacked: its memory, its descriptors, its disk, and what /readyz says."""
import os
import pathlib
import stat
import threading
import time

STEP = 0.5


def memory_octets(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def unlinked_octets(pid):
    """Of files that are open and in no folder: large messages under way."""
    total = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found = os.stat(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
            total += found.st_blocks * 512
    return total


def folder_octets(folder):
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512 if path.is_file() else 0
        except OSError:
            pass
    return total


class Watch(threading.Thread):
    def __init__(self, server):
        super().__init__(daemon=True)
        self._server, self._pid = server, server.process.pid
        self._over = threading.Event()
        self.memory = self.descriptors = self.disk = 0  # the most that was seen
        self.not_ready = []  # bodies of /readyz with another status than 200
        self.warnings = set()
        self.slowest_answer = 0
        self.trouble = None
        self.log_before = server.process.log_path.stat().st_size
        self.start()

    def run(self):
        try:
            while not self._over.wait(STEP):
                self.look()
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = error

    def look(self):
        self.memory = max(self.memory, memory_octets(self._pid))
        self.descriptors = max(self.descriptors, descriptors(self._pid))
        self.disk = max(self.disk, folder_octets(self._server.folder / "data") + unlinked_octets(self._pid))
        began = time.monotonic()
        status, body = self._server.get("/readyz")
        self.slowest_answer = max(self.slowest_answer, time.monotonic() - began)
        if status != 200:
            self.not_ready.append(body)
        if "warnings" in body:
            self.warnings.add(body)

    def stop(self):
        self._over.set()
        self.join(30)
        if self.trouble:
            raise self.trouble

    @property
    def log(self):
        """Octets that were logged meanwhile."""
        return self._server.process.log_path.stat().st_size - self.log_before
