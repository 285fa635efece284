"""Cron hosts of old: no brackets, no domain, no name; and lines that end in LF, from whoever they come."""
import pytest

from harness.mail import claims, compose, field
from harness.process import free_port
from harness.raw_client import RawClient
from harness.zone import CRON, KNOWN, NAMELESS

CRON_MAIL = compose("root@ours.example")
COMPLETING = {"unqualified_domain": "ours.example"}


def old_host(server, source=CRON, hello="HELO"):
    client = RawClient(server.port, source)
    return client, client.say(hello)


def test_own_networks_may_speak_as_hosts_of_old(make_gatepost, sink):
    server = make_gatepost({"policy": COMPLETING, "authentication": {"received_spf": True}})
    client, hello = old_host(server)
    assert hello.startswith("250 ")
    assert client.say("MAIL FROM:root").startswith("250 ")
    assert client.say("RCPT TO:<inbox>").startswith("250 ")
    assert client.say("RCPT TO:admin@ours.example").startswith("250 ")
    assert client.say("DATA").startswith("354 ")
    assert client.say(CRON_MAIL + b".\r\n").startswith("250 ")
    message = sink.only_message()
    assert message.reverse_path == "root@ours.example"
    assert message.recipients == ["inbox@ours.example", "admin@ours.example"]
    assert message.octets.endswith(CRON_MAIL), "the message itself is completed by nobody"
    assert field(message.octets, "Received").startswith(f"from [{CRON}] ([{CRON}])")
    assert f"helo=\"[{CRON}]\"" in field(message.octets, "Received-SPF")
    results = field(message.octets, "Authentication-Results")
    assert claims(results)["spf"] and "smtp.mailfrom=ours.example" in results, "SPF was asked of the completed address"
    assert "from=<root@ours.example> to=inbox@ours.example" in server.process.log
    assert client.say("MAIL FROM:root@db1.ours.example").startswith("250 ")


@pytest.mark.parametrize("source", [KNOWN, NAMELESS])
def test_nobody_else_may(source, make_gatepost):
    server = make_gatepost({"policy": COMPLETING})
    client, hello = old_host(server, source)
    assert hello.startswith("501 5.5.4 ")
    client.say("EHLO client.example")
    for sender in ("root@db1.example", "<root>", "root"):
        assert client.say(f"MAIL FROM:{sender}").startswith("501 5.1.7 ")
    assert client.say("MAIL FROM:<a@bounces.example>").startswith("250 ")
    for recipient in ("inbox@ours.example", "<inbox>", "inbox", "postmaster"):
        assert client.say(f"RCPT TO:{recipient}").startswith("501 5.1.3 ")
    assert client.say("RCPT TO:<postmaster>").startswith("250 "), "that one is for everybody"


def test_without_a_domain_nothing_is_completed(gatepost):
    client, _ = old_host(gatepost)
    assert client.say("MAIL FROM:<root>").startswith("501 5.1.7 ")
    assert client.say("MAIL FROM:root@db1.ours.example").startswith("250 ")


def test_an_exemption_forgives_what_it_allows_and_is_counted(make_gatepost, sink):
    exemption = {"id": "old", "owner": "o", "reason": "r", "when": {"client_ip": [NAMELESS], "helo": "db1"},
                 "allow": ["bare_path"]}
    server = make_gatepost({"policy": {**COMPLETING, "exemptions": [exemption], "own_networks": []}})
    client, hello = old_host(server, NAMELESS, "HELO db1")
    assert hello.startswith("250 ")
    assert client.say("MAIL FROM:root").startswith("501 ")
    assert client.say("MAIL FROM:a@bounces.example").startswith("250 ")
    assert client.say("RCPT TO:inbox@ours.example").startswith("250 ")
    client.say("DATA")
    assert client.say(compose("a@p-none.example") + b".\r\n").startswith("250 ")
    assert sink.only_message().recipients == ["inbox@ours.example"]
    assert server.stats()["exemptions"]["old"] == 1
    assert "address_form=old" in server.process.log
    other, _ = old_host(server, NAMELESS, "HELO db2")
    assert other.say("MAIL FROM:a@bounces.example").startswith("501 ")


def test_a_claim_of_a_trusted_host_is_judged_and_not_the_host(make_gatepost):
    """XCLIENT and PROXY: who the client is counts, and one that nobody knows is no machine of ours."""
    proxy_port, plain = free_port(), free_port()
    server = make_gatepost({
        "listeners": [{"address": f"127.0.0.1:{plain}"}, {"address": f"127.0.0.1:{proxy_port}", "proxy_protocol": True}],
        "trusted_proxies": [CRON], "xclient_hosts": [CRON], "policy": {**COMPLETING, "own_networks": [CRON]}})
    for claim, code in ((f"ADDR={NAMELESS}", "501"), ("ADDR=[UNAVAILABLE]", "501"), (f"ADDR={CRON}", "250")):
        client = RawClient(plain, CRON)
        assert client.say(f"XCLIENT {claim}").startswith("220 ")
        assert client.say("HELO")[:3] == code, claim
        client.say("HELO x")
        assert client.say("MAIL FROM:root")[:3] == code, claim
    for header, code in ((f"PROXY TCP4 {NAMELESS} 127.0.0.1 1 25", "501"), ("PROXY UNKNOWN", "501"),
                         (f"PROXY TCP4 {CRON} 127.0.0.1 1 25", "250")):
        client = RawClient(proxy_port, CRON, first=header.encode() + b"\r\n")
        assert client.say("HELO")[:3] == code, header
        client.say("HELO x")
        assert client.say("MAIL FROM:root")[:3] == code, header


@pytest.mark.parametrize("source", [CRON, KNOWN])
@pytest.mark.parametrize("octets,codes", [
    (b"NOOP\n", ["500"]),
    (b"EHLO x\nMAIL FROM:<a@bounces.example>\n", ["500"]),
    (b"EHLO x\r\nMAIL FROM:<a@bounces.example>\r\nRCPT TO:<inbox@ours.example>\nDATA\r\n\r\n.\r\n", ["250", "250", "500"]),
    (b"NOOP " + b"x" * 100_000 + b"\nQUIT\r\n", ["500"]),
])
def test_a_bare_lf_outside_of_data_ends_the_connection(source, octets, codes, make_gatepost, sink):
    server = make_gatepost({"policy": COMPLETING})
    client = RawClient(server.port, source)
    client.send(octets)
    replies = [client.reply() for _ in codes]
    assert [reply[:3] for reply in replies] == codes
    assert replies[-1].startswith("500 5.5.2 ")
    assert client.reply() == "", "closed"
    assert sink.messages == []
