"""Addresses as they are in the field: dots where the grammar has none, display names without quotes, a line of mbox
tools on top, names that would have to be mapped. The server and `gatepost verify` answer the same."""
import json

import pytest

from harness.mail import claims, compose, field
from harness.raw_client import RawClient, bdat
from harness.signing import signature_verifies
from harness.zone import KNOWN, NAMELESS

AUTHOR = "a@spf-only.example"
TAKEN = [
    f"{AUTHOR} <{AUTHOR}>",
    f"Shop [Sales] <{AUTHOR}>",
    f"Shop, Inc. <{AUTHOR}>",
    f"Shop: News <{AUTHOR}>",
    f"Team @ Shop <{AUTHOR}>",
    "try..this.@spf-only.example",
    "Someone <.a.@spf-only.example>",
]
REFUSED = [
    f"ceo@both.example <{AUTHOR}>",
    f"ceo @ both . example <{AUTHOR}>",
    f"Shop, ceo@both.example <{AUTHOR}>",
    f"ceo@both.example, Shop <{AUTHOR}>",
    "ceo@both.example .spf-only.example",
]
MBOX_LINES = [b"From alice@a.example Mon Sep  1 10:00:00 2025\r\n", b">From MAILER-DAEMON Fri Jul 11 21:00:37 2003\r\n"]


def verify(server, folder, message, client, sender):
    path = folder / "message.eml"
    path.write_bytes(message)
    told = server.command("verify", "--json", "--ip", client, "--helo", "client.example", "--mail-from", sender, path)
    return json.loads(told.stdout)


@pytest.mark.parametrize("author", TAKEN)
def test_a_from_field_that_all_read_alike_is_taken(author, send, sink, gatepost, tmp_path):
    message = compose(author)
    assert send(message, KNOWN, AUTHOR).code == 250
    relayed = sink.only_message().octets
    assert relayed.endswith(message)
    assert claims(field(relayed, "Authentication-Results"))["dmarc"] == ["pass"]
    verdict = verify(gatepost, tmp_path, message, KNOWN, AUTHOR)
    assert verdict["author_domain"] == "spf-only.example"
    assert (verdict["dmarc"]["result"], verdict["decision"]["action"]) == ("pass", "accept")


@pytest.mark.parametrize("author", REFUSED)
def test_a_from_field_that_can_be_read_otherwise_is_refused(author, send, sink, gatepost, tmp_path):
    transcript = send(compose(author), KNOWN, AUTHOR)
    assert transcript.reply.startswith("550 5.7.1 "), transcript.text
    assert sink.messages == []
    verdict = verify(gatepost, tmp_path, compose(author), KNOWN, AUTHOR)
    assert (verdict["author_domain"], verdict["decision"]["action"]) == (None, "reject")


def test_dots_in_local_parts_go_on_as_they_came(gatepost, sink):
    with RawClient(gatepost.port, KNOWN) as client:
        client.say("EHLO client.example")
        reply = client.deliver(compose("try..this.@spf-only.example"), "try..this.@spf-only.example", "a..b.@ours.example")
    assert reply.startswith("250 "), reply
    relayed = sink.only_message()
    assert (relayed.reverse_path, relayed.recipients) == ("try..this.@spf-only.example", ["a..b.@ours.example"])


@pytest.mark.parametrize("by_bdat", [False, True], ids=["data", "bdat"])
@pytest.mark.parametrize("line", MBOX_LINES)
def test_a_line_of_mbox_tools_is_left_out(line, by_bdat, gatepost, sink, keys, name_server, tmp_path):
    signed = keys["dkim-only.example"].sign(compose("someone@dkim-only.example"), (b"simple", b"simple"))
    with RawClient(gatepost.port, NAMELESS) as client:
        client.envelope("b@bounces.example")
        if by_bdat:  # an octet a chunk, as long as the line and the first field go
            octets = line + signed
            replies = client.codes(b"".join(bdat(octets[at:at + 1]) for at in range(80)), 80)
            assert set(replies) == {"250"}
            reply = client.say(bdat(octets[80:], last=True))
        else:
            assert client.say("DATA").startswith("354 ")
            reply = client.say(line + signed + b".\r\n")
    assert reply.startswith("250 "), reply
    relayed = sink.only_message().octets
    assert claims(field(relayed, "Authentication-Results"))["dkim"] == ["pass"]
    assert relayed.endswith(b"\r\n" + signed) and line not in relayed
    assert signature_verifies(relayed, name_server.txt)
    assert verify(gatepost, tmp_path, line + signed, NAMELESS, "b@bounces.example")["dkim"][0]["result"] == "pass"


@pytest.mark.parametrize("line", [b"From : ceo@both.example\r\n", b"From ceo@both.example: x\r\n",
                                  MBOX_LINES[0] + b" ceo@both.example\r\n"])
def test_what_may_be_a_field_is_no_line_of_mbox_tools(line, gatepost, sink):
    with RawClient(gatepost.port, KNOWN) as client:
        client.say("EHLO client.example")
        reply = client.deliver(line + compose(AUTHOR), AUTHOR)
    assert reply.startswith("550 5."), reply
    assert sink.messages == []


@pytest.mark.parametrize("domain", ["our\uff53.example", "ou\u200brs.example", "ou\u00adrs.example", "ours\u3002example",
                                    "ours.\U0001d41example", "ou\u2060rs.example", "ou\ufeffrs.example",
                                    "xn--zzzzzz99.example"])
def test_a_domain_that_would_have_to_be_mapped_is_refused(domain, gatepost, sink):
    with RawClient(gatepost.port, KNOWN) as client:
        client.say("EHLO client.example")
        assert client.say(f"MAIL FROM:<a@{domain}> SMTPUTF8").startswith("553 5.6.7 ")
        assert client.say("MAIL FROM:<a@spf-only.example> SMTPUTF8").startswith("250 ")
        assert client.say(f"RCPT TO:<a@{domain}>").startswith("553 5.6.7 ")
    assert sink.messages == []
