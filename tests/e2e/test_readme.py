"""The root's README tells the truth: its commands, run as printed, print what it says they print.

Only places differ: ports, the folder of the demonstration, and the program (`$GATEPOST_BIN`).
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness.gatepost import BINARY, ENVIRONMENT, make_certificate
from harness.process import Process, accepts, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]


def examples():
    """(command, what it prints) of each ```console block, in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
        for command, printed in re.findall(r"^\$ (.*(?:\\\n.*)*)\n((?:(?!\$ ).*\n)*)", block, re.M):
            yield command, printed


def as_pattern(printed):
    """What is printed, with … for anything."""
    return ".*?".join(map(re.escape, printed.strip().split("…")))


@pytest.fixture
def demonstration(tmp_path):
    """config/demo.yaml as it stands, elsewhere and on free ports; gives what to replace in commands."""
    smtp, http = free_port(), free_port()
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("*.?pp"))
    tls = tmp_path / "run/demo/tls"
    tls.mkdir(parents=True)
    make_certificate(tls)
    shutil.copytree(ROOT / "tests/samples", tmp_path / "tests/samples")
    replaced = {"127.0.0.1:2525": f"127.0.0.1:{smtp}", "127.0.0.1:8025": f"127.0.0.1:{http}",
                "build/release/gatepost": str(pathlib.Path(BINARY).resolve())}
    configuration = (ROOT / "config/demo.yaml").read_text(encoding="utf-8")
    for printed, ours in replaced.items():
        configuration = configuration.replace(printed, ours)
    (tmp_path / "config/demo.yaml").write_text(configuration, encoding="utf-8")
    process = Process([replaced["build/release/gatepost"], "serve", "--config", tmp_path / "config/demo.yaml"],
                      tmp_path / "gatepost.log", ENVIRONMENT)
    process.wait_until(lambda: accepts(smtp) and accepts(http), "the demonstration serves")
    yield tmp_path, replaced
    assert process.stop() == 0, process.log


def test_readme_commands_print_what_it_says(demonstration):
    folder, replaced = demonstration
    told = list(examples())
    assert len(told) >= 8
    for command, printed in told:
        for theirs, ours in replaced.items():
            command = command.replace(theirs, ours)
        # Rows of reports are written within 200 ms; a reader of the README is slower than that.
        if " report " in command:
            command = "sleep 1; " + command
        done = subprocess.run(["bash", "-c", command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert re.fullmatch(as_pattern(printed), done.stdout.strip(), re.S), \
            f"$ {command}\nREADME says:\n{printed}\nit printed:\n{done.stdout}"
