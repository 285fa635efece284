"""DNS that is away or silent is no verdict: such mail waits with its sender, and exempted mail gets through all the same."""
import pytest

from harness.cases import CASES
from harness.mail import claims, compose, field
from harness.name_server import NameServer, SilentNameServer
from harness.process import free_port, wait_until
from harness.zone import CRON, KNOWN, zone_text

CRON_MAIL = compose("Cron Daemon <root@cron.ours.example>", subject="DNS is down")
HONEST = compose("someone@spf-only.example")
SENDER = "b@spf-only.example"


@pytest.fixture(params=["away", "silent"])
def blind_gatepost(request, make_gatepost):
    """A server whose only DNS server is away (refused at once), or takes queries and never answers."""
    if request.param == "away":
        yield make_gatepost({"dns": {"servers": [f"127.0.0.1:{free_port()}"], "timeout": "1s"}})
        return
    silent = SilentNameServer()
    yield make_gatepost({"dns": {"servers": [f"127.0.0.1:{silent.port}"], "timeout": "1s"}})
    silent.stop()


def test_mail_waits_with_its_sender(blind_gatepost, send, sink):
    assert send(HONEST, KNOWN, SENDER, server=blind_gatepost).reply.startswith("451 4.")
    assert sink.messages == []
    assert blind_gatepost.stats()["messages"]["defer"] == 1


def test_no_forgery_slips_through(blind_gatepost, send, sink, keys):
    forged = next(case for case in CASES if case.name == "p-reject")
    assert send(forged.message(keys), forged.client, forged.mail_from, server=blind_gatepost).reply.startswith("451 4.")
    assert sink.messages == []


def test_exempted_cron_mail_arrives(blind_gatepost, send, sink):
    """The mail that says that DNS is dead must arrive."""
    assert send(CRON_MAIL, CRON, "root@cron.ours.example", server=blind_gatepost).code == 250
    found = claims(field(sink.only_message().octets, "Authentication-Results"))
    assert found["dmarc"] == ["temperror"]
    assert found["spf"][0] == "temperror"


def test_mail_passes_again_when_dns_is_back(make_gatepost, send, sink, keys, tmp_path):
    own = NameServer(tmp_path / "nsd", zone_text(keys.values()))
    server = make_gatepost({"dns": {"servers": [f"127.0.0.1:{own.port}"], "timeout": "1s"}})
    assert send(HONEST, KNOWN, SENDER, server=server).code == 451
    wait_until(lambda: server.get("/readyz")[0] == 503, 15, "not ready")
    own.start()
    try:
        # A failure is remembered for some seconds (RFC 2308 §7.1), as a sender's retry is later still.
        wait_until(lambda: send(HONEST, KNOWN, SENDER, server=server).code == 250, 20, "accepted")
        assert len(sink.messages) == 1
    finally:
        own.stop()
