"""Points 3 and 9: names that nobody answers, a third party's servers, and zones of a stranger that fail."""
import pytest

from attack_harness.attackers import Flood
from harness.mail import compose
from harness.process import wait_until
from harness.raw_client import RawClient

SILENT = {
    "one zone": "MAIL FROM:<a@n%N%.silent.example>\r\nRSET\r\n",
    "many zones": "MAIL FROM:<a@n.z%N%.silent>\r\nRSET\r\n",
}
QUESTIONS_OF_A_CLIENT = 500  # a minute, of one zone


@pytest.mark.parametrize("where", [pytest.param("one zone", marks=pytest.mark.short(1)), "many zones"])
def test_names_that_nobody_answers(where, fight, sources):
    floods = [Flood(sources, SILENT[where], 4 * len(sources))]
    arena = fight(f"3: silent DNS, {where}", floods, silent=["silent.example", "silent"]).arena
    assert arena.metric("gatepost_dns_client_refusals_total") + arena.metric("gatepost_dns_zone_refusals_total") > 0


def test_a_third_party_is_asked_no_more_than_a_share(fight, sources):
    """Each MAIL leads to names of a victim that nobody has asked for yet."""
    terms = " ".join(f"a:h{i}.%{{l}}.victim.example" for i in range(9))
    records = [["*.amplifier.example", "TXT", 300, f"v=spf1 {terms} -all"], ["*.victim.example", "A", 300, "192.0.2.250"]]
    floods = [Flood(sources, "MAIL FROM:<n%N%@a.amplifier.example>\r\nRSET\r\n", 4 * len(sources))]
    outcome = fight("3: amplification", floods, records)
    asked = outcome.arena.dns.asked("victim.example")
    bound = QUESTIONS_OF_A_CLIENT * len(sources) * (1 + outcome.seconds / 60)
    assert asked <= bound * 1.05 + 100, f"{asked} questions, bound {bound}"
    assert asked > 100, "the attack reached them"


@pytest.mark.short(4)
def test_zones_of_a_stranger_that_fail(fight, sources):
    """They answered once. The server is ready all the same, warns, and refuses forgeries for good as ever."""
    zones = [f"stranger{i}.example" for i in range(20)]
    records = [[f"one.{zone}", "TXT", 300, "v=spf1 -all"] for zone in zones]
    records += [["bank.example", "TXT", 300, "v=spf1 -all"], ["_dmarc.bank.example", "TXT", 300, "v=DMARC1; p=reject"]]
    failing = [f"two.{zone}" for zone in zones]
    payload = "".join(f"MAIL FROM:<a@{name}.{zone}>\r\nRSET\r\n" for zone in zones for name in ("one", "two"))
    floods = [Flood(sources, payload, 2 * len(sources))]
    replies = []

    def forge(arena):
        wait_until(lambda: arena.metric("gatepost_dns_strangers_zones_fail") == 1, 10, "it is noticed")
        status, body = arena.server.get("/readyz")
        assert status == 200 and "zones that used to answer fail" in body, body
        for source in sources:
            with RawClient(arena.server.port, source) as client:
                client.say("EHLO attacker.example")
                replies.append(client.deliver(compose("ceo@bank.example"), "ceo@bank.example"))

    outcome = fight("9: 20 failing zones", floods, records, failing=failing, during=forge)
    assert all(reply.startswith("550 ") for reply in replies), replies
    assert outcome.arena.metric("gatepost_dns_brownout") == 0
