"""Attackers: processes of `flood.py` and the like, held together to half of one core by a cgroup, or by `governor.py` without one."""
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
CORES = 0.5  # of all attackers together
PERIOD_US = 20_000


@dataclasses.dataclass
class Flood:
    """What one process does, on connections of which each comes from the next of `sources`."""
    sources: list
    payload: str
    connections: int = 50
    opening: str = "EHLO attacker.example\r\n"
    pause: float = 0         # seconds between two payloads of a connection; 0: as fast as they are taken
    again: float = 0.05      # seconds until a connection that was cut is opened anew
    limit: int = 0           # payloads of one connection; 0: without end
    first_number: int = 0    # behind %N%
    program: str = "flood.py"


class Cgroup:
    """A CPU cgroup of our own, of version 1 or 2."""

    def __init__(self):
        own = dict(line.split(":", 2)[1:] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines())
        name = f"gatepost-attack-{os.getpid()}"
        first = next((path for controllers, path in own.items() if "cpu" in controllers.split(",")), None)
        if first is not None:
            root = pathlib.Path("/sys/fs/cgroup/cpu")
            self.folder = (root / first.lstrip("/") if (root / first.lstrip("/")).is_dir() else root) / name
            limits = {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": int(PERIOD_US * CORES)}
            self._release = ("cpu.cfs_quota_us", "-1")
        else:
            self.folder = pathlib.Path("/sys/fs/cgroup") / own.get("", "/").lstrip("/") / name
            limits = {"cpu.max": f"{int(PERIOD_US * CORES)} {PERIOD_US}"}
            self._release = ("cpu.max", "max")
        self.folder.mkdir()
        try:
            for file, value in limits.items():
                if not (self.folder / file).exists():
                    raise OSError(f"no {file}")
                (self.folder / file).write_text(str(value))
        except OSError:
            self.folder.rmdir()
            raise

    def take(self, pid):
        (self.folder / "cgroup.procs").write_text(str(pid))

    def release(self):
        """They may end as fast as they can."""
        (self.folder / self._release[0]).write_text(self._release[1])

    def stop(self):
        self.folder.rmdir()


class Attackers:
    def __init__(self, folder, port, floods):
        self._children, self._governor, self._cgroup = [], None, None
        folder.mkdir(parents=True, exist_ok=True)
        if os.environ.get("GATEPOST_ATTACK_HOLD") != "governor":
            try:
                self._cgroup = Cgroup()
            except OSError:
                pass
        self.held_by = "cgroup" if self._cgroup else "governor"
        for index, flood in enumerate(floods):
            settings = folder / f"flood{index}.json"
            settings.write_text(json.dumps({"port": port, **dataclasses.asdict(flood)}))
            self._children.append(subprocess.Popen([sys.executable, "-B", HERE / flood.program, settings], stdout=subprocess.PIPE))
            if self._cgroup:
                self._cgroup.take(self._children[-1].pid)
        if not self._cgroup:
            self._governor = subprocess.Popen([sys.executable, "-B", HERE / "governor.py", str(CORES),
                                               *(str(child.pid) for child in self._children)], stdin=subprocess.PIPE)

    @property
    def pids(self):
        return [child.pid for child in self._children]

    def stop(self):
        """Ends them, and gives the sum of what they tell."""
        if self._governor:
            self._governor.stdin.close()
            self._governor.wait(10)
        if self._cgroup:
            self._cgroup.release()
        for child in self._children:
            child.send_signal(signal.SIGTERM)
        total = {"codes": {}}
        for child in self._children:
            try:
                told = json.loads(child.communicate(timeout=20)[0])
            finally:
                child.kill()
            for code, times in told.pop("codes").items():
                total["codes"][code] = total["codes"].get(code, 0) + times
            for name, value in told.items():
                total[name] = total.get(name, 0) + value
        if self._cgroup:
            self._cgroup.stop()
        return total
