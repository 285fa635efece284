"""What EHLO offers is what the mail system behind offered last, and its parameters reach it as they came."""
import ssl

import pytest

from harness.mail import compose
from harness.process import wait_until
from harness.raw_client import RawClient, bdat
from harness.sink import USUAL_EXTENSIONS, Sink
from harness.zone import KNOWN

SENDER = "b@spf-only.example"
MESSAGE = compose("someone@spf-only.example")
SECONDS = 20


@pytest.fixture
def own_sink():
    sink = Sink()
    yield sink
    sink.stop()


def offers(server):
    with RawClient(server.port, KNOWN) as client:
        return {line[4:].split(" ")[0]: line[4:].partition(" ")[2] for line in client.say("EHLO x.example").split("\n")}


def test_what_needs_nothing_behind_is_always_offered(gatepost, sink):
    found = offers(gatepost)
    assert {"PIPELINING", "CHUNKING", "ENHANCEDSTATUSCODES", "STARTTLS", "SMTPUTF8"} <= found.keys()
    assert found["LIMITS"] == "RCPTMAX=100 MAILMAX=1000"
    assert not {"DSN", "REQUIRETLS", "BINARYMIME"} & found.keys()


def test_dsn_reaches_the_server_behind_as_it_came(own_sink, make_gatepost):
    own_sink.extensions = (*USUAL_EXTENSIONS, "DSN")
    server = make_gatepost(relay_port=own_sink.port)
    wait_until(lambda: "DSN" in offers(server), SECONDS, "DSN is offered")
    with RawClient(server.port, KNOWN) as client:
        client.say("EHLO client.example")
        assert client.say(f"MAIL FROM:<{SENDER}> RET=hdrs ENVID=Q+2B1").startswith("250 ")
        assert client.say("RCPT TO:<one@ours.example> NOTIFY=success,Delay ORCPT=rfc822;One+40Old").startswith("250 ")
        assert client.say("RCPT TO:<two@ours.example>").startswith("250 ")
        assert client.say("RCPT TO:<three@ours.example> NOTIFY=NEVER,DELAY").startswith("501 ")
        assert client.say(bdat(MESSAGE, last=True)).startswith("250 ")
    message = own_sink.only_message()
    assert message.parameters == " RET=hdrs ENVID=Q+2B1"
    assert message.recipient_parameters == [" NOTIFY=success,Delay ORCPT=rfc822;One+40Old", ""]


@pytest.mark.parametrize("lost,mail,rcpt", [
    ("DSN", " RET=FULL", ""),
    ("DSN", "", " NOTIFY=NEVER"),
    ("SMTPUTF8", " SMTPUTF8", ""),
    ("8BITMIME", " BODY=8BITMIME", ""),
])
def test_what_was_offered_and_is_gone_defers(lost, mail, rcpt, own_sink, make_gatepost):
    own_sink.extensions = (*USUAL_EXTENSIONS, "DSN")
    server = make_gatepost(relay_port=own_sink.port)
    wait_until(lambda: "DSN" in offers(server), SECONDS, "DSN is offered")
    with RawClient(server.port, KNOWN) as client:
        assert lost in client.say("EHLO client.example")
        own_sink.go_away()
        own_sink.extensions = [word for word in own_sink.extensions if word != lost]
        own_sink.come_back()
        assert client.say(f"MAIL FROM:<{SENDER}>{mail}").startswith("250 ")
        assert client.say(f"RCPT TO:<one@ours.example>{rcpt}").startswith("451 4.3.3 ")
    assert lost not in offers(server)
    assert own_sink.messages == []


def test_requiretls_is_offered_inside_tls_where_the_way_behind_is_safe(own_sink, make_gatepost, authority):
    certificate = authority.issue("CN=sink.example", ["DNS:localhost", "IP:127.0.0.1"])
    own_sink.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own_sink.tls.load_cert_chain(certificate.certificate, certificate.private_key)
    own_sink.extensions_in_tls = ("REQUIRETLS",)
    server = make_gatepost({"relay": {"to": [f"127.0.0.1:{own_sink.port}"], "tls": "required",
                                      "ca": str(authority.certificate)}})

    def inside_tls():
        client = RawClient(server.port, KNOWN)
        client.say("EHLO client.example")
        assert client.say("STARTTLS").startswith("220 ")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client.secure(context)
        return client

    def is_offered():
        with inside_tls() as client:
            return "REQUIRETLS" in client.say("EHLO client.example")

    wait_until(is_offered, SECONDS, "REQUIRETLS is offered")
    assert "REQUIRETLS" not in offers(server)
    with RawClient(server.port, KNOWN) as client:
        client.say("EHLO client.example")
        assert client.say(f"MAIL FROM:<{SENDER}> REQUIRETLS").startswith("555 ")
    with inside_tls() as client:
        client.say("EHLO client.example")
        assert client.say(f"MAIL FROM:<{SENDER}> REQUIRETLS").startswith("250 ")
        assert client.say("RCPT TO:<one@ours.example>").startswith("250 ")
        assert client.say(bdat(MESSAGE, last=True)).startswith("250 ")
    message = own_sink.only_message()
    assert message.parameters == " REQUIRETLS" and message.tls


def test_without_a_verified_way_behind_requiretls_is_not_offered(own_sink, make_gatepost, authority):
    certificate = authority.issue("CN=sink.example", ["DNS:localhost", "IP:127.0.0.1"])
    own_sink.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own_sink.tls.load_cert_chain(certificate.certificate, certificate.private_key)
    own_sink.extensions_in_tls = ("REQUIRETLS", "DSN")
    server = make_gatepost(relay_port=own_sink.port)
    wait_until(lambda: "DSN" in offers(server), SECONDS, "the server behind was asked")
    with RawClient(server.port, KNOWN) as client:
        client.say("EHLO client.example")
        assert client.say("STARTTLS").startswith("220 ")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client.secure(context)
        assert "REQUIRETLS" not in client.say("EHLO client.example")
