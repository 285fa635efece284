"""dkimpy and Mail::DKIM; each gives for each signature whether it passes."""
import pathlib
import subprocess

import dkim

from dkim_cases import NOW
from zone import OK, TROUBLE

PASS, NO_PASS, TEMPERROR = "pass", "no pass", "temperror"


class Trouble(Exception):
    pass


def dkimpy_results(case, zone):
    """selector -> (result, what dkimpy says)"""
    def dnsfunc(name, timeout=5):
        outcome, data = zone.lookup(name.decode() if isinstance(name, bytes) else name, "TXT")
        if outcome == TROUBLE:
            raise Trouble()
        return b"".join(data[0]) if outcome == OK else None
    dkim.time = Clock
    results = {}
    for number in range(len(case.signatures)):
        verifier = dkim.DKIM()
        try:
            verifier.set_message(case.message)
            result = (PASS if verifier.verify(number, dnsfunc=dnsfunc) else NO_PASS), ""
        except Trouble:
            result = TEMPERROR, ""  # kept apart from what the signature is
        except Exception as error:  # pylint: disable=broad-except
            result = NO_PASS, f"{type(error).__name__}: {error}"
        selector = getattr(verifier, "signature_fields", {}).get(b"s", b"").decode()
        results[selector] = result
    return results


class Clock:
    @staticmethod
    def time():
        return NOW


def mail_dkim_results(cases, folder, port):
    """case number -> selector -> (result, what Mail::DKIM says), of one process for all."""
    script = pathlib.Path(__file__).with_name("mail_dkim.pl")
    names = "".join(f"{folder / str(case.number)}\n" for case in cases)
    done = subprocess.run(["/usr/bin/perl", script, str(port), str(NOW)], input=names.encode(), capture_output=True, check=True)
    results = {case.number: {} for case in cases}
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        number, selector, word, detail = line.split("\t", 3)
        result = {"pass": PASS, "temperror": TEMPERROR}.get(word, NO_PASS)
        results[int(number)][selector] = result, f"{word} {detail}"
    return results
