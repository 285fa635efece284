"""A child process with a log, that is ended by its owner, and ports for it."""
import os
import pathlib
import signal
import socket
import subprocess
import time

START_SECONDS = 20  # a sanitizer build on a busy machine
_given = set()


def free_port(address="127.0.0.1"):
    """A port that is free for TCP and UDP now, and that this function has not given before."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind((address, 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind((address, port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port


def wait_until(condition, seconds, what):
    """Calls condition until it gives something true, and gives that."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def accepts(port, address="127.0.0.1"):
    """Whether somebody takes connections at the port."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def open_files(pid):
    """What each descriptor of a process is open for, by its number. Of one that leaves no core file, root alone may know."""
    words = ["find", f"/proc/{pid}/fd", "-type", "l", "-printf", "%f %l\\n"]
    if os.geteuid() != 0:
        words = ["sudo", "-n", *words]
    lines = subprocess.run(words, stdout=subprocess.PIPE, check=False, text=True).stdout.splitlines()
    return {int(number): what for number, what in (line.split(" ", 1) for line in lines)}


class Process:
    def __init__(self, command, log, environment=None, files=()):
        self.command = [str(word) for word in command]
        self.log_path = pathlib.Path(log)
        with open(self.log_path, "ab") as handle:
            self._child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=handle,
                                           stderr=subprocess.STDOUT, env=environment, start_new_session=True,
                                           pass_fds=files)

    @property
    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    @property
    def running(self):
        return self._child.poll() is None

    @property
    def pid(self):
        return self._child.pid

    @property
    def exit_status(self):
        return self._child.returncode

    def wait_until(self, condition, what):
        def check():
            if not self.running:
                raise RuntimeError(f"{self.command[0]} ended with {self._child.returncode}:\n{self.log[-4000:]}")
            return condition()
        try:
            return wait_until(check, START_SECONDS, what)
        except BaseException:
            self.kill()
            raise

    def signal(self, number):
        self._child.send_signal(number)

    def signal_all(self, number):
        """Its own children too."""
        os.killpg(self._child.pid, number)

    def wait(self, seconds):
        """The exit status."""
        return self._child.wait(seconds)

    def stop(self, seconds=45):
        """Asks it to end, and gives its exit status."""
        if self.running:
            self.signal(signal.SIGTERM)
        try:
            return self.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """Ends it and its own children at once."""
        if self.running:
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait(10)
