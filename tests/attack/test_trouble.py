"""Point 4: records of the sender's own that use up a budget, where trouble with DMARC is accepted: no forgery is let in."""
import time

import pytest

from attack_harness.attackers import Flood
from harness.mail import compose
from harness.raw_client import RawClient

VICTIM = [["bank.example", "TXT", 300, "v=spf1 -all"], ["*.bank.example", "TXT", 300, "v=spf1 -all"],
          ["_dmarc.bank.example", "TXT", 300, "v=DMARC1; p=reject"]]
ACCEPTING = {"authentication": {"dmarc": {"on_temperror": "accept"}}, "policy": {"on_reject": "reject"}}

# What the record of a forgery's MAIL FROM has.
TROUBLE = {
    "terms without end": "".join(f" a:n{i}.trouble.example" for i in range(12)),
    "silent includes": "".join(f" include:n{i}.silent.example" for i in range(9)),
    "records too long": " ip4:10.0.0.1" * 1500,
}


@pytest.mark.parametrize("trouble", [pytest.param(trouble, marks=pytest.mark.short(1) if trouble == "silent includes" else ())
                                     for trouble in TROUBLE])
def test_no_forgery_is_let_in(trouble, fight, sources):
    message = "From: ceo@f%N%.bank.example\r\n\r\nx\r\n"
    payload = ("MAIL FROM:<a@trouble.example>\r\nRCPT TO:<inbox@ours.example>\r\nDATA\r\n" + message + ".\r\n"
               "MAIL FROM:<a@x%N%.silent.example>\r\nRSET\r\n")
    retries = []

    def retry(arena):
        """The same message again and again."""
        time.sleep(1)
        for _ in range(3):
            with RawClient(arena.server.port, sources[0]) as client:
                client.say("EHLO attacker.example")
                retries.append(client.deliver(compose("ceo@bank.example"), "a@trouble.example"))

    records = [*VICTIM, ["trouble.example", "TXT", 300, f"v=spf1{TROUBLE[trouble]} -all"]]
    outcome = fight(f"4: {trouble}", [Flood(sources, payload, 20 * len(sources))], records, silent=["silent.example"],
                    changes=ACCEPTING, during=retry)
    forged = [message for message in outcome.arena.sink.messages if b"bank.example" in message.octets]
    assert not forged, f"{len(forged)} forgeries were let in"
    assert {reply[:3] for reply in retries} <= {"451", "550"}, retries
