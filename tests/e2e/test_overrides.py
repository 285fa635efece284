"""dns.overrides: local records, in the configuration or in a file of them, are answered before the network is asked."""
import signal

from harness.mail import compose
from harness.process import wait_until
from harness.zone import KNOWN, NAMELESS

ZONE = """
$ORIGIN local-only.example.
$TTL 60
@       TXT   "v=spf1 ip4:{known} -all"   ; nobody else
_dmarc  TXT   ( "v=DMARC1; "
                "p={policy}" )
"""
SENDER = "b@local-only.example"
MESSAGE = compose("someone@local-only.example")


def test_a_file_of_records_and_its_reload(make_gatepost, send, sink, tmp_path):
    zone = tmp_path / "local.zone"
    zone.write_text(ZONE.format(known=KNOWN, policy="reject"))
    server = make_gatepost({"dns": {"overrides": [{"file": str(zone)}, "extra.example. A 127.0.0.1"]}})
    assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250
    assert send(MESSAGE, NAMELESS, SENDER, server=server).code == 550
    zone.write_text(ZONE.format(known=KNOWN, policy="none"))
    server.process.signal(signal.SIGHUP)
    wait_until(lambda: send(MESSAGE, NAMELESS, SENDER, server=server).code == 250, 10, "the new policy")
    assert len(sink.messages) == 2


def test_a_broken_file_keeps_what_was(make_gatepost, send, tmp_path):
    zone = tmp_path / "local.zone"
    zone.write_text(ZONE.format(known=KNOWN, policy="reject"))
    server = make_gatepost({"dns": {"overrides": {"file": str(zone)}}})
    zone.write_text("local-only.example. A nowhere\n")
    server.process.signal(signal.SIGHUP)
    wait_until(lambda: "line 1: 'nowhere' is no IPv4 address" in server.process.log, 10, "told")
    assert send(MESSAGE, NAMELESS, SENDER, server=server).code == 550
    assert server.command("check-config").returncode == 2
