"""The payloads of the smuggling suite, through Gatepost to real servers: never a second message behind."""
import os
import pathlib
import re
import socket

import pytest
import yaml

from harness.exim import Exim, is_possible
from harness.postfix import Postfix, programs
from harness.smtp_sink import SmtpSink

SUITE = pathlib.Path(os.environ.get("GATEPOST_SUITES", "")) / "smtp-smuggling" / "payloads.yml"
pytestmark = [pytest.mark.skipif(not SUITE.exists(), reason="the suites are not there"),
              pytest.mark.skipif(os.geteuid() != 0 or programs() is None, reason="needs root, and Postfix's programs")]


@pytest.fixture(params=["postfix", "exim", "smtp-sink"])
def behind(request, tmp_path):
    if request.param == "exim" and not is_possible():
        pytest.skip("needs the right to mount, and Exim's program")
    if request.param == "exim":
        server = Exim()
    elif request.param == "postfix":
        server = Postfix(settings=["smtpd_forbid_bare_newline = no"])  # as trusting as it was before 2024
    else:
        server = SmtpSink(tmp_path / "sink")
    yield server
    server.stop()


def unescape(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def pieces(octets, start, end):
    """In one segment, cut inside the payload, and octet by octet."""
    middle = (start + end) // 2
    return {"whole": [octets], "cut": [octets[:middle], octets[middle:]],
            "octets": [octets[:start], *[octets[i:i + 1] for i in range(start, end)], octets[end:]]}


def converse(port, opening, segments):
    """What the server says to all of it, to the close."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = client.makefile("rb")
        heard = reader.readline()
        client.sendall(opening)
        while not heard.rpartition(b"\r\n")[0].rpartition(b"\r\n")[2].startswith(b"354"):
            heard += reader.readline()
        heard = b""
        try:
            for segment in segments:
                client.sendall(segment)
            client.sendall(b"QUIT\r\n")
            while line := reader.readline():
                heard += line
        except ConnectionError:
            pass
    return heard


# To a stranger; and to one of our own machines, that everything is forgiven which can be.
FORGIVING = {"own_networks": ["127.0.0.1"], "unqualified_domain": "relay.example", "exemptions": [{
    "id": "old", "owner": "o", "reason": "r", "when": {"client_ip": ["127.0.0.1"]},
    "allow": ["dmarc", "spf", "missing_from_domain", "bare_newline", "early_talker", "bare_path", "unqualified"]}]}


@pytest.mark.parametrize("policy", [{}, FORGIVING], ids=["stranger", "forgiven"])
def test_never_a_second_message(policy, behind, make_gatepost):
    suite = yaml.safe_load(SUITE.read_text(encoding="utf-8"))
    server = make_gatepost({"domains": ["relay.example"], "limits": {"messages_per_connection": 10}, "policy": policy},
                           relay_port=behind.port)
    opening = unescape(suite["template_escaped"]) + b"\r\n"
    before, after = unescape(suite["message_before_escaped"]), unescape(suite["message_after_escaped"])
    accepted = 0
    for payload in suite["payloads"]:
        octets = before + bytes.fromhex(payload["bytes_hex"]) + after
        span = len(before), len(octets) - len(after)
        for how, segments in pieces(octets, *span).items():
            heard = converse(server.port, opening, segments)
            codes = [line[:3] for line in heard.splitlines() if line[3:4] == b" "]
            context = (payload["id"], how, heard)
            # Behind the real end of data there are commands, in part spoilt: a bare LF in one ends the connection.
            # Else nothing but QUIT.
            assert codes[0] in (b"250", b"550"), context
            assert codes[-1] == b"221" or payload["is_end_of_data"] and codes[-1] == b"500", context
            assert payload["is_end_of_data"] or len(codes) == 2, context
            accepted += len(re.findall(rb"^250 .* \(mx1\.", heard, re.M))  # the replies that name a transaction
    assert accepted > 3, "some payloads are a message's honest octets"
    behind.wait_for_deliveries(accepted)
    smuggled = [m for m in behind.messages() if b"\nSubject: outer" not in m.partition(b"\n\n")[0]]
    honest = 3 * sum(payload["is_end_of_data"] for payload in suite["payloads"])
    assert len(smuggled) <= honest, smuggled
