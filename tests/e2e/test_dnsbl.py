"""Block lists: who is refused, who is forgiven, and what a list that is broken does (nothing)."""
import time

import pytest

from harness.mail import compose
from harness.name_server import SilentNameServer
from harness.process import wait_until
from harness.zone import CRON, KNOWN, NAMED, NAMELESS

SPF_ONLY = compose("someone@spf-only.example")
SENDER = "b@spf-only.example"


def policy(*lists, **more):
    return {"policy": {"dnsbl": list(lists), **more}}


def reversed_name(client, zone):
    return ".".join(reversed(client.split("."))) + "." + zone


def overrides(zone, listed, code="127.0.0.2"):
    return [f"{reversed_name(client, zone)}. A {code}" for client in listed]


def lists(*records):
    return {"dns": {"overrides": [record for group in records for record in group]}}


@pytest.fixture
def silent_dns():
    server = SilentNameServer()
    yield server.port
    server.stop()


def test_a_listed_client_is_refused_by_name(make_gatepost, send, sink):
    server = make_gatepost({**lists(overrides("bl.example", [NAMELESS])), **policy({"zone": "bl.example"})})
    refused = send(SPF_ONLY, NAMELESS, SENDER, server=server)
    assert refused.reply.startswith(f"550 5.7.1 {NAMELESS} is listed by bl.example (mx1.ours.example ")
    assert send(SPF_ONLY, KNOWN, SENDER, server=server).code == 250
    assert len(sink.messages) == 1
    assert server.stats()["clients"]["dnsbl_refused"] == 1
    assert 'recipient_refused' in server.process.log and 'rule=policy.dnsbl' in server.process.log


def test_weights_add_up_and_answers_are_chosen(make_gatepost, send):
    server = make_gatepost({
        **lists(overrides("a.example", [NAMELESS, NAMED]), overrides("b.example", [NAMELESS], "127.0.0.10"),
                overrides("c.example", [NAMED], "127.0.0.99")),
        **policy({"zone": "a.example"}, {"zone": "key.b.example", "name": "b"}, {"zone": "b.example"},
                 {"zone": "c.example", "weight": 5, "answers": ["127.0.0.2-127.0.0.9"]}, dnsbl_threshold=2)})
    assert "is listed by a.example and b.example " in send(SPF_ONLY, NAMELESS, SENDER, server=server).reply
    assert send(compose("a@p-none.example"), NAMED, "a@bounces.example", server=server).code == 250


def test_exemptions_and_monitor_mode(make_gatepost, send):
    exemption = {"id": "cron", "owner": "o", "reason": "r", "when": {"client_ip": [CRON], "author_domain": "ours.example"},
                 "allow": ["dnsbl", "dmarc"]}
    records = lists(overrides("bl.example", [CRON, NAMELESS]))
    server = make_gatepost({**records, **policy({"zone": "bl.example"}, exemptions=[exemption])})
    assert send(compose("root@ours.example"), CRON, "root@ours.example", server=server).code == 250
    other = send(compose("a@p-none.example"), CRON, "root@ours.example", server=server)
    assert other.reply.startswith("550 5.7.1 ") and "is listed by" in other.reply, "refused at the end of data"
    assert server.stats()["exemptions"]["cron"] == 1
    watching = make_gatepost({**records, **policy({"zone": "bl.example"}, mode="monitor")})
    assert send(compose("a@p-none.example"), NAMELESS, "a@bounces.example", server=watching).code == 250
    assert "would_be=reject" in watching.process.log


@pytest.mark.parametrize("records", [
    overrides("bl.example", [NAMELESS], "127.255.255.254"),
    overrides("bl.example", [NAMELESS, "127.0.0.1"]),
])
def test_a_broken_list_is_switched_off_and_told(records, make_gatepost, send):
    server = make_gatepost({**lists(records), **policy({"zone": "bl.example"})})
    for _ in range(2):
        assert send(compose("a@p-none.example"), NAMELESS, "a@bounces.example", server=server).code == 250
    wait_until(lambda: server.stats()["clients"]["dnsbl_switched_off"] == 1, 5, "it is counted once")
    assert server.process.log.count("dnsbl_switched_off list=bl.example") == 1


def test_dead_lists_refuse_nobody_and_hold_nobody_up_for_long(make_gatepost, send, silent_dns):
    server = make_gatepost({"dns": {"timeout": "500ms"}, **policy({"zone": "bl.example"}, {"zone": "dead.example"})},
                           dns_port=silent_dns)
    begin = time.monotonic()
    assert send(compose("root@ours.example"), CRON, "root@ours.example", server=server).code == 250
    assert time.monotonic() - begin < 15
