"""Holds processes to a part of one core, where no cgroup can be written: governor.py CORES PID... stops them when they have
had more time than that, and lets them go on when it is theirs again. It ends when its standard input does."""
import os
import pathlib
import select
import signal
import sys
import time

STEP = 0.005   # seconds between two looks
DEBT = 0.010   # so much time they may save up


def cpu_seconds(pid):
    """What a process of one thread has used."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except FileNotFoundError:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def total(pids):
    used = 0
    for pid in pids:
        try:
            used += cpu_seconds(pid)
        except OSError:
            pass  # it has ended
    return used


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def govern(cores, pids):
    last, used = time.monotonic(), total(pids)
    saved = DEBT
    stopped = False
    while not select.select([sys.stdin], [], [], STEP)[0]:
        now, now_used = time.monotonic(), total(pids)
        saved = min(DEBT, saved + (now - last) * cores - (now_used - used))
        last, used = now, now_used
        if (saved < 0) != stopped:
            stopped = not stopped
            send(pids, signal.SIGSTOP if stopped else signal.SIGCONT)
    send(pids, signal.SIGCONT)


if __name__ == "__main__":
    try:
        os.nice(-10)  # it must wake up when the machine is busy
    except PermissionError:
        pass
    govern(float(sys.argv[1]), [int(word) for word in sys.argv[2:]])
