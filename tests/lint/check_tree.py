#!/usr/bin/env python3
"""Checks of the tree that no compiler makes: what stands in files that it must not, and what is missing.

  outside   a path outside of the repository (the public suites' default place in CMake and in `dev` excepted)
  key       a private key
  length    a script or test of more than 500 lines (C++ outside tests: check_includes.py)
  readme    a folder of the source tree without a README.md
  wording   a word of unfinished work in source code
usage: check_tree.py FILE...   (from the root of the repository)
"""
import pathlib
import re
import sys

LIMIT = 500
OUTSIDE = re.compile(r"(?<![\w.])(/(?:home|root|mnt|srv|Users)/\w|\.\./shared/(?!suites\b))")
SUITES = re.compile(r"\.\./shared/suites")
SUITES_NAMED_IN = {"CMakeLists.txt", "dev", ".ci/run", "README.md", "tests/README.md"}
KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
CODE = {".cpp", ".hpp", ".py", ".sh", ".cmake"}
FOLDERS = ["dns", "auth", "policy", "reports", "config", "server", "tests", "docker"]
SELF = {"tests/lint/check_tree.py", "tests/lint/lint_test.py"}


def findings(name, text):
    """What is wrong in the file of this name."""
    code = pathlib.PurePath(name).suffix in CODE or name == "dev"
    if code and text.count("\n") > LIMIT:
        yield f"{name}: {text.count(chr(10))} lines, the limit is {LIMIT}"
    if name in SELF:
        return
    for number, line in enumerate(text.split("\n"), 1):
        if OUTSIDE.search(line):
            yield f"{name}:{number}: a path outside of the repository: {line.strip()[:100]}"
        if SUITES.search(line) and name not in SUITES_NAMED_IN:
            yield f"{name}:{number}: the suites' place is given by GATEPOST_SUITES"
        if KEY.search(line):
            yield f"{name}:{number}: a private key; tests make theirs at run time"
        if code and UNFINISHED.search(line):
            yield f"{name}:{number}: unfinished: {line.strip()[:100]}"


def main():
    problems = [f"{folder}/README.md is missing" for folder in FOLDERS
                if not pathlib.Path(folder, "README.md").exists()]
    for name in sys.argv[1:]:
        if name.startswith("tests/fuzz/corpus/"):
            continue  # octets, not text
        problems += findings(name, pathlib.Path(name).read_text(encoding="utf-8", errors="replace"))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
