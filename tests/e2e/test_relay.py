"""The mail system behind: its refusals are passed on, its absence costs nothing, and its 250 comes before ours."""
import pytest

from harness.mail import compose
from harness.process import free_port
from harness.zone import KNOWN

MESSAGE = compose("someone@spf-only.example")
SENDER = "b@spf-only.example"

REFUSALS = [  # how the sink refuses, the text
    ("refuse_recipient", "550 5.1.1 nobody of this name here"),
    ("refuse_mail", "553 5.1.8 this sender is not wanted"),
    ("refuse_message", "554 5.6.0 this content is not wanted"),
    ("refuse_message", "452 4.2.2 the mailbox is full"),
]


@pytest.mark.parametrize("where,text", REFUSALS)
def test_a_refusal_is_passed_on_with_its_text(where, text, send, sink, gatepost):
    setattr(sink, where, {"inbox@ours.example": text} if where == "refuse_recipient" else text)
    before = gatepost.stats()["messages"]
    transcript = send(MESSAGE, KNOWN, SENDER)
    after = gatepost.stats()["messages"]
    code, enhanced, words = text.split(" ", 2)
    assert transcript.reply.startswith(f"{code} {enhanced} "), transcript.text
    assert words in transcript.reply
    assert sink.messages == []
    # Counted is what reached the end of data: a refused envelope ends before.
    counted = set() if where != "refuse_message" else {"relay_reject" if code[0] == "5" else "defer", "total"}
    assert {word for word in after if after[word] != before[word]} == counted


def test_while_it_is_away_the_sender_keeps_the_message(send, sink, gatepost):
    sink.go_away()
    assert send(MESSAGE, KNOWN, SENDER).reply.startswith("451 4.")
    sink.come_back()
    assert sink.messages == []
    assert send(MESSAGE, KNOWN, SENDER).code == 250
    assert sink.only_message().octets.endswith(MESSAGE)


def test_an_answer_that_never_came_is_no_acceptance(send, sink):
    sink.drop_after_data = True
    assert send(MESSAGE, KNOWN, SENDER).reply.startswith("451 4.")
    sink.drop_after_data = False
    assert send(MESSAGE, KNOWN, SENDER).code == 250
    assert len(sink.messages) == 1


def test_several_recipients_arrive_in_one_transaction(send, sink):
    transcript = send(MESSAGE, KNOWN, SENDER, rcpt_to="one@ours.example,two@ours.example,postmaster@ours.example")
    assert transcript.code == 250, transcript.text
    assert sink.only_message().recipients == ["one@ours.example", "two@ours.example", "postmaster@ours.example"]


def test_another_server_takes_over(make_gatepost, send, sink):
    server = make_gatepost({"relay": {"to": [f"127.0.0.1:{free_port()}", f"127.0.0.1:{sink.port}"]}})
    assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250
    assert len(sink.messages) == 1


def test_every_octet_arrives(send, sink):
    body = (".\r\n..\r\n.hidden\r\n" + "x" * 5000 + "\r\n" + "".join(map(chr, range(1, 10))) +
            "".join(map(chr, range(128, 256))) + "\r\n\r\n \t \r\n" + "y" * 2_000_000 + "\r\n")
    message = compose("someone@spf-only.example", body=body)
    assert send(message, KNOWN, SENDER).code == 250
    assert sink.only_message().octets.endswith(message)


def test_a_maildir_is_final_delivery(make_gatepost, send, tmp_path):
    server = make_gatepost({"relay": {"to": [f"maildir:{tmp_path}/Maildir"]}})
    assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250
    files = list((tmp_path / "Maildir" / "new").iterdir())
    assert len(files) == 1
    text = files[0].read_bytes().replace(b"\r\n", b"\n")
    assert text.startswith(b"Return-Path: <b@spf-only.example>\nAuthentication-Results: mx1.ours.example;")
    assert text.endswith(MESSAGE.replace(b"\r\n", b"\n"))
