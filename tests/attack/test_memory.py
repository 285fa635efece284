"""Point 5: messages that come slowly and are held in memory, or in files."""
import pytest

from attack_harness.attackers import Flood
from attack_harness.battle import MIB, Bounds

ENVELOPE = "EHLO slow.example\r\nMAIL FROM:<a@slow.example>\r\nRCPT TO:<inbox@ours.example>\r\nDATA\r\n"
FIELD = "X-Long: " + "x" * 980 + "\r\n"
RECORDS = [["slow.example", "TXT", 300, "v=spf1 ?all"]]
MEMORY = Bounds(memory=(512 + 200 + 200) * MIB)  # limits.memory, the cache of the DNS, and all else
STRANGERS = [f"198.18.{i}.1" for i in range(1, 25)]


def many(sources):
    """24 addresses of as many networks stand for the four of the other attacks."""
    return STRANGERS if len(sources) > 1 else sources


@pytest.mark.short(4)
def test_slow_headers(fight, sources):
    sources = many(sources)
    floods = [Flood(sources, FIELD, 50 * len(sources), opening=ENVELOPE + FIELD * 400, pause=2)]
    outcome = fight(f"5: slow headers of {len(sources)}", floods, RECORDS, bounds=MEMORY)
    room = outcome.arena.server.stats()["room"]["memory"]
    if len(sources) > 1:
        assert room["refusals"] + room["evictions"] > 0, "they wanted more than there is"


def test_slow_bodies(fight, sources):
    sources = many(sources)
    line = "x" * 998 + "\r\n"
    outcome = fight(f"5: slow bodies of {len(sources)}", [Flood(sources, line, 50 * len(sources), pause=2,
                                                              opening=ENVELOPE + "From: a@slow.example\r\n\r\n" + line * 600)],
                    RECORDS, bounds=Bounds(memory=MEMORY.memory, disk=800 * MIB))  # past what memory takes, bodies go to files
    assert outcome.attackers["codes"]["354"] > 0


def test_temporary_files(fight, sources):
    """Two and a half MiB each: 125 or 500 MiB of files."""
    line = "x" * 998 + "\r\n"
    fight("5: temporary files", [Flood(sources, line, 50 * len(sources), pause=2,
                                       opening=ENVELOPE + "From: a@slow.example\r\n\r\n" + line * 2500)],
          RECORDS, bounds=Bounds(memory=MEMORY.memory, disk=600 * MIB))
