"""Who the client is where something stands before us: the PROXY protocol and XCLIENT, and those who may not."""
import socket
import struct

import pytest

from harness.mail import compose, fields_of
from harness.process import free_port
from harness.raw_client import RawClient
from harness.zone import CRON, KNOWN, NAMELESS

SPF_ONLY = compose("someone@spf-only.example")
SENDER = "b@spf-only.example"
CRON_MAIL = compose("Cron Daemon <root@cron.ours.example>", subject="Cron <root@cron> backup")
PROXY = "127.0.0.1"  # the address that the tests' own connections come from


@pytest.fixture
def proxied(make_gatepost):
    """Gatepost with a second listener, behind a proxy at PROXY."""
    port = free_port()
    plain = free_port()
    server = make_gatepost({
        "listeners": [{"address": f"127.0.0.1:{plain}", "tls": "starttls"},
                      {"address": f"127.0.0.1:{port}", "tls": "starttls", "proxy_protocol": True}],
        "trusted_proxies": [PROXY], "xclient_hosts": [PROXY]})
    server.port, server.proxy_port = plain, port
    return server


def version_1(client):
    return f"PROXY TCP4 {client} 127.0.0.1 40000 25\r\n".encode()


def version_2(client, command=0x21):
    addresses = socket.inet_aton(client) + socket.inet_aton("127.0.0.1") + struct.pack("!HH", 40000, 25)
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, 0x11, len(addresses)) + addresses


def behind_proxy(server, first):
    """A client whose connection begins with these octets of the proxy's."""
    return RawClient(server.proxy_port, PROXY, greeted=False, first=first)


@pytest.mark.parametrize("header", [version_1, version_2])
def test_the_client_is_whom_the_proxy_names(header, proxied, sink):
    good = behind_proxy(proxied, header(KNOWN))
    assert good.reply().startswith("220 ")
    good.say("EHLO client.example")
    assert good.deliver(SPF_ONLY, SENDER).startswith("250 ")
    received = dict(fields_of(sink.only_message().octets))["received"]
    assert f"[{KNOWN}]" in received
    forger = behind_proxy(proxied, header(NAMELESS))
    forger.reply()
    forger.say("EHLO client.example")
    assert forger.deliver(SPF_ONLY, SENDER).startswith("550 5.7.1 ")


@pytest.mark.parametrize("first", [b"EHLO client.example\r\n", b"PROXY TCP4 nonsense\r\n",
                                   b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0", b"\x16\x03\x01\x02"])
def test_without_a_header_the_connection_is_closed(first, proxied):
    client = behind_proxy(proxied, first)
    assert client.reply() == ""


def test_the_header_of_others_is_not_read(proxied):
    stranger = RawClient(proxied.proxy_port, NAMELESS, greeted=False)
    assert stranger.reply() == "", "closed without a word"
    direct = RawClient(proxied.port, NAMELESS, first=version_1(CRON))
    assert direct.reply().startswith("500 "), "on another listener it is no more than a bad command"


@pytest.mark.parametrize("first", [b"PROXY UNKNOWN\r\n", version_2(KNOWN, 0x20)])
def test_health_checks_are_greeted_and_may_send_nothing(first, proxied, sink):
    probe = behind_proxy(proxied, first)
    assert probe.reply().startswith("220 ")
    assert probe.say("EHLO proxy.example").startswith("250-")
    assert probe.deliver(CRON_MAIL, "root@cron.ours.example").startswith("451 4.3.5 ")
    assert probe.say("QUIT").startswith("221 ")
    assert sink.messages == []


def test_a_client_behind_the_proxy_cannot_be_another_by_xclient(proxied, sink):
    client = behind_proxy(proxied, version_1(NAMELESS))
    client.reply()
    assert "XCLIENT" not in client.say("EHLO client.example")
    assert client.say(f"XCLIENT ADDR={CRON}").startswith("550 5.7.0 ")
    assert client.deliver(CRON_MAIL, "root@cron.ours.example").startswith("550 5.7.1 ")
    assert sink.messages == []


def test_xclient_from_a_trusted_host(proxied, sink, send):
    asked = send(CRON_MAIL, PROXY, "root@cron.ours.example", server=proxied,
                 options=["--xclient-addr", CRON, "--xclient-helo", "cron.ours.example"])
    assert asked.code == 250, asked.text
    received = dict(fields_of(sink.only_message().octets))["received"]
    assert f"[{CRON}]" in received
    other = RawClient(proxied.port, NAMELESS)
    other.say("EHLO cron.ours.example")
    assert other.say(f"XCLIENT ADDR={CRON}").startswith("550 5.7.0 ")
    assert other.deliver(CRON_MAIL, "root@cron.ours.example").startswith("550 5.7.1 ")


def test_a_client_named_by_xclient_cannot_name_another(proxied, sink):
    """A host that only hands on what its client says would otherwise hand on XCLIENT, too."""
    client = RawClient(proxied.port, PROXY)
    assert "XCLIENT" in client.say("EHLO proxy.example")
    assert client.say(f"XCLIENT ADDR={NAMELESS}").startswith("220 ")
    assert "XCLIENT" not in client.say("EHLO cron.ours.example")
    assert client.say(f"XCLIENT ADDR={CRON}").startswith("550 5.7.0 ")
    assert client.deliver(CRON_MAIL, "root@cron.ours.example").startswith("550 5.7.1 ")
    assert sink.messages == []


def test_each_client_behind_the_proxy_has_its_own_limit(make_gatepost):
    port = free_port()
    server = make_gatepost({"listeners": [{"address": f"127.0.0.1:{port}", "proxy_protocol": True}],
                            "trusted_proxies": [PROXY], "limits": {"connections_per_client": 2}})
    kept = [RawClient(port, PROXY, greeted=False, first=version_1(KNOWN)) for _ in range(2)]
    assert all(client.reply().startswith("220 ") for client in kept)
    third = RawClient(port, PROXY, greeted=False, first=version_1(KNOWN))
    assert third.reply().startswith("421 4.7.0 ")
    other = RawClient(port, PROXY, greeted=False, first=version_1(NAMELESS))
    assert other.reply().startswith("220 ")
    assert server.stats()["connections"]["open"] >= 3


def test_connections_of_a_host_that_names_clients_are_theirs(make_gatepost):
    """One client behind it took all that one client may have, and nobody else came through."""
    server = make_gatepost({"xclient_hosts": [PROXY],
                            "limits": {"connections_per_client": 2, "client_rates": {"per": "10m", "connections": 4}}})
    waiting = [RawClient(server.port, PROXY) for _ in range(6)]  # each is greeted
    for client, answer in zip(waiting, ("220 ", "220 ", "421 ")):
        client.say("EHLO front.example")
        assert client.say(f"XCLIENT ADDR={NAMELESS}").startswith(answer)
    waiting[3].say("EHLO front.example")
    assert waiting[3].say(f"XCLIENT ADDR={KNOWN}").startswith("220 ")
