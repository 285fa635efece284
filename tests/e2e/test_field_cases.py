"""Messages from the field, by `gatepost verify` and over SMTP: the right values, and the same from both."""
import json
import re

import pytest

from harness.field_cases import FIELD_CASES, zone_text
from harness.gatepost import HOSTNAME, Gatepost
from harness.mail import field
from harness.raw_client import RawClient

HELO = "h.example.net"
ID = re.compile(rf" \({re.escape(HOSTNAME)} \S+-\d+\)$")


@pytest.fixture(scope="module")
def server(tmp_path_factory, name_server, shared_sink, certificate):
    folder = tmp_path_factory.mktemp("field-cases")
    zone = folder / "local.zone"
    zone.write_text(zone_text(), encoding="ascii")
    gatepost = Gatepost(folder, name_server.port, shared_sink.port, certificate,
                        {"dns": {"overrides": {"file": str(zone)}}, "xclient_hosts": ["127.0.0.1"]}).start()
    yield gatepost
    gatepost.stop()


def serve(server, case):
    """The server's reply to the message of a client that a host before us names."""
    with RawClient(server.port) as client:
        client.say("EHLO before.example")
        assert client.say(f"XCLIENT ADDR={case.ip}").startswith("220 ")
        client.say(f"EHLO {HELO}")
        return client.deliver(case.message, case.mail_from)


def verify(server, case, tmp_path):
    path = tmp_path / "message.eml"
    path.write_bytes(case.message)
    done = server.command("verify", "--json", "--ip", case.ip, "--helo", HELO, "--mail-from", case.mail_from,
                          "--rcpt-to", "inbox@ours.example", path)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def at(account, path):
    for key in path.split("."):
        account = account[int(key) if key.isdigit() else key]
    return account


@pytest.mark.parametrize("case", FIELD_CASES, ids=lambda case: case.name)
def test_both_give_the_right_value(case, server, sink, tmp_path):
    reply = serve(server, case)
    assert re.match(case.reply, reply), reply
    status, account = verify(server, case, tmp_path)
    for path, wanted in case.told.items():
        found = at(account, path)
        assert wanted(found) if callable(wanted) else found == wanted, (path, found)
    decision = account["decision"]
    assert status == (0 if decision["action"] == "accept" else 1)
    if not reply.startswith("250 "):
        assert ID.sub("", reply) == decision["reply"]
        assert decision["action"] == ("defer" if reply[0] == "4" else "reject") and sink.messages == []
        return
    assert decision["reply"] is None and decision["action"] in ("accept", "quarantine")
    relayed = sink.only_message().octets
    assert " ".join(account["authentication_results"].split()) == " ".join(field(relayed, "Authentication-Results").split())
    assert (b"\r\nX-Quarantine:" in relayed) == (decision["action"] == "quarantine")
