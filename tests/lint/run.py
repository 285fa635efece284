#!/usr/bin/env python3
"""Runs every lint, prints what each found, and writes a JUnit file. Called by `./dev test lint`.

usage: run.py JUNIT_FILE          (from the root of the repository; JOBS in the environment)
"""
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

LINT = pathlib.Path("tests/lint")
JOBS = os.environ.get("JOBS", str(os.cpu_count()))


def tracked(*patterns):
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
                           check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(name for name in names if name and pathlib.Path(name).exists())


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0, done.stdout


def check_format():
    version = run("clang-format", "--version")[1]
    if "version 14." not in version:  # other versions break lines elsewhere
        return True, f"not checked: the tree is formatted by clang-format 14, here is {version.strip()}"
    return run("clang-format", "--dry-run", "-Werror", *tracked("*.cpp", "*.hpp"))


def check_headers_alone():
    configured, output = run("cmake", "--preset", "lint")
    if not configured:
        return False, output
    return run("cmake", "--build", "--preset", "lint", "--", "-j", JOBS, "--quiet")


CHECKS = {
    "includes": lambda: run(sys.executable, "-B", LINT / "check_includes.py", "."),
    "co_await": lambda: run(sys.executable, "-B", LINT / "check_coawait.py", *tracked("*.cpp", "*.hpp")),
    "tree": lambda: run(sys.executable, "-B", LINT / "check_tree.py", *tracked()),
    "lints_find_faults": lambda: run(sys.executable, "-B", LINT / "lint_test.py"),
    "format": check_format,
    "headers_alone": check_headers_alone,
    "clang_tidy": lambda: run(sys.executable, "-B", LINT / "run_clang_tidy.py", "build/lint", JOBS),
}


def main():
    suite = ElementTree.Element("testsuite", name="lint")
    failures = 0
    for name, check in CHECKS.items():
        start = time.monotonic()
        fine, output = check()
        seconds = time.monotonic() - start
        case = ElementTree.SubElement(suite, "testcase", name=name, time=f"{seconds:.1f}")
        if not fine:
            failures += 1
            ElementTree.SubElement(case, "failure", message=f"lint {name}")
        print(f"lint {name}: {'clean' if fine else 'FAILED'}, {seconds:.1f} s")
        if output.strip():
            print(output.rstrip())
    ElementTree.ElementTree(suite).write(sys.argv[1])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
