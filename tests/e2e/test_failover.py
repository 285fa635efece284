"""Two mail systems behind: the second one takes over until the hand-over, and never after it."""
import pytest

from harness.mail import compose
from harness.raw_client import RawClient, bdat
from harness.sink import CLOSES, Sink
from harness.zone import KNOWN

SENDER = "b@spf-only.example"
MESSAGE = compose("someone@spf-only.example")
LARGE = compose("someone@spf-only.example", body=("x" * 998 + "\r\n") * 12000)

BEFORE_THE_HAND_OVER = [
    ("greeting", "554 5.3.2 not today"), ("greeting", "421 4.3.2 closing"), ("EHLO", CLOSES),
    ("MAIL", "421 4.3.2 closing"), ("MAIL", "452 4.3.1 no space"), ("MAIL", "451 4.4.2 lost"), ("MAIL", CLOSES),
    ("MAIL", "530 5.7.0 authentication required"), ("MAIL", "454 4.7.0 no TLS now"), ("MAIL", "503 5.5.1 what?"),
    ("RCPT", "421 4.3.2 closing"), ("RCPT", "530 5.7.0 authentication required"), ("RCPT", CLOSES),
    ("DATA", "421 4.3.2 closing"), ("DATA", "530 5.7.0 authentication required"), ("DATA", CLOSES), ("content", CLOSES),
]


@pytest.fixture(scope="module")
def second_sink():
    sink = Sink()
    yield sink
    sink.stop()


@pytest.fixture
def second(second_sink):
    second_sink.reset()
    return second_sink


@pytest.fixture
def pair(make_gatepost, sink, second):
    return make_gatepost({"relay": {"to": [f"127.0.0.1:{sink.port}", f"127.0.0.1:{second.port}"]}})


def name(value):
    return "closes" if value is CLOSES else value


@pytest.mark.parametrize("by_bdat", [False, True], ids=["DATA", "BDAT"])
@pytest.mark.parametrize("step,answer", BEFORE_THE_HAND_OVER, ids=name)
def test_the_next_server_takes_over(step, answer, by_bdat, pair, sink, second):
    sink.fail[step] = answer
    message = LARGE if step == "content" else MESSAGE
    with RawClient(pair.port, KNOWN) as client:
        client.envelope(SENDER)
        if by_bdat:
            half = len(message) // 2
            client.send(bdat(message[:half]))
            assert client.reply().startswith("250 ")
            client.send(bdat(message[half:], last=True))
        else:
            assert client.say("DATA").startswith("354 ")
            client.send(message + b".\r\n")
        assert client.reply().startswith("250 ")
    assert sink.messages == []
    assert second.only_message().octets.endswith(message)
    events = pair.stats()["downstream"]
    assert events["unanswered"] == 0 and events["none_left"] == 0
    if step not in ("greeting", "EHLO"):  # the watcher may have found those out before, and the second is asked first
        assert events["failover"] == 1
        assert "downstream_trouble" in pair.process.log
        status, ready = pair.get("/readyz")
        assert status == 200 and f"downstream_trouble: 127.0.0.1:{sink.port}" in ready
        assert f'gatepost_downstream_trouble{{server="127.0.0.1:{sink.port}"}} 1' in pair.get("/metrics")[1]
    # It is asked no more for a while, and nobody waits for it again.
    sink.verbs.clear()
    with RawClient(pair.port, KNOWN) as client:
        client.say("EHLO client.example")
        assert client.deliver(MESSAGE, SENDER).startswith("250 ")
    assert "MAIL" not in sink.verbs


@pytest.mark.parametrize("step,answer", [case for case in BEFORE_THE_HAND_OVER if case[0] != "content"], ids=name)
def test_one_server_alone_is_451(step, answer, make_gatepost, sink, send):
    server = make_gatepost()
    sink.fail[step] = answer
    reply = send(MESSAGE, KNOWN, SENDER, server=server).reply
    assert reply.startswith("451 4."), reply
    assert "530" not in reply and "authentication" not in reply
    assert sink.messages == []


def test_greylisting_is_passed_on(pair, sink, second, send):
    sink.refuse_mail = "450 4.7.1 greylisted, come again"
    reply = send(MESSAGE, KNOWN, SENDER, server=pair).reply
    assert reply.startswith("450 4.7.1 ") and "greylisted, come again" in reply
    assert second.verbs.count("MAIL") == 0 and sink.messages == []


def test_after_the_dot_nobody_else_is_asked(pair, sink, second, send):
    sink.drop_after_data = True
    assert send(MESSAGE, KNOWN, SENDER, server=pair).reply.startswith("451 4.")
    assert second.verbs.count("MAIL") == 0 and second.messages == []
    assert pair.stats()["downstream"]["unanswered"] == 1


def test_nothing_is_delivered_in_part(pair, sink, second):
    second.refuse_recipient["one@ours.example"] = "550 5.1.1 nobody of this name here"
    with RawClient(pair.port, KNOWN) as client:
        client.envelope(SENDER, "one@ours.example")
        sink.fail["RCPT"] = "421 4.3.2 closing"
        assert client.say("RCPT TO:<two@ours.example>").startswith("250 ")
        assert client.say("DATA").startswith("354 ")
        client.send(MESSAGE + b".\r\n")
        assert client.reply().startswith("451 4.")
    assert sink.messages == [] and second.messages == []


def test_a_slip_in_access_rules_makes_nothing_bounce(make_gatepost, sink):
    server = make_gatepost()
    sink.refuse_recipient["inbox@ours.example"] = "554 5.7.1 access denied"
    replies = []
    for number in range(22):
        with RawClient(server.port, KNOWN) as client:
            client.say("EHLO client.example")
            replies.append(client.deliver(MESSAGE, f"sender{number}@spf-only.example")[:9])
    assert replies == ["554 5.7.1"] * 20 + ["451 4.3.5"] * 2
    assert "refuses every recipient: 554 5.7.1" in server.get("/readyz")[1]
    sink.refuse_recipient.clear()
    with RawClient(server.port, KNOWN) as client:
        client.say("EHLO client.example")
        assert client.deliver(MESSAGE, SENDER).startswith("250 ")
    assert "downstream_trouble" not in server.get("/readyz")[1]
    assert "downstream_recovered" in server.process.log


def test_size_is_the_least(make_gatepost, sink, second):
    sink.extensions = ("PIPELINING", "SIZE 10485760")
    second.extensions = ("PIPELINING", "SIZE 0")
    server = make_gatepost({"relay": {"to": [f"127.0.0.1:{sink.port}", f"127.0.0.1:{second.port}"]}})
    with RawClient(server.port, KNOWN) as client:
        assert client.envelope(SENDER)["SIZE"] == "10420224"  # less 64 KiB
        assert client.say("RSET").startswith("250 ")
        assert client.say(f"MAIL FROM:<{SENDER}> SIZE=10420225").startswith("552 5.3.4 ")
        assert client.say(f"MAIL FROM:<{SENDER}> SIZE=10420224").startswith("250 ")
        assert client.say("RSET").startswith("250 ")
        assert client.deliver(LARGE, SENDER).startswith("552 5.3.4 ")
    assert sink.messages == [] and second.messages == []
