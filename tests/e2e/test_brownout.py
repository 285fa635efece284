"""Our own DNS server goes away while mail flows, and comes back: nothing is refused for good meanwhile."""
import time

import pytest

from harness.cases import CASES
from harness.mail import compose
from harness.name_server import FaultyNameServer, NameServer
from harness.process import wait_until
from harness.zone import CRON, KNOWN, NAMELESS, zone_text

AWAY_SECONDS = 30
BACK_SECONDS = 5  # after its return mail passes again
CRON_MAIL = compose("Cron Daemon <root@cron.ours.example>", subject="DNS is down")
FORGERIES = [case for case in CASES if case.name in ("p-reject", "np-reject", "sp-reject")]


@pytest.fixture
def own_name_server(tmp_path, keys):
    server = NameServer(tmp_path / "nsd", zone_text(keys.values())).start()
    yield server
    server.stop()


def metric(server, name):
    lines = [line for line in server.get("/metrics")[1].splitlines() if line.startswith(name + " ")]
    return float(lines[0].split()[1])


def honest(domain):
    return compose(f"someone@{domain}"), KNOWN, f"b@{domain}"


@pytest.mark.parametrize("away", ["gone", "silent"])
def test_nothing_is_refused_for_good_while_our_dns_is_away(away, own_name_server, make_gatepost, send, sink, keys):
    server = make_gatepost({"dns": {"servers": [f"127.0.0.1:{own_name_server.port}"], "timeout": "2s"}})
    wait_until(lambda: server.get("/readyz")[0] == 200, 10, "ready")
    assert send(*honest("short-lived.example"), server=server).code == 250

    own_name_server.stop() if away == "gone" else own_name_server.fall_silent()
    try:
        end = time.monotonic() + AWAY_SECONDS
        replies, cron_replies, stale_replies = [], [], []
        saw_brownout = False
        while time.monotonic() < end:
            for case in FORGERIES:
                replies.append(send(case.message(keys), case.client, case.mail_from, server=server).reply)
            cron_replies.append(send(CRON_MAIL, CRON, "root@cron.ours.example", server=server).code)
            status, reasons = server.get("/readyz")
            saw_brownout = saw_brownout or (status == 503 and "brownout" in reasons)
            if saw_brownout:
                # Its records expired after five seconds: in a brownout they are good enough to accept by.
                stale_replies.append(send(*honest("short-lived.example"), server=server).code)
        assert all(reply.startswith("451 4.") for reply in replies), replies
        assert set(cron_replies) == {250}
        assert saw_brownout
        assert stale_replies[-1] == 250, stale_replies
        assert metric(server, "gatepost_dns_brownout") == 1
        assert metric(server, "gatepost_dns_stale_answers_total") > 0
        assert " dns_brownout " in server.process.log
    finally:
        own_name_server.start() if away == "gone" else own_name_server.wake_up()

    time.sleep(BACK_SECONDS)
    assert send(*honest("spf-only.example"), server=server).code == 250
    refused = FORGERIES[0]
    wait_until(lambda: server.get("/readyz")[0] == 200, 20, "ready again")
    assert send(refused.message(keys), refused.client, refused.mail_from, server=server).code == 550
    assert metric(server, "gatepost_dns_brownout") == 0
    assert "dns_brownout_over" in server.process.log


def test_zones_of_a_stranger_are_no_trouble_of_ours(name_server, make_gatepost, send, keys):
    """Twenty zones that one client let answer, and then fail: a warning. Who forges is refused for good as ever."""
    forwarder = FaultyNameServer(name_server.port)
    server = make_gatepost({"dns": {"servers": [f"127.0.0.1:{forwarder.port}"], "timeout": "2s"}})
    zones = [f"stranger{i}.example" for i in range(20)]
    forgery = FORGERIES[0]
    try:
        wait_until(lambda: server.get("/readyz")[0] == 200, 10, "ready")
        for zone in zones:
            send(compose(f"a@one.{zone}"), NAMELESS, f"b@one.{zone}", server=server)
        forwarder.failing.update(zones)
        for zone in zones:
            send(compose(f"a@two.{zone}"), NAMELESS, f"b@two.{zone}", server=server)
        wait_until(lambda: metric(server, "gatepost_dns_strangers_zones_fail") == 1, 10, "it is noticed")
        assert metric(server, "gatepost_dns_failing_zones") >= 5
        assert metric(server, "gatepost_dns_brownout") == 0
        status, body = server.get("/readyz")
        assert status == 200 and "zones that used to answer fail" in body, body
        wait_until(lambda: " dns_zones_fail " in server.process.log, 10, "it is logged")
        assert send(forgery.message(keys), forgery.client, forgery.mail_from, server=server).code == 550
    finally:
        forwarder.stop()
