"""Mail of our own machines, which sign nothing, gets through by an exemption; the same mail from elsewhere does not."""
from harness.cases import CASES
from harness.mail import compose
from harness.zone import CRON, NAMELESS

CRON_MAIL = compose("Cron Daemon <root@cron.ours.example>", subject="Cron <root@cron> backup")
FROMLESS = compose(None, subject="a device that knows no From field")


def test_each_hit_is_counted_by_the_exemptions_id(send, sink, gatepost):
    before = gatepost.stats()["exemptions"]["cron-hosts"]
    assert send(CRON_MAIL, CRON, "root@cron.ours.example").code == 250
    assert gatepost.stats()["exemptions"]["cron-hosts"] == before + 1
    assert send(CRON_MAIL, NAMELESS, "root@cron.ours.example").code == 550
    assert gatepost.stats()["exemptions"]["cron-hosts"] == before + 1


def test_a_message_without_from_is_refused_unless_the_exemption_forgives_it(make_gatepost, send, sink):
    server = make_gatepost({"policy": {"exemptions": [{
        "id": "devices", "owner": "ops@ours.example", "reason": "old printers", "when": {"client_ip": [CRON]},
        "allow": ["missing_from_domain"]}]}})
    refused = send(FROMLESS, NAMELESS, "device@bounces.example", server=server)
    assert refused.reply.startswith("550 5.7.1 "), refused.text
    assert sink.messages == []
    assert send(FROMLESS, CRON, "device@bounces.example", server=server).code == 250
    assert sink.only_message().octets.endswith(FROMLESS)


def test_an_exemption_lets_nobody_relay(send, sink):
    transcript = send(CRON_MAIL, CRON, "root@cron.ours.example", rcpt_to="victim@elsewhere.example")
    assert transcript.code == 550, transcript.text
    assert sink.messages == []


def test_an_expired_exemption_has_no_effect(make_gatepost, send, sink):
    server = make_gatepost({"policy": {"exemptions": [{
        "id": "old", "owner": "ops@ours.example", "reason": "was needed once", "expires": "2020-01-31",
        "when": {"client_ip": [CRON]}, "allow": ["dmarc", "spf"]}], "own_networks": []}})
    assert send(CRON_MAIL, CRON, "root@cron.ours.example", server=server).code == 550


def test_monitor_mode_decides_and_records_but_lets_pass(make_gatepost, send, sink, keys):
    server = make_gatepost({"policy": {"mode": "monitor"}})
    forged = next(case for case in CASES if case.name == "p-reject")
    assert send(forged.message(keys), forged.client, forged.mail_from, server=server).code == 250
    delivered = sink.only_message().octets
    assert "dmarc=fail" in delivered.decode() and b"X-Quarantine" not in delivered
    assert delivered.endswith(forged.message(keys)), "unchanged"
    stats = server.stats()
    assert stats["verdicts"]["dmarc"]["fail"] == 1
    assert stats["messages"]["accept"] == 1 and stats["would_be"] == {
        "accept": 0, "quarantine": 0, "reject": 1, "defer": 0, "discard": 0, "total": 1}
    assert 'gatepost_monitored_messages_total{would_be="reject"} 1' in server.get("/metrics")[1]
