"""Point 6: commands without progress, as many as half a core can send."""
import pytest

from attack_harness.attackers import Flood

COMMANDS = {"NOOP": "NOOP\r\n", "EHLO": "EHLO a.example\r\n", "HELP": "HELP\r\n", "VRFY": "VRFY x\r\n", "RSET": "RSET\r\n",
            "MAIL/RSET": "MAIL FROM:<a@b.attacker.example>\r\nRSET\r\n"}
RECORDS = [["*.attacker.example", "TXT", 300, "v=spf1 -all"]]
ENVELOPE = "EHLO attacker.example\r\nMAIL FROM:<a@b.attacker.example>\r\nRCPT TO:<inbox@ours.example>\r\n"


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.short if name == "NOOP" else ()) for name in COMMANDS])
def test_floods_of_commands(name, fight, sources):
    outcome = fight(f"6: {name}", [Flood(sources, COMMANDS[name], 50 * len(sources))], RECORDS)
    assert outcome.attackers["codes"]["421"] > 0, "the budget was spent"
