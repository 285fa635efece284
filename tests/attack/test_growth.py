"""Point 8: what strangers write into the database and the log."""
from attack_harness.attackers import Flood
from attack_harness.battle import MIB, Bounds
from attack_harness.dns_server import OWN_NAME

OCTETS_OF_A_ROW = 16 * 1024  # a record of at most 8 KiB, and its row


def long_policies(octets):
    """A record of its own for each name, as long as this."""
    record = "v=DMARC1; p=none; x=" + OWN_NAME.decode()
    return [["*.policies.example", "TXT", 300, record + "x" * (octets - len(record))]]


def grow(fight, title, sources, octets):
    message = "From: a@n%N%.policies.example\r\n\r\nx\r\n"
    payload = "MAIL FROM:<>\r\nRCPT TO:<inbox@ours.example>\r\nDATA\r\n" + message + ".\r\n"
    outcome = fight(title, [Flood(sources, payload, 10 * len(sources))], long_policies(octets),
                    bounds=Bounds(disk=256 * MIB, log=4 * MIB))
    taken = outcome.arena.server.stats()["messages"]["total"]
    assert taken > 100
    assert outcome.watch.disk <= 4 * MIB + taken * OCTETS_OF_A_ROW, f"{outcome.watch.disk // taken} octets of a message"


def test_policies_of_60_kb(fight, sources):
    grow(fight, "8: DMARC records of 60 KB", sources, 60_000)


def test_policies_of_8_kb(fight, sources):
    grow(fight, "8: DMARC records of 8 KB", sources, 8_000)


def test_refusals(fight, sources):
    """Recipients that are none of ours, and connections beyond the client's 50."""
    payload = "MAIL FROM:<a@b.example>\r\n" + "RCPT TO:<x@elsewhere.example>\r\n" * 10 + "RSET\r\n"
    outcome = fight("8: refusals", [Flood(sources, payload, 100 * len(sources), again=0)])
    assert sum(outcome.attackers["codes"].get(code, 0) for code in ("550", "554", "421")) > 500, outcome.attackers
