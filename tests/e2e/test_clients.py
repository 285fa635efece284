"""What clients may do and what not: speak in their turn, so much within a time, and not for ever."""
import select
import socket
import ssl
import time

import pytest

from harness.mail import compose
from harness.process import free_port, wait_until
from harness.raw_client import RawClient
from harness.tls_client import client_context
from harness.zone import CRON, KNOWN, NAMED, NAMELESS

SPF_ONLY = compose("someone@spf-only.example")
SENDER = "b@spf-only.example"
FORGIVEN = {"id": "ours", "owner": "o", "reason": "r", "when": {"client_ip": [CRON]},
            "allow": ["early_talker", "rate_limit", "dmarc"]}
CRON_MAIL = compose("root@ours.example")


@pytest.fixture
def patient(make_gatepost):
    return make_gatepost({"limits": {"early_talker_delay": "300ms"}, "policy": {"exemptions": [FORGIVEN]}})


def test_who_speaks_before_the_greeting_is_refused(patient, send, sink):
    early = RawClient(patient.port, NAMELESS, greeted=False)
    early.send(b"EHLO client.example\r\n")
    assert early.reply().startswith("554 mx1.ours.example ")
    assert early.reply().startswith("503 "), "to the EHLO that was there"
    assert early.say("MAIL FROM:<a@bounces.example>").startswith("503 ")
    assert early.say("QUIT").startswith("221 ")
    assert send(SPF_ONLY, KNOWN, SENDER, server=patient).code == 250
    assert patient.stats()["clients"]["early_talker"] == 1
    begin = time.monotonic()
    forgiven = RawClient(patient.port, CRON, greeted=False)
    forgiven.send(b"EHLO cron.ours.example\r\n")
    assert forgiven.reply().startswith("220 ") and forgiven.reply().startswith("250-")
    assert time.monotonic() - begin < 0.3, "who is forgiven waits for nothing"


@pytest.mark.parametrize("options", [["--tls"], ["--tls", "--pipeline"], ["--pipeline"]])
def test_honest_clients_of_every_kind_are_served(options, patient, send):
    assert send(SPF_ONLY, KNOWN, SENDER, server=patient, options=options).code == 250


def test_handshakes_are_no_early_talk(make_gatepost, send):
    port = free_port()
    server = make_gatepost({"limits": {"early_talker_delay": "300ms"},
                            "listeners": [{"address": f"127.0.0.1:{port}", "tls": "implicit"}]})
    server.port = port
    assert send(SPF_ONLY, KNOWN, SENDER, server=server, options=["--tlsc"]).code == 250
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, context.wrap_socket(plain) as early:
        early.sendall(b"EHLO client.example\r\n")
        assert early.recv(4096).startswith(b"554 ")


def test_early_talk_is_forgiven_by_a_certificate_that_is_known_in_time(make_gatepost, authority):
    port = free_port()
    make_gatepost({"limits": {"early_talker_delay": "300ms"}, "tls": {"client_ca": str(authority.certificate)},
                   "listeners": [{"address": f"127.0.0.1:{port}", "tls": "implicit"}],
                   "policy": {"exemptions": [{"id": "certified", "owner": "o", "reason": "r", "allow": ["early_talker"],
                                              "when": {"tls_client": ["CN=cron"]}}]}})
    for certificate, greeting in ((authority.issue("CN=cron", client=True), b"220 "), (None, b"554 ")):
        context = client_context(certificate=certificate)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, context.wrap_socket(plain) as early:
            early.sendall(b"EHLO client.example\r\n")
            assert early.recv(4096).startswith(greeting)


@pytest.mark.parametrize("group", [
    b"EHLO client.example\r\nMAIL FROM:<a@bounces.example>\r\n",
    b"HELO client.example\r\nMAIL FROM:<a@bounces.example>\r\n",
    b"EHLO client.example\r\n|MAIL FROM:<a@bounces.example>\r\nRCPT TO:<inbox@ours.example>\r\nDATA\r\n"
    b"From: a@p-none.example\r\n\r\nx\r\n.\r\n",
    b"HELO client.example\r\n|MAIL FROM:<a@bounces.example>\r\nRCPT TO:<inbox@ours.example>\r\n",
])
def test_commands_before_the_reply_that_they_must_wait_for(group, patient, sink):
    client = RawClient(patient.port, NAMELESS)
    replies = []
    for part in group.split(b"|"):
        client.send(part)
        replies.append(client.reply())
    client.send(b"QUIT\r\n")
    while replies[-1][:3] not in ("221", "421", ""):
        replies.append(client.reply())
    assert any(reply.startswith("554 5.5.0 ") for reply in replies), replies
    assert sink.messages == []
    assert patient.stats()["clients"]["unauthorized_pipelining"] == 1


def test_without_a_delay_scripts_that_look_at_no_reply_are_served(gatepost, sink):
    script = (b"HELO cron.ours.example\r\nMAIL FROM:<root@ours.example>\r\nRCPT TO:<inbox@ours.example>\r\nDATA\r\n"
              + CRON_MAIL + b".\r\nQUIT\r\n")
    client = RawClient(gatepost.port, CRON, greeted=False)
    assert client.codes(script, 7) == ["220", "250", "250", "250", "354", "250", "221"]
    assert len(sink.messages) == 1


def test_rate_limits_by_rule(make_gatepost, send):
    server = make_gatepost({"policy": {
        "exemptions": [FORGIVEN],
        "rate_limits": [{"id": "bounces", "when": {"mail_from": "*@bounces.example"}, "messages": 2, "per": "1h"},
                        {"id": "author", "when": {"author_domain": "p-none.example"}, "messages": 3, "per": "1h"}]}})
    codes = [send(compose("a@no-policy.example"), NAMED, "a@bounces.example", server=server).code for _ in range(3)]
    assert codes == [250, 250, 450]
    assert send(compose("a@no-policy.example"), NAMELESS, "a@bounces.example", server=server).code == 250, "another client"
    replies = [send(compose("a@p-none.example"), NAMED, "a@no-policy.example", server=server).reply for _ in range(4)]
    assert [reply[:3] for reply in replies] == ["250", "250", "250", "450"]
    assert replies[3].startswith("450 4.7.1 too much of this client for now (author) "), "at the end of data"
    for _ in range(4):
        assert send(CRON_MAIL, CRON, "root@bounces.example", server=server).code == 250, "forgiven"
    assert server.stats()["messages"]["defer"] == 1
    assert server.stats()["clients"]["rate_limited"] == 2


def test_rates_of_clients_and_networks(make_gatepost, send):
    server = make_gatepost({
        "limits": {"client_rates": {"messages": 2, "recipients": 3, "connections": 4},
                   "network_rates": {"messages": 3}},
        "policy": {"exemptions": [FORGIVEN]}})

    def reply(client, to="inbox@ours.example"):
        return send(compose("a@p-none.example"), client, "a@bounces.example", to, server=server).reply
    assert reply(NAMED).startswith("250 ")
    assert reply(NAMED).startswith("250 ")
    assert "(limits.client_rates.messages)" in reply(NAMED)
    many = ",".join(f"r{i}@ours.example" for i in range(4))
    assert "(limits.client_rates.recipients)" in reply(NAMELESS, many)
    assert "(limits.network_rates.messages)" in reply("127.0.0.99")
    assert reply(NAMED).startswith("450 ")
    assert reply(NAMED).startswith("421 4.7.0 too many connections"), "the fifth"
    for _ in range(6):
        assert send(CRON_MAIL, CRON, "root@ours.example", server=server).code == 250, "forgiven"


def test_errors_are_answered_late_and_then_not_at_all(make_gatepost):
    server = make_gatepost({"limits": {"errors_per_connection": 4, "client_rates": {"errors": 4}}})
    client = RawClient(server.port, NAMELESS)
    begin = time.monotonic()
    assert [client.say("NONSENSE")[:3] for _ in range(2)] == ["500", "500"]
    assert time.monotonic() - begin < 0.4
    assert [client.say("NONSENSE")[:3] for _ in range(3)] == ["500", "500", "421"]
    assert time.monotonic() - begin > 1.0
    assert RawClient(server.port, NAMELESS, greeted=False).reply().startswith("421 4.7.0 "), "after four errors within ten minutes"
    RawClient(server.port, KNOWN)


def test_who_never_reads_its_replies_is_cut_off(make_gatepost):
    server = make_gatepost({"limits": {"command_timeout": "2s"}})
    client = RawClient(server.port, NAMELESS)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    begin = taken = time.monotonic()
    # Commands alone come to an end before the buffers between the two are full.
    group = (b"EHLO client.example\r\n" * 500 + f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<inbox@ours.example>\r\nDATA\r\n".encode()
             + SPF_ONLY + b".\r\n")
    with pytest.raises(OSError):
        while time.monotonic() - begin < 60:
            client.send(group)
            taken = time.monotonic()  # the buffers between the two had room
    wait_until(lambda: server.stats()["connections"]["open"] == 0, 10, "it is gone")
    assert server.stats()["clients"]["timeout"] == 1
    assert time.monotonic() - taken < 25


def test_who_sends_its_message_octet_by_octet_is_cut_off(make_gatepost, sink):
    server = make_gatepost({"limits": {"data_timeout": "2s"}})
    client = RawClient(server.port, NAMELESS)
    client.envelope("a@bounces.example")
    client.say("DATA")
    begin = time.monotonic()
    while not select.select([client.socket], [], [], 0.2)[0] and time.monotonic() - begin < 20:
        client.send(b"x")
    assert time.monotonic() - begin < 10
    assert client.reply().startswith("421 4.4.2 ")
    assert sink.messages == []


def test_slow_clients_do_not_hold_the_way_behind(make_gatepost, send, sink):
    """The acceptance with 1,000 is tests/bench/slow_clients.py; here with fewer, in steady state and at once."""
    server = make_gatepost({"relay": {"connections": 2}, "process": {"workers": 1},
                            "limits": {"connections_per_client": 100}})
    slow = [RawClient(server.port, f"127.0.0.{100 + i % 3}") for i in range(30)]
    for i, client in enumerate(slow):
        if i % 3 == 0:
            continue  # stalled before EHLO
        client.say("EHLO slow.example")
        client.send(b"MAIL FROM:<s@bounces.example>\r\nRCPT TO:<inbox@ours.example>\r\n"
                    + (b"DATA\r\n" if i % 3 == 2 else b""))
    for i, client in enumerate(slow):
        assert i % 3 == 0 or [client.reply()[:3], client.reply()[:3]] == ["250", "250"]
    time.sleep(1.2)
    begin = time.monotonic()
    assert send(SPF_ONLY, KNOWN, SENDER, server=server).code == 250
    assert time.monotonic() - begin < 3, "swaks itself takes a part of it"
    # Who goes on after all has lost nothing.
    late = slow[2]
    assert late.reply()[:3] == "354"
    late.send(compose("a@p-none.example") + b".\r\n")
    assert late.reply()[:3] == "250"
    assert len(sink.messages) == 2
