#!/usr/bin/env python3
"""Do the unit tests and the suites notice when the code is wrong? Changes one thing after the other and runs them.

usage: run.py [--count N] [--seed N] [--only TEXT] [--list]     (by `./dev test mutation`; GATEPOST_SUITES names the suites)

All chosen mutants are built into one copy of the tree, each behind a switch (mutants.py, switch.cpp), so that one build serves them
all; each is then run against the programs that come by it. A survivor is a fault that no test would notice: it wants a test, or a
line in explained.tsv that says why nobody could notice. Exit 1 below 95 %.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import mutants

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build/mutation"
TREE, BUILD = WORK / "tree", WORK / "build"
SOURCES = ["policy/**/*.cpp", "auth/dmarc/**/*.cpp", "auth/dkim/**/*.cpp", "server/smtp/**/*.cpp", "server/relay/**/*.cpp",
           "server/transaction*.cpp", "server/judgement.cpp"]
BOUND = 0.95  # of the mutants that are killed
JOBS = int(os.environ.get("JOBS", os.cpu_count()))


def copy_tree():
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split("\0")
    wanted = {name for name in names if name and (ROOT / name).is_file()}
    for old in [p for p in TREE.rglob("*") if p.is_file() and str(p.relative_to(TREE)) not in wanted]:
        old.unlink()
    for name in wanted:
        write(TREE / name, (ROOT / name).read_bytes(), (ROOT / name).stat().st_mode)


def write(path, octets, mode=0o644):
    """Only what differs, so that a second run builds little."""
    if path.exists() and path.read_bytes() == octets:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    path.chmod(mode)


def in_order_of_lots(found, seed):
    """By what is changed, not by what else there is: a survivor is tried again however the rest of the tree has changed."""
    alike, lots = collections.Counter(), {}
    for mutant in found:
        alike[mutant.path, mutant.text] += 1
        lot = f"{seed} {mutant.path} {mutant.text} {alike[mutant.path, mutant.text]}"
        lots[mutant] = hashlib.sha256(lot.encode()).digest()
    return sorted(found, key=lots.get)


def choose(arguments):
    found = []
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            name = str(path.relative_to(ROOT))
            found += mutants.find(name, path.read_text())
    found = [m for m in found if arguments.only in f"{m.path}:{m.line} {m.text}"]
    chosen = in_order_of_lots(found, arguments.seed)[:arguments.count]
    print(f"{len(chosen)} of {len(found)} possible mutants, seed {arguments.seed}", flush=True)
    return dict(enumerate(sorted(chosen, key=lambda m: (m.path, m.line))))


def build(chosen):
    """Builds all of `chosen` in; those that do not compile are taken out of it."""
    copy_tree()
    write(TREE / "dns/mutation_switch.cpp", (HERE / "switch.cpp").read_bytes())
    while True:
        for path in sorted({m.path for m in chosen.values()} | {m.path for m in DROPPED}):
            of_path = [(number, m) for number, m in chosen.items() if m.path == path]
            write(TREE / path, mutants.apply((ROOT / path).read_text(), of_path).encode())
        subprocess.run(["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
                        f"-DGATEPOST_SUITES={os.environ['GATEPOST_SUITES']}"], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run(["ninja", "-C", BUILD, "-j", str(JOBS), "-k", "0"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            return
        places = {(m.group(1), int(m.group(2))) for m in re.finditer(r"(\S+\.cpp):(\d+):\d+: error", done.stdout)}
        bad = [number for number, m in chosen.items() for path, line in places
               if path.endswith(m.path) and m.line <= line <= m.line + 3]
        if not bad:
            sys.exit(done.stdout[-4000:] + "\nrun.py: the mutated tree does not build")
        for number in set(bad):
            DROPPED.append(chosen.pop(number))


DROPPED = []  # mutants that did not compile


def programs():
    shown = subprocess.run(["ctest", "--test-dir", BUILD, "--show-only=json-v1"], check=True, capture_output=True, text=True)
    for test in json.loads(shown.stdout)["tests"]:
        folder = next(p["value"] for p in test["properties"] if p["name"] == "WORKING_DIRECTORY")
        fuzz = test["name"].endswith("_fuzz")
        yield test["name"], test["command"] + ([] if fuzz else ["--gtest_fail_fast", "--gtest_brief=1"]), folder


def run(command, folder, environment, seconds):
    """True where it passed; one that hangs did not."""
    try:
        return subprocess.run(command, cwd=folder, env=os.environ | environment, timeout=seconds, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def reach(all_programs):
    """By program: how long it takes, and the mutants that it comes by."""
    reached = {}
    for name, command, folder in all_programs:
        with tempfile.NamedTemporaryFile() as file:
            begun = time.monotonic()
            if not run(command, folder, {"GATEPOST_MUTANTS_REACHED": file.name}, 600):
                sys.exit(f"run.py: {name} fails without a mutant")
            reached[name] = (time.monotonic() - begun, {int(n) for n in file.read().split()})
    return reached


def is_killed(number, all_programs, reached):
    for name, command, folder in sorted(all_programs, key=lambda p: reached[p[0]][0]):
        seconds, numbers = reached[name]
        if number in numbers and not run(command, folder, {"GATEPOST_MUTANT": str(number)}, 20 + 10 * seconds):
            return True
    return False


def explanations():
    file = HERE / "explained.tsv"
    rows = [line.split("\t") for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return {(path, text): why for path, text, why in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="mutants whose `PATH:LINE TEXT` contains this")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    arguments = parser.parse_args()
    chosen = choose(arguments)
    if arguments.list:
        for m in chosen.values():
            print(f"{m.path}:{m.line} {m.text}")
        return 0
    WORK.mkdir(parents=True, exist_ok=True)
    build(chosen)
    all_programs = list(programs())
    reached = reach(all_programs)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        killed = dict(zip(chosen, pool.map(lambda number: is_killed(number, all_programs, reached), chosen)))
    why = explanations()
    survivors = [m for number, m in chosen.items() if not killed[number]]
    unexplained = [m for m in survivors if (m.path, m.text) not in why]
    seen = set().union(*(numbers for _, numbers in reached.values()))
    for number, m in chosen.items():
        if not killed[number]:
            note = why.get((m.path, m.text), "" if number in seen else "no test comes by")
            print(f"survived  {m.path}:{m.line}  {m.text}" + (f"  ({note})" if note else ""))
    share = 1 - len(survivors) / max(1, len(chosen))
    print(f"{len(chosen)} mutants, {len(DROPPED)} more did not compile: {len(chosen) - len(survivors)} killed ({share:.1%}), "
          f"{len(survivors) - len(unexplained)} survivors explained, {len(unexplained)} not")
    return 0 if share >= BOUND and not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
