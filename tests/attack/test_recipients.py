"""Point 6, further: names tried out behind a good recipient, and octets that come on after a refusal."""
from attack_harness.attackers import Flood
from attack_harness.battle import MIB, Bounds

RECORDS = [["b.attacker.example", "TXT", 300, "v=spf1 ?all"]]
TRANSACTION = "MAIL FROM:<a@b.attacker.example>\r\nRCPT TO:<inbox@ours.example>\r\n"
ENVELOPE = "EHLO attacker.example\r\n" + TRANSACTION
AT_ONCE = 10           # names that are answered at once: limits.errors_per_connection
LATER_SECONDS = 0.5    # each of the others
KERNEL_OCTETS = 16 * MIB  # what the buffers of both ends may take of a connection that nobody reads


def test_names_tried_behind_a_good_recipient(fight, sources, shared_sink):
    shared_sink.refuse_recipient["nobody@ours.example"] = "550 5.1.1 no such user"
    payload = TRANSACTION + "RCPT TO:<nobody@ours.example>\r\n" * 20 + "RSET\r\n"
    outcome = fight("6: names tried", [Flood(sources, payload, 50 * len(sources))], RECORDS)
    tried = outcome.attackers["codes"]["550"]
    assert 0 < tried <= outcome.attackers["opened"] * (AT_ONCE + 1 + (outcome.seconds + 1) / LATER_SECONDS)


def test_a_recipient_now_and_then(fight, sources):
    """Two hundred sessions held all downstream connections for as long as they liked."""
    fight("5: a recipient each 0.3 s", [Flood(sources, "RCPT TO:<inbox@ours.example>\r\n", 50 * len(sources), opening=ENVELOPE, pause=0.3)],
          RECORDS)


def test_octets_after_a_refusal(fight, sources):
    """112 GB were swallowed in 25 s."""
    floods = [Flood(sources, "x" * 65_536, 50 * len(sources), opening="BDAT 99999999999 LAST\r\n")]
    outcome = fight("6: octets after the end", floods)
    assert outcome.attackers["sent"] <= outcome.attackers["opened"] * KERNEL_OCTETS, outcome.attackers


def test_chunks_behind_a_refused_one(fight, sources):
    chunk = "BDAT 65536\r\n" + "x" * 65_536
    floods = [Flood(sources, chunk, 50 * len(sources), opening=ENVELOPE + "BDAT 3\r\na\nb")]
    fight("6: chunks behind a refused one", floods, RECORDS)
    # Each transaction swallows limits.message_size at most; the next one is refused.


def test_empty_chunks(fight, sources):
    outcome = fight("6: BDAT 0", [Flood(sources, "BDAT 0\r\n", 50 * len(sources), opening=ENVELOPE)], RECORDS, bounds=Bounds())
    assert outcome.attackers["codes"]["421"] > 0, "the budget was spent"


def test_transactions_that_go_no_further(fight, sources):
    """Each holds a connection to the downstream server, which has 200 for all."""
    hosts = [f"198.18.{i}.1" for i in range(1, 25)] if len(sources) > 1 else sources
    payload = "RSET\r\nMAIL FROM:<a@b.attacker.example>\r\nRCPT TO:<inbox@ours.example>\r\n"
    outcome = fight(f"6: stops at RCPT, {len(hosts)}", [Flood(hosts, payload, 50 * len(hosts), pause=0.5)], RECORDS)
    assert outcome.attackers["codes"]["250"] > 1000, outcome.attackers
