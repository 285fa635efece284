"""relay.tls: what goes to the mail system behind under TLS, in the clear, and not at all."""
import ssl

import pytest

from harness.authority import Authority
from harness.mail import compose
from harness.zone import KNOWN

MESSAGE = compose("someone@spf-only.example")
SENDER = "b@spf-only.example"


def downstream(certificate, client_ca=None, **versions):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.private_key)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    for name, version in versions.items():
        setattr(context, name, version)
    return context


@pytest.fixture
def relay(make_gatepost, sink, authority):
    """relay('required', context): a server with that relay.tls, and the sink with that SSLContext."""
    def make(mode, context, destination="127.0.0.1", **settings):
        sink.tls = context
        if mode == "required":
            settings.setdefault("ca", str(authority.certificate))
        return make_gatepost({"relay": {"to": [f"{destination}:{sink.port}"], "tls": mode, **settings}})
    return make


def good(authority):
    return authority.issue("CN=sink.example", ["DNS:localhost", "IP:127.0.0.1"])


@pytest.mark.parametrize("mode", ["opportunistic", "required"])
@pytest.mark.parametrize("destination", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_tls_is_used_where_it_is_offered(mode, destination, version, relay, send, sink, authority):
    context = downstream(good(authority), maximum_version=ssl.TLSVersion[version])
    server = relay(mode, context, destination)
    for _ in range(2):  # the second over the kept connection
        assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250
    assert [m.tls["version"] for m in sink.messages] == [version.replace("_", ".")] * 2
    assert sink.messages[0].octets.endswith(MESSAGE)


def test_off_means_off(relay, send, sink, authority):
    assert send(MESSAGE, KNOWN, SENDER, server=relay("off", downstream(good(authority)))).code == 250
    assert sink.only_message().tls is None


CLEAR = [  # why there is no TLS, whether opportunistic falls back to clear text
    ("not offered", True),
    ("refused", True),
    ("handshake fails", True),
    ("injection", False),
]


@pytest.mark.parametrize("mode", ["opportunistic", "required"])
@pytest.mark.parametrize("why,falls_back", CLEAR)
def test_without_tls(mode, why, falls_back, relay, send, sink, authority):
    context = downstream(good(authority))
    if why == "refused":
        sink.starttls_reply = "454 4.7.0 TLS not available"
    if why == "handshake fails":
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.minimum_version = ssl.TLSVersion.TLSv1
    if why == "injection":
        sink.behind_starttls = b"250 2.0.0 injected\r\n"
    server = relay(mode, None if why == "not offered" else context)
    transcript = send(MESSAGE, KNOWN, SENDER, server=server)
    if mode == "opportunistic" and falls_back:
        assert transcript.code == 250, transcript.text
        assert sink.only_message().tls is None
        assert ("relay_tls_failed" in server.process.log) == (why == "handshake fails")
    else:
        assert transcript.reply.startswith("451 4."), transcript.text
        assert sink.messages == []
    assert (server.get("/readyz")[0] == 200) == (mode == "opportunistic" and falls_back)


BAD = [  # a certificate that `required` must refuse, what the log says
    (lambda ca, other: ca.issue("CN=127.0.0.1", ["DNS:elsewhere.example"]), "address mismatch"),
    (lambda ca, other: ca.issue("CN=127.0.0.1"), "address mismatch"),  # a CN is no name of a host
    (lambda ca, other: other.issue("CN=x", ["IP:127.0.0.1"]), "unable to get local issuer certificate"),
    (lambda ca, other: ca.issue("CN=x", ["IP:127.0.0.1"], first_day=-5, last_day=-1), "expired"),
    (lambda ca, other: ca.issue("CN=x", ["IP:127.0.0.1"], self_signed=True), "self-signed"),
]


@pytest.mark.parametrize("issue,problem", BAD)
def test_required_refuses_a_certificate_that_is_not_theirs(issue, problem, relay, send, sink, authority, tmp_path):
    certificate = issue(authority, Authority(tmp_path / "other", "Other CA"))
    server = relay("required", downstream(certificate))
    assert send(MESSAGE, KNOWN, SENDER, server=server).reply.startswith("451 4.4.1 ")
    assert sink.messages == []
    assert problem in server.process.log


@pytest.mark.parametrize("issue,problem", BAD)
def test_opportunistic_verifies_nothing(issue, problem, relay, send, sink, authority, tmp_path):
    certificate = issue(authority, Authority(tmp_path / "other", "Other CA"))
    server = relay("opportunistic", downstream(certificate))
    assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250
    assert sink.only_message().tls is not None


def test_a_wrong_name_for_a_host(relay, send, sink, authority):
    certificate = authority.issue("CN=localhost", ["DNS:*.localhost", "IP:127.0.0.1"])
    server = relay("required", downstream(certificate), "localhost")
    assert send(MESSAGE, KNOWN, SENDER, server=server).reply.startswith("451 4.4.1 ")
    assert "hostname mismatch" in server.process.log


@pytest.mark.parametrize("mode", ["opportunistic", "required"])
def test_our_own_certificate_is_shown(mode, relay, send, sink, authority):
    own = authority.issue("CN=gatepost,O=Ours", client=True)
    context = downstream(good(authority), authority.certificate)
    server = relay(mode, context, client_certificate=own.settings())
    assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250
    assert (("commonName", "gatepost"),) in sink.only_message().tls["peer"]["subject"]
