"""Messages from the field that were once judged wrongly, and what is right: `gatepost verify` and the server both answer.

Each names one member of a kind; the kinds as a whole are in the unit tests.
"""
import dataclasses

CLIENT = "192.0.2.1"

ZONE = f"""
$TTL 60
shop.example.                       TXT "v=spf1 ip4:{CLIENT} -all"
_dmarc.shop.example.                TXT "v=DMARC1; p=reject"
open.example.                       TXT "v=spf1 +all"
"""
NO_COLON = r"550 5\.6\.0 malformed header: a line without a colon \(line 5 of the message\) \("


def zone_text():
    return ZONE


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


FIELD_CASES = [
    # Strict where two readers can differ.
    FieldCase("another domain in the name", simple("a@bank.example <noreply@shop.example>"), "noreply@shop.example",
              reply=r"550 5\.7\.1 From ", told={"author_domain": None, "decision.action": "reject"}),
    # A malformed header is blamed by line and cause.
    FieldCase("line without a colon",
              simple("Alerts <a@open.example>", "To: x@ours.example\r\nSubject: DOWN\r\nX-Mailer: m\r\nnode1 is back\r\n", "")
              .removesuffix(b"\r\n"), reply=NO_COLON, told={"decision.action": "reject"}),
    FieldCase("folded line on top", b" folded\r\n" + simple("a@open.example"),
              reply=r"550 5\.6\.0 malformed header: the first line is a continuation \(line 1 "),
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
]
