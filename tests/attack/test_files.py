"""A slow disk, and strangers with many large messages: who has one large message does not wait behind all of theirs."""
import pathlib
import subprocess
import time

import pytest
from test_memory import ENVELOPE, RECORDS

from attack_harness.attackers import Flood
from attack_harness.battle import BESIDE_FRIENDS, MIB, Bounds
from attack_harness.network import GOOD
from harness.mail import compose
from harness.raw_client import RawClient

LINE = "x" * 998 + "\r\n"
LARGE = LINE * 1100  # past the MiB that a message may have in memory


@pytest.fixture(name="slow_disk", scope="session")
def slow_disk_fixture(tmp_path_factory):
    """Words of a command that runs a program with a disk of 40 ms."""
    library = tmp_path_factory.mktemp("slow_disk") / "slow_disk.so"
    source = pathlib.Path(__file__).parent / "attack_harness" / "slow_disk.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return ("env", f"LD_PRELOAD={library}")


def deliver(arena, key):
    """The seconds that a large message of the good client takes."""
    message = key.sign(compose("Joe <joe@good.example.org>", body=LARGE))
    began = time.monotonic()
    with RawClient(arena.server.port, GOOD) as client:
        client.say("EHLO mail.good.example.org")
        reply = client.deliver(message, "joe@good.example.org")
    assert reply.startswith("250 "), reply
    return time.monotonic() - began


def test_large_messages_on_a_slow_disk(fight, battle, sources, slow_disk, key):
    alone = deliver(battle([], under=slow_disk), key)
    beside = []

    def attacked(arena):
        time.sleep(2)
        beside.append(deliver(arena, key))

    floods = [Flood(sources, LINE * 32, 50 * len(sources), pause=0.5,
                    opening=ENVELOPE + "From: a@slow.example\r\n\r\n" + LARGE)]
    fight("5: large messages, slow disk", floods, RECORDS, bounds=Bounds(memory=912 * MIB, disk=800 * MIB), during=attacked,
          under=slow_disk)
    assert beside[0] <= BESIDE_FRIENDS * alone, f"{beside[0]:.1f} s beside them, {alone:.1f} s alone"
