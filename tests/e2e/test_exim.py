"""Exim, the real one, behind Gatepost and before it."""
import smtplib

import pytest

from harness.client import swaks
from harness.exim import Exim, is_possible
from harness.mail import compose
from harness.zone import KNOWN

pytestmark = pytest.mark.skipif(not is_possible(), reason="needs root, the right to mount, and Exim's program")

MESSAGE = compose("someone@spf-only.example", body="A body.\r\n.\r\n..\r\nend\r\n")


def test_behind_it_gets_the_octets_unchanged(make_server, make_gatepost):
    behind = make_server(Exim)
    server = make_gatepost(relay_port=behind.port)
    sent = swaks(server.port, MESSAGE, KNOWN, "b@spf-only.example", "inbox@ours.example")
    assert sent.code == 250, sent.text
    behind.wait_for_deliveries(1)
    assert behind.messages()[0].endswith(MESSAGE.replace(b"\r\n", b"\n").partition(b"\n\n")[2])


@pytest.mark.parametrize("lines", [50, 50_000], ids=["small", "large"])
def test_before_it_delivers_by_bdat(lines, make_server, gatepost, sink):
    before = make_server(Exim, relay_port=gatepost.port)
    message = compose("someone@p-none.example", body="Hello.\r\n.\r\n" * lines)
    with smtplib.SMTP("127.0.0.1", before.port, timeout=20) as client:
        client.sendmail("someone@p-none.example", ["a@ours.example", "b@ours.example"], message)
    before.wait_for_log("Completed")
    (delivery,) = [line for line in before.log.splitlines() if " => a@ours.example " in line]
    assert ' K C="250' in delivery, "Exim marks with K what it sent by CHUNKING"
    only = sink.only_message()
    assert sorted(only.recipients) == ["a@ours.example", "b@ours.example"]
    assert only.octets.endswith(message.partition(b"\r\n\r\n")[2])
