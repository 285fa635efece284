"""Postfix, the real one, behind Gatepost and before it."""
import os
import re
import smtplib

import pytest

from harness.client import swaks
from harness.mail import compose
from harness.postfix import Postfix, programs
from harness.raw_client import RawClient
from harness.sink import Sink
from harness.zone import CRON, KNOWN

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or programs() is None, reason="needs root, and Postfix's programs")

MESSAGE = compose("someone@spf-only.example", body="A body.\r\n.\r\n..\r\n" + "x" * 2000 + "\r\n")
SENDER = "b@spf-only.example"


@pytest.mark.parametrize("told_by,connections", [("xforward", 1), ("xclient", 3)])
def test_behind_it_learns_who_the_client_is(told_by, connections, make_server, make_gatepost):
    behind = make_server(Postfix, settings=[f"smtpd_authorized_{told_by}_hosts = 127.0.0.1"])
    server = make_gatepost(relay_port=behind.port)
    clients = [KNOWN, CRON, KNOWN]  # XCLIENT is taken once in a connection: the second would be taken for the first
    for count, client in enumerate(clients, 1):
        sent = swaks(server.port, compose("someone@p-none.example"), client, "someone@p-none.example", "inbox@ours.example")
        assert sent.code == 250, sent.text
        behind.wait_for_deliveries(count)
    assert re.findall(r"client=\S*\[(\S+)\]$", behind.log, re.M) == clients, behind.log
    found = len(re.findall(r": connect from \S*\[127\.0\.0\.1\]", behind.log))
    assert found == 3 + connections, "this test's, two probes', and those for mail"
    assert "lost connection" not in behind.log.replace("lost connection after CONNECT", "")


def test_behind_it_gets_the_octets_unchanged(make_server, make_gatepost):
    behind = make_server(Postfix)
    server = make_gatepost(relay_port=behind.port)
    assert swaks(server.port, MESSAGE, KNOWN, SENDER, "inbox@ours.example").code == 250
    behind.wait_for_log("status=sent")
    assert behind.messages()[0].endswith(MESSAGE.replace(b"\r\n", b"\n").partition(b"\n\n")[2])


@pytest.mark.parametrize("pipelining", [True, False])
def test_before_it_delivers(pipelining, make_server, gatepost, sink):
    more = [] if pipelining else ["smtp_discard_ehlo_keywords = pipelining"]
    before = make_server(Postfix, relay_port=gatepost.port, settings=["virtual_mailbox_domains =", *more])
    with smtplib.SMTP("127.0.0.1", before.port, timeout=20) as client:
        client.sendmail("someone@p-none.example", ["a@ours.example", "b@ours.example"],
                        compose("someone@p-none.example"))
    before.wait_for_log("status=sent (250 ")
    assert sorted(sink.only_message().recipients) == ["a@ours.example", "b@ours.example"]


def test_before_it_delivers_an_internationalized_address(make_server, gatepost, sink):
    before = make_server(Postfix, relay_port=gatepost.port, settings=["virtual_mailbox_domains ="])
    with smtplib.SMTP("127.0.0.1", before.port, timeout=20) as client:
        client.ehlo("client.example")
        client.mail("jos\u00e9@p-none.example", ["SMTPUTF8"])
        client.rcpt("inbox@ours.example")
        client.data("From: <jos\u00e9@p-none.example>\r\nSubject: caf\u00e9\r\n\r\nHello.\r\n".encode())
    before.wait_for_log("status=sent (250 ")
    assert sink.only_message().reverse_path == "jos\u00e9@p-none.example"


ROUTED = ["user%other.example@ours.example", "other.example!user@ours.example",
          '"user@other.example"@ours.example', "@ours.example:user%other.example@ours.example"]


@pytest.mark.parametrize("routed_local_parts", ["refuse", "accept"])
def test_behind_it_relays_nothing_on(routed_local_parts, make_server, make_gatepost):
    """It trusts us and routes local parts of its own domain, as Postfix does by default: only our refusal is between."""
    world = make_server(Sink)
    behind = make_server(Postfix, relay_port=world.port, settings=[
        "mydestination = ours.example", "virtual_mailbox_domains =", "local_recipient_maps ="])
    server = make_gatepost({"policy": {"routed_local_parts": routed_local_parts}}, relay_port=behind.port)
    with RawClient(server.port, KNOWN) as client:
        client.say("EHLO client.example")
        for address in ROUTED:
            assert client.say(f"MAIL FROM:<{SENDER}>").startswith("250 ")
            reply = client.say(f"RCPT TO:<{address}>")
            if routed_local_parts == "refuse":
                assert reply.startswith("550 5.7.1 "), reply
            client.say("RSET")
        if routed_local_parts == "accept":  # what our refusal keeps from happening
            assert client.deliver(MESSAGE, SENDER, ROUTED[0]).startswith("250 ")
            behind.wait_for_log("status=sent")
    assert [message.recipients for message in world.messages] == \
        ([["user@other.example"]] if routed_local_parts == "accept" else [])
