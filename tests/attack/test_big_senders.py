"""Ordinary big senders do not notice the bounds: 500 connections of one /24 with 20,000 messages, first plain ones alone, then of each kind."""
import collections
import json
import pathlib
import subprocess
import sys

import pytest

from attack_harness import costly

PROGRAM = pathlib.Path(__file__).parent / "attack_harness" / "many_senders.py"
NETWORK = [f"100.64.7.{i}" for i in range(256)]
CONNECTIONS = 500
MESSAGES, SHORT_MESSAGES = 20_000, 2_000
RATE = 200             # a second
PLAIN_ALONE = 4        # the first quarter, to compare with
LIST_PART = 40         # one in so many has a hundred recipients
SLOWEST_SECONDS, BESIDE_PLAIN = 1.0, 3
ATTEMPTS = 3           # other work on the machine delays too, but a bound of ours does so each time
MEDIAN_SECONDS = 0.05  # more than the median of plain mail alone
SPF = "v=spf1 ip4:100.64.7.0/24 -all"
FLATTENED = "v=spf1 " + " ".join(f"ip4:198.51.{100 + i // 200}.{i % 200}" for i in range(399)) + " ip4:100.64.7.0/24 -all"
INBOX = ["inbox@ours.example"]
RECIPIENTS = {"100 recipients": [f"member{i}@ours.example" for i in range(100)]}
SIGNATURES = {"ten signatures": 10, "4096-bit key": 1}


def records_of(key, large_key):
    zones = {"costly.example": SPF, "flat.costly.example": FLATTENED, "plain.example": SPF}
    texts = {**zones, **{f"_dmarc.{zone}": "v=DMARC1; p=reject" for zone in ("costly.example", "plain.example")},
             **{f"s{i}._domainkey.costly.example": key.record for i in range(10)},
             "large._domainkey.costly.example": large_key.record}
    return [[name, "TXT", 300, text] for name, text in texts.items()]


def letters_of(key, large_key):
    plain = "From: a@plain.example\r\nTo: inbox@ours.example\r\nSubject: x\r\n\r\nhello\r\n"
    messages = {"plain alone": ("a@plain.example", plain), "plain": ("a@plain.example", plain),
                "SPF of 400 terms": ("a@flat.costly.example", costly.message([])),
                "ten signatures": ("a@costly.example", costly.signed(key, 10)),
                "4096-bit key": ("a@costly.example", costly.message([costly.signature(large_key, "large")])),
                "100 recipients": ("a@plain.example", plain)}
    return {name: {"mail_from": mail_from, "message": message.replace("Subject: x", f"Subject: {name}")
                   if name not in SIGNATURES else message, "recipients": RECIPIENTS.get(name, INBOX)}
            for name, (mail_from, message) in messages.items()}


def order_of(messages):
    alone = messages // PLAIN_ALONE
    usual = ["plain", "SPF of 400 terms", "ten signatures", "4096-bit key"]
    mixed = ["100 recipients" if i % LIST_PART == 0 else usual[i % len(usual)] for i in range(messages - alone)]
    return ["plain alone"] * alone + mixed


def send(settings, letters, order, sink):
    """Seconds of each message by name; nothing was refused, and all has arrived and was judged."""
    sink.reset()
    ran = subprocess.run([sys.executable, "-B", PROGRAM, settings], capture_output=True, text=True, check=False,
                         timeout=60 + 3 * len(order) / RATE)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["refusal"], told["lost"]) == (None, [])
    recipients = sum(len(letters[name]["recipients"]) for name in order)
    # Greeting and EHLO; MAIL, each RCPT and the message.
    assert told["codes"] == {"220": CONNECTIONS, "250": CONNECTIONS + 2 * len(order) + recipients, "354": len(order)}
    assert sum(len(message.recipients) for message in sink.messages) == recipients
    judged = collections.Counter()
    for message in sink.messages:
        judged[message.octets.count(b"dkim=pass"), b"spf=pass" in message.octets, b"dmarc=pass" in message.octets] += 1
    signed = collections.Counter(SIGNATURES.get(name, 0) for name in order)
    assert judged == {(count, True, True): messages for count, messages in signed.items()}
    return told["took"]


def late(took):
    """Which kinds of messages were delayed. A hundred recipients are a hundred round trips to the sink: the slowest alone tells of them."""
    plain = took["plain alone"]
    slowest, median = max(SLOWEST_SECONDS, BESIDE_PLAIN * plain[-1]), plain[len(plain) // 2] + MEDIAN_SECONDS
    return [name for name, seconds in took.items()
            if seconds[-1] > slowest or (name not in RECIPIENTS and seconds[len(seconds) // 2] > median)]


@pytest.mark.short
def test_big_senders_do_not_notice(battle, shared_sink, tmp_path, request, big_senders):
    key, large_key = costly.RsaKey(2048), costly.RsaKey(4096)
    arena = battle(records_of(key, large_key))
    letters, order = letters_of(key, large_key), order_of(SHORT_MESSAGES if request.config.getoption("--short") else MESSAGES)
    settings = tmp_path / "many_senders.json"
    settings.write_text(json.dumps({"port": arena.server.port, "sources": NETWORK, "connections": CONNECTIONS, "rate": RATE,
                                    "letters": letters, "order": order}))
    for _ in range(ATTEMPTS):
        took = send(settings, letters, order, shared_sink)
        if not late(took):
            break
    big_senders += [{"big sender": name, "messages": len(seconds), "a second": RATE,
                     "median ms": round(seconds[len(seconds) // 2] * 1000, 1), "slowest ms": round(seconds[-1] * 1000)}
                    for name, seconds in took.items()]
    assert not late(took)
