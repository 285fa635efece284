"""What is put on top of a message, and what is taken out because somebody else claimed it in our name."""
import re

import pytest

from harness.gatepost import HOSTNAME
from harness.mail import compose, field, fields_of
from harness.signing import signature_verifies
from harness.zone import KNOWN, NAMELESS

SENDER = "b@spf-only.example"

FORGED = [  # claims in our name, or that cannot be read without doubt
    f"Authentication-Results: {HOSTNAME}; dmarc=pass header.from=bank.example",
    f"authentication-RESULTS:{HOSTNAME.upper()} 1;\r\n\tdmarc=pass header.from=bank.example",
    f"Authentication-Results: (a comment) {HOSTNAME}; spf=pass",
    f'Authentication-Results: "{HOSTNAME}"; spf=pass',
    f"Authentication-Results: (((;; {HOSTNAME} spf=pass",
    "X-Quarantine: not at all",
]
FOREIGN = "Authentication-Results: lists.example.org; dkim=pass header.d=example.org"


@pytest.mark.parametrize("forged", FORGED)
def test_forged_claims_are_removed(forged, send, sink):
    message = compose("someone@spf-only.example", fields=["X-First: 1", forged, "X-Last: 2"])
    assert send(message, KNOWN, SENDER).code == 250
    relayed = sink.only_message().octets
    assert field(relayed, "Authentication-Results").startswith(f"{HOSTNAME};")
    assert "bank.example" not in relayed.decode()
    assert [name for name, _ in fields_of(relayed)][2:] == \
        ["x-first", "x-last", "from", "to", "subject", "date", "message-id"]
    # Nothing else went with it.
    assert relayed.endswith(message.replace(forged.encode() + b"\r\n", b""))


def test_claims_of_others_stay(send, sink):
    message = compose("someone@spf-only.example", fields=[FOREIGN])
    assert send(message, KNOWN, SENDER).code == 250
    assert sink.only_message().octets.endswith(message)


def test_a_signature_survives_the_removal(send, sink, keys, name_server):
    message = f"Authentication-Results: {HOSTNAME}; dmarc=fail\r\n".encode() + \
        keys["dkim-only.example"].sign(compose("someone@dkim-only.example"), (b"simple", b"simple"))
    assert send(message, NAMELESS, "b@bounces.example").code == 250
    relayed = sink.only_message().octets
    assert "dmarc=pass" in field(relayed, "Authentication-Results")
    assert signature_verifies(relayed, name_server.txt)


def test_order_and_trace_fields(send, sink):
    transcript = send(compose("someone@p-quarantine.example"), NAMELESS, "b@bounces.example", helo="host.client.example")
    assert transcript.code == 250
    fields = fields_of(sink.only_message().octets)
    assert [name for name, _ in fields[:3]] == ["authentication-results", "x-quarantine", "received"]
    received = " ".join(fields[2][1].split())
    transaction = re.search(rf"{re.escape(HOSTNAME)} (\S+-\d+)", transcript.reply).group(1)
    assert received.startswith("from host.client.example")
    assert f"[{NAMELESS}]" in received
    assert f"by {HOSTNAME}" in received and "with ESMTP " in received and transaction in received


def test_a_hostile_helo_injects_nothing(send, sink):
    transcript = send(compose("someone@spf-only.example"), KNOWN, SENDER, helo="a;dmarc=pass(header.from=bank.example)")
    if transcript.code == 250:
        assert "dmarc=pass header.from=spf-only.example" in \
            re.sub(r"\s+", " ", field(sink.only_message().octets, "Authentication-Results"))
        assert "bank.example" not in field(sink.only_message().octets, "Authentication-Results").split("dmarc=")[-1]
    else:
        assert transcript.reply.startswith("501 "), transcript.text
