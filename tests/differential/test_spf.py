"""check_host() against pyspf."""
import socket

import gatepost
import spf_oracle
from conftest import SEED, count
from differences import Comparison
from name_server import NameServer
from spf_cases import spf_cases
from spf_explanations import PYSPF
from zone import Zone

CASES = 1200


def ours(case, port):
    check = gatepost.run(["spf", "--json", "--dns", f"127.0.0.1:{port}", f"--ip={case.ip}", f"--helo={case.helo}",
                          f"--mail-from={case.sender}"])
    return check["result"], check["explanation"]


def test_spf():
    zone = Zone()
    cases = spf_cases(zone, SEED, count(CASES))
    server = NameServer(zone)
    found = gatepost.side_by_side(lambda case: ours(case, server.port), cases)
    server.stop()
    spf_oracle.use_zone(zone)
    comparison = Comparison("pyspf", PYSPF)
    for case, result in zip(cases, found):
        *theirs, words = spf_oracle.check(case, socket.gethostname())
        comparison.add(case, result, tuple(theirs), words)
    unexplained = comparison.report()
    assert not unexplained, unexplained
