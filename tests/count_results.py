#!/usr/bin/env python3
"""Counts the cases of the JUnit files below a folder and prints `N passed, N failed` as the last line.

A folder of ctest holds programs.xml (one row a program) and cases/PROGRAM.xml (GoogleTest's own, one row a case).
A program with cases of its own is counted by these; one without (a fuzz corpus) as one case. A program that failed
although its cases did not (a crash, a leak at exit) is one failure more.

usage: count_results.py FOLDER [NAME OF A PART THAT FAILED]...
exit status: 0 where nothing failed
"""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def count_cases(path):
    count = Count()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
            print(f"failed: {case.get('classname', '')} {case.get('name')} ({path.parent.name})")
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            count.skipped += 1
        else:
            count.passed += 1
    return count


def count_programs(path):
    count = Count()
    for program in ElementTree.parse(path).getroot().iter("testcase"):
        cases = path.parent / "cases" / f"{program.get('name')}.xml"
        own = count_cases(cases) if cases.exists() else Count()
        count.add(own)
        if program.get("status") == "fail" and own.failed == 0:
            count.failed += 1
            print(f"failed: {program.get('name')} ({path.parent.name})")
        elif not cases.exists():
            count.passed += 1
    return count


def main():
    total = Count()
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*/*.xml")):
        count = count_programs(path) if path.name == "programs.xml" else count_cases(path)
        print(f"{path.parent.name:<16} {count.passed:6} passed {count.failed:4} failed {count.skipped:4} skipped")
        total.add(count)
    total.failed = max(total.failed, len(sys.argv) - 2)  # a build that failed has no cases
    if total.passed + total.failed == 0:
        total.failed = 1
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
