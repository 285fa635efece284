"""What thousands of addresses of one IPv6 /48 ask of what is short for all: turns, connections to downstream, memory. And a From
field that is read in one piece."""
import ssl

import pytest
from test_recipients import ENVELOPE, RECORDS, TRANSACTION
from test_spf import PAYLOADS, records

from attack_harness.attackers import Flood
from attack_harness.battle import MIB, Bounds

CROWD = [f"2001:db8:bad:{i:x}::1" for i in range(1, 3001)]  # each is a client of its own: a /64
PROCESSES = 3


def crowd(payload, **more):
    return [Flood(CROWD[i::PROCESSES], payload, len(CROWD) // PROCESSES, **more) for i in range(PROCESSES)]


def client_hello():
    sent = ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="mx.ours.example").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return sent.read().decode("latin-1")


one = pytest.mark.parametrize("sources", [1], ids=["one"], indirect=True)  # network


@one
@pytest.mark.parametrize("what", PAYLOADS)
def test_long_records(what, fight, sources):
    fight(f"1: SPF inside, {what}, of a /48", crowd(PAYLOADS[what]), records("inside, ip4"))


@one
def test_small_messages(fight, sources):
    """Six of ten messages of others got 451 after half a minute: those that came whole went first, always."""
    message = "From: a@b.attacker.example\r\n\r\nx\r\n"
    fight("5: small messages of a /48", crowd(f"{TRANSACTION}BDAT {len(message)} LAST\r\n{message}"), RECORDS)


@one
def test_recipients_in_memory(fight, sources):
    recipients = "".join(f"RCPT TO:<{'x' * 60}{i}@ours.example>\r\n" for i in range(90))
    outcome = fight("5: recipients of a /48", crowd(recipients, opening=ENVELOPE, pause=60), RECORDS,
                    bounds=Bounds(memory=(512 + 200 + 200) * MIB))
    assert outcome.attackers["codes"]["250"] > 10_000, outcome.attackers


@one
def test_handshakes(fight, sources):
    """What comes at once behind STARTTLS is thrown away: the second hello is answered, and the third ends it."""
    fight("1: TLS handshakes of a /48", crowd(client_hello(), opening="EHLO attacker.example\r\nSTARTTLS\r\n", pause=0.5))


def test_a_from_field_of_510_kib(fight, sources):
    message = f"From: {'a.' * 255_000}a@b.attacker.example\r\n\r\nx\r\n"
    payload = f"{TRANSACTION}BDAT {len(message)} LAST\r\n{message}"
    outcome = fight("1: From of 510 KiB", [Flood(sources, payload, 50 * len(sources))], RECORDS, bounds=Bounds(memory=600 * MIB))
    assert outcome.attackers["codes"]["550"] > 0, outcome.attackers
