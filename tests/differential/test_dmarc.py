"""DMARC against authheaders: results by the Public Suffix List, Organizational Domains by the tree walk."""
import gatepost
from conftest import SEED, count
from differences import Comparison
from dkim_cases import NOW
from dmarc_cases import CLIENT, dmarc_cases
from dmarc_explanations import rows
from dmarc_oracle import Oracle
from name_server import NameServer
from zone import Zone

CASES = 300
CONFIGURATION = """hostname: mx.example
domains: [example]
relay: {{to: ["127.0.0.1:25"]}}
authentication: {{dmarc: {{discovery: {discovery}}}}}
"""


def ours(case, folder, port, discovery):
    account = gatepost.run(["verify", "--json", f"--config={folder / discovery}", f"--ip={CLIENT}", f"--dns=127.0.0.1:{port}",
                            f"--mail-from={case.mail_from}", "--helo=mail.example", f"--at={NOW}", str(folder / str(case.number))])
    assert account["spf"]["result"] == case.spf and [found["result"] for found in account["dkim"]] == ["pass"] * bool(case.signing), \
        f"{case}\n{account}"
    return account["dmarc"]


def test_dmarc(tmp_path):
    zone = Zone()
    cases = dmarc_cases(zone, SEED, count(CASES))
    for case in cases:
        (tmp_path / str(case.number)).write_bytes(case.message)
    for discovery in ("psl", "treewalk"):
        (tmp_path / discovery).write_text(CONFIGURATION.format(discovery=discovery), encoding="utf-8")
    server = NameServer(zone)
    by_list, by_walk = (gatepost.side_by_side(lambda case: ours(case, tmp_path, server.port, discovery), cases)
                        for discovery in ("psl", "treewalk"))
    server.stop()
    oracle = Oracle(zone)
    of_results, of_domains = rows(oracle)
    results = Comparison("authheaders, results", of_results)
    domains = Comparison("authheaders, organizational domains", of_domains)
    for case, listed, walked in zip(cases, by_list, by_walk):
        results.add(case, (listed["result"], listed["policy"]), oracle.by_suffix_list(case), str(listed["reason"]))
        domains.add(case, walked["organizational_domain"] if walked["record"] else None,
                    oracle.organizational_domain(case), str(walked["reason"]))
    unexplained = [results.report(), domains.report()]
    assert not any(unexplained), "\n".join(unexplained)
