"""The guard against hidden client addresses: everybody comes from one private address, here by the PROXY protocol."""
import json

from harness.mail import claims, compose, field
from harness.process import free_port, wait_until
from harness.raw_client import RawClient
from harness.zone import CRON, KNOWN

GATEWAY = "10.9.9.9"
EXEMPTION = {"id": "gateway", "owner": "o", "reason": "r", "when": {"client_ip": ["10.0.0.0/8"]}, "allow": ["dmarc"]}


def connect(server, client):
    connection = RawClient(server.proxy_port, "127.0.0.1", greeted=False)
    connection.send(f"PROXY TCP4 {client} 127.0.0.1 40000 25\r\n".encode())
    assert connection.reply().startswith("220 ")
    return connection


def deliver(server, client, message, sender):
    with connect(server, client) as connection:
        connection.envelope(sender)
        connection.say("DATA")
        return connection.say(message + b".\r\n")


def test_everybody_behind_one_private_address(make_gatepost, keys, sink, send):
    proxy_port, plain = free_port(), free_port()
    server = make_gatepost({
        "listeners": [{"address": f"127.0.0.1:{plain}", "tls": "starttls"},
                      {"address": f"127.0.0.1:{proxy_port}", "tls": "starttls", "proxy_protocol": True}],
        "trusted_proxies": ["127.0.0.1"], "policy": {"exemptions": [EXEMPTION], "own_networks": ["10.0.0.0/8"]}})
    server.port, server.proxy_port = plain, proxy_port
    forged = compose("boss@ours.example")
    assert deliver(server, GATEWAY, forged, "a@bounces.example").startswith("250 "), "the exemption holds as written"
    with connect(server, GATEWAY) as own:
        own.say("EHLO client.example")
        assert own.say("MAIL FROM:a@bounces.example").startswith("250 "), "so do own_networks"
    for _ in range(220):
        connect(server, GATEWAY).__exit__()
    for i in range(25):
        with connect(server, GATEWAY) as connection:
            connection.say(f"EHLO host{i}.client.example")
            connection.say("MAIL FROM:<a@bounces.example>")
    wait_until(lambda: "clients_hidden" in server.process.log, 10, "the guard tells")
    sink.messages.clear()
    assert deliver(server, GATEWAY, forged, "a@bounces.example").startswith("250 "), "tagged, not refused"
    octets = sink.only_message().octets
    assert field(octets, "X-Quarantine").startswith("dmarc;")
    found = claims(field(octets, "Authentication-Results"))
    assert "spf" not in found or found["spf"] == ["none"], found
    assert found["dmarc"] == ["fail"]
    sink.messages.clear()
    with connect(server, GATEWAY) as anybody:
        assert anybody.say("HELO").startswith("501 ")
        anybody.say("EHLO client.example")
        assert anybody.say("MAIL FROM:a@bounces.example").startswith("501 ")
    signed = keys["dkim-only.example"].sign(compose("a@dkim-only.example"))
    assert deliver(server, GATEWAY, signed, "a@bounces.example").startswith("250 ")
    assert claims(field(sink.only_message().octets, "Authentication-Results"))["dmarc"] == ["pass"]
    assert deliver(server, "192.0.2.7", compose("a@p-reject.example"), "a@p-reject.example").startswith("550 ")
    status, body = server.get("/readyz")
    warnings = json.loads(body)["warnings"]
    assert status == 200 and GATEWAY in warnings[0] and "proxy_protocol" in warnings[0]
    assert server.stats()["clients"]["clients_hidden"] == 1
