#!/usr/bin/env python3
"""Runs clang-tidy (.clang-tidy in the root) over the sources that use no Asio, each again only when it changed.

Sources with sockets and coroutines are left out: their headers cost more than 10 s a file, and the sanitizers run
through them. A source is clean until it, any header, or the settings change (a hash beside the build says so).
usage: run_clang_tidy.py BUILD_FOLDER JOBS     (BUILD_FOLDER holds compile_commands.json)
"""
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

ASIO = re.compile(r"#\s*include\s*<boost/(asio|beast)/|co_await|co_return")
FOLDERS = ("dns/", "auth/", "policy/", "reports/", "config/", "server/")


def candidates(build):
    root = pathlib.Path.cwd()
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(root) or not path.relative_to(root).as_posix().startswith(FOLDERS):
            continue
        if not ASIO.search(path.read_text(encoding="utf-8")):
            yield path.relative_to(root)


def main():
    build, jobs = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    program = shutil.which("clang-tidy-19") or shutil.which("clang-tidy")
    common = hashlib.sha256(pathlib.Path(".clang-tidy").read_bytes())
    for header in sorted(path for folder in FOLDERS for path in pathlib.Path(folder).rglob("*.hpp")):
        common.update(header.read_bytes())
    stamps = build / "clean"
    stamps.mkdir(exist_ok=True)

    def check(path):
        key = common.copy()
        key.update(path.as_posix().encode() + path.read_bytes())
        stamp = stamps / key.hexdigest()
        if stamp.exists():
            return ""
        done = subprocess.run([program, "-p", build, "--quiet", "--extra-arg=-w", path], capture_output=True, text=True)
        if done.returncode == 0:
            stamp.touch()
            return ""
        return done.stdout + done.stderr

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        problems = [output for output in pool.map(check, sorted(set(candidates(build)))) if output]
    print("\n".join(problems), end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
