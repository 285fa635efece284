"""Dovecot, the real one, behind by LMTP (RFC 2033), over TCP and through a UNIX socket."""
import os
import re
import smtplib

import pytest

from harness.dovecot import Dovecot, is_possible
from harness.mail import compose
from harness.postfix import Postfix, programs
from harness.process import wait_until
from harness.zone import CRON, KNOWN

pytestmark = pytest.mark.skipif(not is_possible(), reason="needs root, the right to mount, and Dovecot's programs")

MESSAGE = compose("someone@spf-only.example",
                  body="A body.\r\n.\r\n..\r\n" + "x" * 2000 + "\r\n" + "".join(map(chr, range(160, 256))) + "\r\nend\r\n")
SENDER = "b@spf-only.example"
OTHER = "other@ours.example"


@pytest.fixture(params=["tcp", "unix"])
def behind(request, make_server, make_gatepost):
    """Dovecot, and a Gatepost before it: (dovecot, server, the destination's name)."""
    dovecot = make_server(Dovecot)
    name = f"lmtp://127.0.0.1:{dovecot.port}" if request.param == "tcp" else f"unix:{dovecot.socket}"
    return dovecot, make_gatepost({"relay": {"to": [name]}}), name


def test_it_gets_the_octets_unchanged(behind, send):
    dovecot, server, name = behind
    for count in (1, 2):  # the second over the kept connection
        assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250
        assert len(dovecot.messages_of("inbox")) == count
    for kept in dovecot.messages_of("inbox"):
        header, _, body = kept.partition(b"\n\n")
        assert kept.endswith(MESSAGE.replace(b"\r\n", b"\n"))
        assert header.startswith(f"Return-Path: <{SENDER}>\nDelivered-To: inbox@ours.example\n".encode())
        assert b"\nAuthentication-Results: mx1.ours.example;" in header
    verdicts = [line for line in server.process.log.splitlines() if " verdict " in line]
    assert len(verdicts) == 2 and all(f"relay={name}" in line for line in verdicts), verdicts


def test_its_refusals_are_passed_on_with_their_text(behind, send):
    dovecot, server, _ = behind
    refused = send(MESSAGE, KNOWN, SENDER, "nobody@ours.example", server=server)
    assert refused.reply.startswith("550 5.1.1 <nobody@ours.example> User doesn't exist"), refused.text
    # Its quota is looked at only when the message is there.
    large = compose("someone@spf-only.example", body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 400)
    before = server.stats()["messages"]["relay_reject"]
    full = send(large, KNOWN, SENDER, server=server)
    assert full.reply.startswith("552 5.2.2 <inbox@ours.example> Quota exceeded"), full.text
    assert server.stats()["messages"]["relay_reject"] == before + 1
    assert dovecot.messages_of("inbox") == []
    assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250


def test_while_it_is_away_the_sender_keeps_the_message(behind, send):
    dovecot, server, name = behind
    dovecot.go_away()
    assert send(MESSAGE, KNOWN, SENDER, server=server).reply.startswith("451 4.4.1 ")
    wait_until(lambda: server.get("/readyz")[0] == 503, 15, "not ready")
    assert name in server.get("/readyz")[1].replace("\\/", "/")
    dovecot.come_back()
    wait_until(lambda: send(MESSAGE, KNOWN, SENDER, server=server).code == 250, 15, "a delivery")
    assert len(dovecot.messages_of("inbox")) == 1


@pytest.mark.parametrize("client,sender", [(KNOWN, SENDER), (CRON, "root@ours.example")], ids=["stranger", "own_network"])
def test_each_recipient_has_a_transaction_of_its_own(client, sender, make_server, make_gatepost):
    message = compose(sender)
    dovecot = make_server(Dovecot)
    server = make_gatepost({"relay": {"to": [f"unix:{dovecot.socket}"]}, "limits": {"errors_per_connection": 3}})
    with smtplib.SMTP("127.0.0.1", server.port, timeout=20, source_address=(client, 0)) as session:
        session.ehlo("client.example")
        assert session.esmtp_features["limits"] == "RCPTMAX=1 MAILMAX=1000"
        session.mail(sender)
        assert session.rcpt("nobody@ours.example")[0] == 550
        assert session.rcpt("inbox@ours.example")[0] == 250
        for _ in range(5):  # counted as no errors
            code, text = session.rcpt(OTHER)
            assert code == 452 and text.startswith(b"4.5.3 Too many recipients: send this one in a transaction"), text
        assert session.rcpt("inbox@OURS.example")[0] == 250, "the same mailbox"
        assert session.data(message)[0] == 250
        session.mail(sender)
        assert session.rcpt(OTHER)[0] == 250
        assert session.data(message)[0] == 250
    assert [len(dovecot.messages_of(user)) for user in ("inbox", "other")] == [1, 1], "Dovecot knows a mailbox named twice"
    assert "put_off=5" in server.process.log


@pytest.mark.skipif(os.geteuid() != 0 or programs() is None, reason="needs Postfix's programs")
def test_a_mail_server_before_it_sends_to_each_recipient(make_server, make_gatepost):
    dovecot = make_server(Dovecot, users=("one", "two", "three"))
    server = make_gatepost({"relay": {"to": [f"lmtp://127.0.0.1:{dovecot.port}"]}})
    before = make_server(Postfix, relay_port=server.port, settings=[
        "virtual_mailbox_domains =", "minimal_backoff_time = 1s", "maximal_backoff_time = 1s", "queue_run_delay = 1s"])
    users = ["one", "two", "three"]
    with smtplib.SMTP("127.0.0.1", before.port, timeout=20) as client:
        client.sendmail("someone@p-none.example", [f"{user}@ours.example" for user in users],
                        compose("someone@p-none.example"))
    wait_until(lambda: all(dovecot.messages_of(user) for user in users), 40, "a message for each")
    before.wait_for_log("removed")
    assert [len(dovecot.messages_of(user)) for user in users] == [1, 1, 1]


def test_it_learns_who_the_client_is(make_server, make_gatepost, send):
    dovecot = make_server(Dovecot, settings=["login_trusted_networks = 127.0.0.0/8"])
    server = make_gatepost({"relay": {"to": [f"lmtp://127.0.0.1:{dovecot.port}"]}})
    clients = [KNOWN, CRON, KNOWN]
    for client in clients:
        assert send(compose("someone@p-none.example"), client, "someone@p-none.example", server=server).code == 250
    wait_until(lambda: re.findall(r"lmtp\(inbox from (\S+)\): ", dovecot.log) == clients, 10,
               "a line in Dovecot's log for each")
    received = b"Received: from client.example ([%s])\n\tby behind.example with LMTP\n" % KNOWN.encode()
    assert sum(received in kept for kept in dovecot.messages_of("inbox")) == 2


@pytest.mark.parametrize("mode,with_", [("off", "LMTP"), ("opportunistic", "LMTPS"), ("required", "LMTPS")])
def test_tls_goes_by_the_same_rules(mode, with_, make_server, make_gatepost, send, authority):
    certificate = authority.issue("CN=behind.example", ["IP:127.0.0.1"])
    dovecot = make_server(Dovecot, certificate=(certificate.certificate, certificate.private_key))
    server = make_gatepost({"relay": {"to": [f"lmtp://127.0.0.1:{dovecot.port}"], "tls": mode,
                                      **({"ca": str(authority.certificate)} if mode == "required" else {})}})
    assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250
    assert f"by behind.example with {with_}\n".encode() in dovecot.messages_of("inbox")[0]


def test_a_socket_is_safe_without_tls(make_server, make_gatepost, send, authority):
    dovecot = make_server(Dovecot)
    server = make_gatepost({"relay": {"to": [f"lmtp://127.0.0.1:{dovecot.port}", f"unix:{dovecot.socket}"],
                                      "tls": "required", "ca": str(authority.certificate)}})
    assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250, "in the clear over TCP it is not"
    dovecot.wait_for_log("Connect from local")
    assert len(dovecot.messages_of("inbox")) == 1
