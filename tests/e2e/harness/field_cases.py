"""Messages from the field that were once judged wrongly, and what is right: `gatepost verify` and the server both answer.

Each names one member of a kind; the kinds as a whole are in the unit tests.
"""
import dataclasses

import dkim

from .mail import compose
from .signing import SigningKey

CLIENT = "192.0.2.1"
VICTIM = SigningKey("victim.example", "v1")
MBOX = SigningKey("mbox.example", "m1")

ZONE = f"""
$TTL 60
shop.example.                       TXT "v=spf1 ip4:{CLIENT} -all"
_dmarc.shop.example.                TXT "v=DMARC1; p=reject"
carrier.example.                    TXT "v=spf1 ip4:{CLIENT} -all"
_dmarc.carrier.example.             TXT "v=DMARC1; p=reject"
open.example.                       TXT "v=spf1 +all"
_dmarc.victim.example.              TXT "v=DMARC1; p=reject"
words.example.                      TXT "v=spf1 x;dkim=pass;dmarc=pass;"
void.example.                       TXT "v=spf1 ptr:nowhere.example exists:%{{i}}.ok.nowhere.example ?ptr:nowhere.example"
5.100.51.198.in-addr.arpa.          PTR nx.nowhere.example.
"""
DATE = "Date: Mon, 01 Sep 2025 10:00:00 +0000\r\n"
NO_COLON = r"550 5\.6\.0 malformed header: a line without a colon \(line 5 of the message\) \("


def zone_text():
    """In strings of at most 255 octets, as the format has them."""
    lines = [ZONE]
    for key in (VICTIM, MBOX):
        parts = [key.record[i:i + 200] for i in range(0, len(key.record), 200)]
        lines.append(f"{key.record_name} TXT " + " ".join(f'"{part}"' for part in parts))
    return "\n".join(lines) + "\n"


@dataclasses.dataclass(frozen=True)
class FieldCase:
    name: str
    message: bytes
    mail_from: str = "a@open.example"
    ip: str = CLIENT
    reply: str = "250 "        # a pattern for the server's reply
    told: dict = dataclasses.field(default_factory=dict)  # path in the account: its value, or a test of it


def simple(author, rest="Subject: x\r\n", body="hello\r\n"):
    return f"From: {author}\r\n{rest}\r\n{body}".encode("latin-1")


def signed(key, message, names=(), **more):
    names = [b"from", b"to", b"subject", b"date", *names]
    return dkim.sign(message, key.selector.encode(), key.domain.encode(), key.pem, include_headers=names,
                     canonicalize=(b"relaxed", b"relaxed"), **more) + message


def shop(display_name):
    return FieldCase(f"name {display_name}", simple(f"{display_name} <noreply@shop.example>"), "noreply@shop.example",
                     told={"author_domain": "shop.example", "dmarc.result": "pass", "decision.action": "accept"})


def partly_signed():
    """Signatures that cover less than what a reader is shown."""
    told = {"dkim.0.result": "policy", "dmarc.result": lambda result: result != "pass",
            "decision.action": lambda action: action != "accept"}
    message = compose("ceo@victim.example", subject="report", fields=["Reply-To: ceo@victim.example", "Content-Type: text/plain"])
    header, _, _ = message.partition(b"\r\n\r\n")
    names = [b"reply-to", b"content-type", b"message-id"]
    yield "text beyond l=", signed(VICTIM, message, names, length=True) + b"and more\r\n", told
    empty = signed(VICTIM, header + b"\r\n\r\n", names, length=True)
    yield "l=0 and another body", empty + b"another\r\n", told
    whole = signed(VICTIM, message, names)
    for field in ("Subject: other", "From: ceo@victim.example", "To: other@ours.example", "Date: Tue, 02 Sep 2025 10:00:00 +0000",
                  "Message-ID: <other@victim.example>", "Reply-To: other@attacker.example", "Content-Type: text/html"):
        yield "a second " + field.partition(":")[0], field.encode() + b"\r\n" + whole, told
    yield "whole", whole, {"dkim.0.result": "pass", "dmarc.result": "pass", "decision.action": "accept"}


def claims_nothing(results):
    parts = [part.strip() for part in results.split(";")]
    return not any(part.startswith(("dkim=pass", "dmarc=pass")) for part in parts)


FIELD_CASES = [
    # Strict only where two readers can differ.
    *map(shop, ["noreply@shop.example", "Shop [Sales]", "Shop, Inc.", "Shop: News", "Team @ Shop"]),
    FieldCase("another domain in the name", simple("a@bank.example <noreply@shop.example>"), "noreply@shop.example",
              reply=r"550 5\.7\.1 From ", told={"author_domain": None, "decision.action": "reject"}),
    FieldCase("dots in the local part", simple("try..this.@carrier.example", DATE), "try..this.@carrier.example",
              told={"author_domain": "carrier.example", "dmarc.result": "pass", "decision.action": "accept"}),
    FieldCase("a line of mbox on top",
              b"From a@mbox.example Mon Sep  1 10:00:00 2025\r\n" + signed(MBOX, compose("a@mbox.example")),
              told={"dkim.0.result": "pass", "author_domain": "mbox.example"}),
    FieldCase("a quoted line of mbox on top",
              b">From a@mbox.example Mon Sep  1 10:00:00 2025\r\n" + signed(MBOX, compose("a@mbox.example")),
              told={"dkim.0.result": "pass", "author_domain": "mbox.example"}),
    # A malformed header is blamed by line and cause.
    FieldCase("line without a colon",
              simple("Alerts <a@open.example>", "To: x@ours.example\r\nSubject: DOWN\r\nX-Mailer: m\r\nnode1 is back\r\n", "")
              .removesuffix(b"\r\n"), reply=NO_COLON, told={"decision.action": "reject"}),
    FieldCase("folded line on top", b" folded\r\n" + simple("a@open.example"),
              reply=r"550 5\.6\.0 malformed header: the first line is a continuation \(line 1 "),
    # Causes are told in the account as in the field.
    FieldCase("two From fields", b"From: b@other.example\r\n" + simple("a@open.example"), reply=r"550 5\.7\.1 From ",
              told={"dmarc.result": lambda result: result in ("none", None),
                    "dmarc.reason": lambda reason: "several From" in reason}),
    FieldCase("no name of the client", simple("a@open.example"), ip="192.0.2.9",
              told={"iprev.result": "permerror", "iprev.reason": lambda reason: bool(reason)}),
    FieldCase("void lookups of ptr", simple("a@void.example"), "a@void.example", ip="198.51.100.5",
              told={"spf.result": "permerror"}),
    FieldCase("other people's words", simple("a@words.example"), "a@words.example",
              told={"authentication_results": claims_nothing}),
    # Bounds hold whatever else is wrong.
    FieldCase("forged results behind an odd name",
              b"Bad Name: x\r\n" + b"X-N: y\r\n" * 1500 +
              b"Authentication-Results: mx1.ours.example; dmarc=pass header.from=bank.example\r\n" + simple("a@open.example"),
              reply=r"552 5\.3\.4 "),
    FieldCase("NUL", simple("a@open.example", body="hel\0lo\r\n"), reply=r"550 5\.6\.0 NUL in line 4 "),
    FieldCase("bare CR", simple("a@open.example", body="hel\rlo\r\n"), reply=r"550 5\.6\.0 bare CR in line 4 "),
    FieldCase("bare LF", simple("a@open.example", body="hel\nlo\r\n"), reply=r"550 5\.6\.0 bare LF in line 4 "),
    FieldCase("101 hops", b"Received: y\r\n" * 101 + simple("a@open.example"), reply=r"554 5\.4\.6 "),
    FieldCase("header of 600 KiB", simple("a@open.example", f"X: {'x' * 600 * 1024}\r\n"), reply=r"552 5\.3\.4 "),
    FieldCase("1,001 fields", b"X-N: y\r\n" * 1000 + simple("a@open.example"), reply=r"552 5\.3\.4 "),
    FieldCase("empty", b"", reply=r"550 5\.7\.1 From "),
    *(FieldCase("partly signed: " + name, message, told=told, reply="")
      for name, message, told in partly_signed()),
]
