"""An exemption that allows bare_newline: lines are mended before anything reads them, for those it names alone."""
import pytest

from harness.mail import claims, compose, field
from harness.raw_client import RawClient, bdat
from harness.zone import CRON, KNOWN

SENDER = "root@cron.ours.example"
CRLF = compose("root@cron.ours.example", body="one\r\n.\r\n.two\r\nthree\r\n")
EXEMPTION = {"id": "cron-newlines", "owner": "ops@ours.example", "reason": "an old printer",
             "when": {"client_ip": [CRON], "author_domain": ["ours.example", "*.ours.example"]},
             "allow": ["dmarc", "spf", "missing_from_domain", "bare_newline"]}


@pytest.fixture(scope="module")
def forgiving(tmp_path_factory, name_server, shared_sink, certificate):
    from harness.gatepost import Gatepost
    server = Gatepost(tmp_path_factory.mktemp("forgiving"), name_server.port, shared_sink.port, certificate,
                      {"policy": {"own_networks": [CRON], "exemptions": [EXEMPTION]}}).start()
    yield server
    server.stop()


def deliver(client, octets, by_bdat, sender=SENDER):
    """The reply to the end of the message."""
    client.envelope(sender)
    if by_bdat:
        # Cut everywhere, so that each newline meets a border.
        return client.codes(b"".join(bdat(octets[at:at + 1]) for at in range(len(octets))), len(octets)) and \
            client.say(bdat(b"", last=True))
    assert client.say("DATA").startswith("354 ")
    # Bare newlines begin no line for the dot: stuffed is what stands behind CRLF.
    return client.say(octets.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")


@pytest.mark.parametrize("by_bdat", [False, True], ids=["data", "bdat"])
@pytest.mark.parametrize("newline", [b"\n", b"\r"], ids=["lf", "cr"])
def test_lines_arrive_mended(newline, by_bdat, forgiving, sink):
    octets = CRLF.replace(b"\r\n", newline)
    with RawClient(forgiving.port, CRON) as client:
        reply = deliver(client, octets, by_bdat)
        assert reply.startswith("250 "), reply
        assert client.say("NOOP").startswith("250 ")
    received = sink.only_message().octets
    assert received.endswith(b"\r\n" + CRLF + (b"" if by_bdat else b"\r\n"))
    assert b"\n" not in received.replace(b"\r\n", b"") and b"\r" not in received.replace(b"\r\n", b"")
    # What was judged is what was passed on.
    assert claims(field(received, "Authentication-Results"))["dmarc"] == ["fail"]
    assert 'bare_newline=cron-newlines' in forgiving.process.log


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\n.\r"])
def test_only_crlf_dot_crlf_ends_data_even_there(end, forgiving, sink):
    hidden = b"MAIL FROM:<x@p-none.example>\r\nRCPT TO:<inbox@ours.example>\r\nDATA\r\n"
    with RawClient(forgiving.port, CRON) as client:
        client.envelope(SENDER)
        assert client.say("DATA").startswith("354 ")
        octets = CRLF.replace(b"\r\n.", b"\r\n..") + b"x" + end + hidden + b"\r\n.\r\n"
        assert client.say(octets).startswith("250 ")
        assert client.say("NOOP").startswith("250 ")
    received = sink.only_message().octets
    assert hidden in received
    assert b"\n" not in received.replace(b"\r\n", b"") and b"\r" not in received.replace(b"\r\n", b"")


@pytest.mark.parametrize("by_bdat", [False, True], ids=["data", "bdat"])
def test_where_the_rest_of_the_condition_fails_it_is_refused(by_bdat, forgiving, sink):
    octets = compose("someone@spf-only.example").replace(b"\r\n", b"\n")
    with RawClient(forgiving.port, CRON) as client:
        reply = deliver(client, octets, by_bdat)
    assert reply.startswith("550 5.6.0 bare LF in line 1 of the message") and "bare_newline" in reply, reply
    assert sink.messages == []


def test_nobody_else_is_forgiven_and_a_nul_never_is(forgiving, sink):
    with RawClient(forgiving.port, KNOWN) as client:
        assert deliver(client, CRLF.replace(b"\r\n", b"\n"), False).startswith("550 5.6.0 bare LF in line 1 ")
    with RawClient(forgiving.port, CRON) as client:
        reply = deliver(client, CRLF.replace(b"one\r\n", b"o\0e\n"), False)
        assert reply.startswith("550 5.6.0 NUL in line "), reply
    assert sink.messages == []
