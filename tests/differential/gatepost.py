"""Runs the commands of the program under test, several side by side."""
import concurrent.futures
import json
import os
import subprocess

BINARY = os.environ.get("GATEPOST_BIN", "build/release/gatepost")
SIDE_BY_SIDE = 2 * (os.cpu_count() or 1)
SECONDS = 30


def run(arguments):
    """The JSON that the command prints; its exit status tells the verdict once more (0 or 1)."""
    done = subprocess.run([os.fsencode(BINARY), *[a if isinstance(a, bytes) else os.fsencode(a) for a in arguments]],
                          capture_output=True, timeout=SECONDS)
    assert done.returncode in (0, 1), f"{arguments}: exit {done.returncode}, {done.stderr!r}"
    return json.loads(done.stdout)


def side_by_side(function, cases):
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(function, cases))
