"""Point 1: SPF records that cost much for each of the forty octets that ask for them, over the bounds and just inside."""
import pytest

from attack_harness.attackers import Flood

INCLUDES_INSIDE = 7  # eight records of 16 KB are 128 in all
PADDING = {
    "over": (63_000, 10, lambda i: f" ip4:10.0.{i % 250}.{i // 250 % 250}"),
    "inside, ip4": (15_900, INCLUDES_INSIDE, lambda i: f" ip4:9.9.9.{i % 10}"),
    "inside, ip6": (15_900, INCLUDES_INSIDE, lambda i: f" ip6:::{i % 10}"),
}


def long_record(start, octets, term):
    parts, size, index = [start], len(start), 0
    while size + 40 < octets:
        parts.append(term(index))
        size += len(parts[-1])
        index += 1
    return "".join(parts) + " ?all"


def records(name):
    octets, includes, term = PADDING[name]
    found = [[f"s{i}.big.example", "TXT", 300, long_record("v=spf1", octets, term)] for i in range(includes)]
    first = "v=spf1" + "".join(f" include:s{i}.big.example" for i in range(includes))
    return [*found, ["big.example", "TXT", 300, long_record(first, octets, term)],
            ["_dmarc.big.example", "TXT", 300, "v=DMARC1; p=reject"]]


MESSAGE = "From: a@big.example\r\nSubject: x\r\n\r\nx\r\n"
PAYLOADS = {
    "MAIL/RSET": "MAIL FROM:<a@big.example>\r\nRSET\r\n",
    "messages": f"MAIL FROM:<a@big.example>\r\nRCPT TO:<inbox@ours.example>\r\nBDAT {len(MESSAGE)} LAST\r\n{MESSAGE}",
}


SHORT = ("inside, ip4", "MAIL/RSET")


@pytest.mark.parametrize("size, what", [pytest.param(size, what, marks=pytest.mark.short(4) if (size, what) == SHORT else ())
                                        for size in PADDING for what in PAYLOADS])
def test_long_records(size, what, fight, sources):
    fight(f"1: SPF {size}, {what}", [Flood(sources, PAYLOADS[what], 50 * len(sources))], records(size))
