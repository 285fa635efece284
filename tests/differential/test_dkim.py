"""DKIM verification against dkimpy and Mail::DKIM: does a signature pass?"""
import dkim_oracles
import gatepost
from conftest import SEED, count
from differences import Comparison
from dkim_cases import NOW, SignatureCase, dkim_cases
from dkim_explanations import DKIMPY, MAIL_DKIM
from name_server import NameServer
from zone import Zone

CASES = 800


def ours(case, folder, port):
    """selector -> (result, reason)"""
    account = gatepost.run(["verify", "--json", "--ip=192.0.2.1", f"--dns=127.0.0.1:{port}", f"--at={NOW}",
                            str(folder / str(case.number))])
    return {found["selector"]: (found["result"], found["reason"] or "") for found in account["dkim"]}


def coarse(result):
    return result if result in (dkim_oracles.PASS, dkim_oracles.TEMPERROR) else dkim_oracles.NO_PASS


def test_dkim(tmp_path):
    zone = Zone()
    cases = dkim_cases(zone, SEED, count(CASES))
    for case in cases:
        (tmp_path / str(case.number)).write_bytes(case.message)
    server = NameServer(zone)
    found = gatepost.side_by_side(lambda case: ours(case, tmp_path, server.port), cases)
    mail_dkim = dkim_oracles.mail_dkim_results(cases, tmp_path, server.port)
    server.stop()
    comparisons = [Comparison("dkimpy", DKIMPY), Comparison("Mail::DKIM", MAIL_DKIM)]
    passes = 0
    for case, results in zip(cases, found):
        theirs = [dkim_oracles.dkimpy_results(case, zone), mail_dkim[case.number]]
        for signature in case.signatures:
            result, reason = results.get(signature.selector, ("absent", ""))
            passes += result == dkim_oracles.PASS
            for comparison, their_results in zip(comparisons, theirs):
                their_result, words = their_results.get(signature.selector, (dkim_oracles.NO_PASS, "absent"))
                comparison.add(SignatureCase(case, signature, reason, words), coarse(result), their_result,
                               f"{words} (ours: {result} {reason})")
    print(f"\n{len(cases)} messages, {passes} signatures pass")
    unexplained = [comparison.report() for comparison in comparisons]
    assert not any(unexplained), "\n".join(unexplained)
