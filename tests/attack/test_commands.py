"""Point 6: commands without progress, as many as half a core can send."""
import pytest

from attack_harness.attackers import Flood

COMMANDS = {"NOOP": "NOOP\r\n", "EHLO": "EHLO a.example\r\n", "HELP": "HELP\r\n", "VRFY": "VRFY x\r\n", "RSET": "RSET\r\n",
            "MAIL/RSET": "MAIL FROM:<a@b.attacker.example>\r\nRSET\r\n"}
RECORDS = [["*.attacker.example", "TXT", 300, "v=spf1 -all"]]


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.short(4) if name == "NOOP" else ())
                                  for name in COMMANDS])
def test_floods_of_commands(name, fight, sources):
    outcome = fight(f"6: {name}", [Flood(sources, COMMANDS[name], 50 * len(sources))], RECORDS)
    assert outcome.attackers["codes"]["421"] > 0, "the budget was spent"


def test_commands_at_twenty_mbit(fight, sources):
    """What made others wait for seven seconds: 20 Mbit/s on 200 connections of four addresses."""
    rate, connections, pause = 20e6 / 8, 50 * len(sources), 0.1
    payload = "NOOP\r\n" * int(rate * pause / connections / len("NOOP\r\n"))
    outcome = fight("6: NOOP at 20 Mbit/s", [Flood(sources, payload, connections, pause=pause)])
    assert outcome.attackers["codes"]["421"] > 0, "the budget was spent"
