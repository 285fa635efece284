"""BDAT (RFC 3030) by a client that sends exactly these octets; downstream the message goes by DATA."""
import time

import pytest

from harness.mail import claims, compose, field
from harness.raw_client import RawClient, bdat
from harness.zone import KNOWN

SENDER = "b@spf-only.example"
MESSAGE = compose("someone@spf-only.example", body="one\r\n.\r\n..\r\n.two\r\nthree\r\n")
READ_SECONDS = 0.3  # what was sent before has been read then


@pytest.fixture
def client(gatepost):
    with RawClient(gatepost.port, KNOWN) as client:
        yield client


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_chunks_of_any_size_make_the_message(size, client, sink):
    assert "CHUNKING" in client.envelope(SENDER)
    parts = [MESSAGE[at:at + size] for at in range(0, len(MESSAGE), size)]
    assert set(client.codes(b"".join(map(bdat, parts)), len(parts))) == {"250"}
    assert sink.messages == []
    assert client.say(bdat(b"", last=True)).startswith("250 ")
    octets = sink.only_message().octets
    assert octets.endswith(b"\r\n" + MESSAGE)
    assert claims(field(octets, "Authentication-Results"))["dmarc"] == ["pass"]


def test_a_pipelined_transaction_with_a_large_message(client, sink):
    body = "".join(f"line {number} " + "x" * 70 + "\r\n" for number in range(40_000))
    message = compose("someone@spf-only.example", body=body)
    assert client.say("EHLO client.example").startswith("250")
    octets = f"MAIL FROM:<{SENDER}> SIZE={len(message)}\r\nRCPT TO:<inbox@ours.example>\r\n".encode()
    parts = [message[at:at + 300_000] for at in range(0, len(message), 300_000)]
    octets += b"".join(bdat(part, part is parts[-1]) for part in parts) + b"QUIT\r\n"
    assert client.codes(octets, len(parts) + 3) == ["250"] * (len(parts) + 2) + ["221"]
    assert sink.only_message().octets.endswith(message)


def test_a_last_line_without_its_end_gets_one_and_the_signature_holds(client, sink, keys):
    signed = keys["both.example"].sign(compose("someone@both.example", body="Hello.\r\n"), (b"simple", b"simple"))
    client.envelope("b@both.example")
    assert client.say(bdat(signed[:-2], last=True)).startswith("250 ")
    octets = sink.only_message().octets
    assert octets.endswith(signed)
    assert claims(field(octets, "Authentication-Results"))["dkim"] == ["pass"]


@pytest.mark.parametrize("octets,text", [
    (b"a\nQUIT\r\n", "bare LF in line 2 of the message"),
    (b"a\rQUIT\r\n", "bare CR in line 2 of the message"),
    (b"a\0QUIT\r\n", "NUL in line 2 of the message"),
])
def test_a_refused_chunk_is_no_command_and_the_reply_names_line_and_key(octets, text, client, sink, gatepost):
    before = gatepost.stats()["messages"]
    client.envelope(SENDER)
    reply = client.say(bdat(b"Subject: x\r\n" + octets))
    assert reply.startswith("550 5.6.0 " + text), reply
    assert ("bare_newline" in reply) == ("bare" in text)
    assert client.codes(bdat(b"QUIT\r\n") + bdat(b"QUIT\r\n", last=True) + b"NOOP\r\n", 3) == ["503", "503", "250"]
    assert sink.messages == []
    after = gatepost.stats()["messages"]
    assert {word: after[word] - before[word] for word in after if after[word] != before[word]} == {
        "reject": 1, "total": 1}
    # The session goes on.
    client.envelope(SENDER)
    assert client.say(bdat(MESSAGE, last=True)).startswith("250 ")
    assert sink.only_message().octets.endswith(MESSAGE)


def test_a_chunk_line_too_long_ends_the_connection_however_it_comes(client):
    """What follows it may be its chunk, and is never read as commands."""
    client.envelope(SENDER)
    client.send(b"BDAT " + b"9" * 3000)
    time.sleep(READ_SECONDS)
    client.send(b"\r\nNOOP\r\n")
    assert client.reply().startswith("500 5.5.2 Line too long")
    assert client.reply() == ""


def test_over_the_limit_the_client_reads_why_before_the_connection_ends(client, sink, make_gatepost):
    server = make_gatepost({"limits": {"message_size": "1MiB"}})
    with RawClient(server.port, KNOWN) as limited:
        limited.envelope(SENDER)
        assert limited.say(bdat(b"Subject: x\r\n")).startswith("250 ")
        limited.send(b"BDAT 2000000 LAST\r\n" + b"x" * 400_000)
        assert limited.reply().startswith("552 5.3.4 ")
        assert limited.reply() == ""
    assert sink.messages == []
    assert "refused_and_closed" in server.process.log


def test_a_client_that_goes_away_between_chunks_delivers_nothing(client, sink, gatepost):
    client.envelope(SENDER)
    assert client.say(bdat(MESSAGE)).startswith("250 ")
    client.socket.shutdown(1)
    assert client.reply() == ""
    assert sink.messages == []
