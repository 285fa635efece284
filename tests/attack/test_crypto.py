"""Point 2: messages that are costly to verify, with keys over the bounds and with the costliest that are allowed."""
import pytest

from attack_harness import costly
from attack_harness.attackers import Flood

LARGE_EXPONENT = 2**33 - 1
TOO_LARGE_EXPONENT = 2**64 - 59
SIGNATURES, KEYS_OF_EACH, SETS = 10, 4, 50


def key_records(make):
    return [[f"s{i}._domainkey.costly.example", "TXT", 300, *(make() for _ in range(KEYS_OF_EACH))] for i in range(SIGNATURES)]


def signatures(bits, exponent):
    """By each of four keys at each name, none of which is the one."""
    return costly.signed(costly.NoKey(bits), SIGNATURES), key_records(lambda: costly.any_rsa_record(bits, exponent))


def elliptic():
    other = costly.Ed25519Key()
    return costly.signed(other, SIGNATURES), key_records(lambda: costly.Ed25519Key().record)


def chain(key):
    return costly.sealed(key, SETS), [["s._domainkey.costly.example", "TXT", 300, key.record]]


KINDS = {
    "10x4 RSA 8192, exponent 64 bits": lambda: signatures(8192, TOO_LARGE_EXPONENT),
    "10x4 RSA 4096, exponent 33 bits": lambda: signatures(4096, LARGE_EXPONENT),
    "10x4 Ed25519": elliptic,
    "50 ARC sets, RSA 4096": lambda: chain(costly.RsaKey(4096)),
    "50 ARC sets, Ed25519": lambda: chain(costly.Ed25519Key()),
}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.short(4) if "RSA 4096, e" in kind else ())
                                  for kind in KINDS])
def test_costly_messages(kind, fight, sources):
    message, records = KINDS[kind]()
    records += [["_dmarc.costly.example", "TXT", 300, "v=DMARC1; p=reject"], ["costly.example", "TXT", 300, "v=spf1 -all"]]
    payload = f"MAIL FROM:<a@costly.example>\r\nRCPT TO:<inbox@ours.example>\r\nBDAT {len(message)} LAST\r\n{message}"
    outcome = fight(f"2: {kind}", [Flood(sources, payload, 50 * len(sources))], records)
    verdicts = outcome.arena.server.stats()["verdicts"]
    assert verdicts["dkim"] or verdicts["arc"], verdicts
