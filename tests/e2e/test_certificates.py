"""Which certificate is shown to whom, its renewal without a reload, staples, and the resumption of sessions."""
import datetime
import os
import signal
import ssl
import subprocess

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.hazmat.primitives import hashes, serialization

from harness.mail import compose
from harness.process import wait_until
from harness.raw_client import RawClient
from harness.tls_client import TlsClient, client_context
from harness.zone import KNOWN

WATCH_SECONDS = 15  # the server looks every two


def der(certificate):
    return certificate.parsed.public_bytes(serialization.Encoding.DER)


def shown(server, name=None, context=None):
    with TlsClient(server.port, context or client_context(), name) as client:
        return client.certificate


@pytest.fixture
def own(authority):
    return authority.issue("CN=default", ["DNS:mx1.ours.example"])


def test_the_name_asked_for_chooses(make_gatepost, authority, own):
    exact = authority.issue("CN=exact", ["DNS:mx2.ours.example"])
    wild = authority.issue("CN=wild", ["DNS:*.wild.example"])
    server = make_gatepost({"tls": {**own.settings(), "certificates": [
        {"names": ["mx2.ours.example", "b.wild.example"], **exact.settings()},
        {"names": ["*.wild.example"], **wild.settings()}]}})
    for name, certificate in [(None, own), ("mx1.ours.example", own), ("unknown.example", own),
                              ("mx2.ours.example", exact), ("MX2.Ours.Example", exact), ("x.mx2.ours.example", own),
                              ("a.wild.example", wild), ("b.wild.example", exact), ("c.a.wild.example", own),
                              ("wild.example", own)]:
        assert shown(server, name) == der(certificate), name


def test_two_kinds_of_keys_side_by_side(make_gatepost, authority):
    rsa = authority.issue("CN=rsa", ["DNS:mx1.ours.example"], kind="rsa")
    ec = authority.issue("CN=ec", ["DNS:mx1.ours.example"], kind="ec")
    server = make_gatepost({"tls": {**rsa.settings(), "certificates": [ec.settings()]}})
    for ciphers, certificate in [("ECDHE-RSA-AES128-GCM-SHA256", rsa), ("ECDHE-ECDSA-AES128-GCM-SHA256", ec)]:
        context = client_context("TLSv1_2")
        context.set_ciphers(ciphers)
        assert shown(server, context=context) == der(certificate)


def test_versions_and_ciphers(make_gatepost, certificate):
    server = make_gatepost({"tls": {"minimum_version": "1.3"}})
    assert shown(server, context=client_context("TLSv1_3"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shown(server, context=client_context("TLSv1_2"))


@pytest.mark.parametrize("offer", [["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"], ["-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"],
                                   ["-tls1_2", "-cipher", "AES128-SHA256"],            # no forward secrecy
                                   ["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"]])
def test_what_is_out_of_date_is_refused(offer, gatepost):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{gatepost.port}", "-starttls", "smtp", *offer],
                          input=b"QUIT\r\n", capture_output=True, timeout=20)
    assert b"Cipher is (NONE)" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("mode", ["implicit", "required"])
def test_other_modes_of_a_listener(mode, make_gatepost, certificate):
    server = make_gatepost()
    text = server.configuration_path.read_text().replace("tls: starttls", f"tls: {mode}")
    server.stop()
    server.configuration_path.write_text(text)
    server.start()
    with TlsClient(server.port, client_context(), implicit=mode == "implicit") as client:
        assert "STARTTLS" not in client.ehlo
        assert client.say("MAIL FROM:<b@spf-only.example>").startswith("250 ")


def test_renewal_is_seen_while_a_session_goes_on(make_gatepost, authority, own, sink):
    server = make_gatepost({"tls": own.settings()})
    before, after = der(own), authority.issue("CN=renewed")
    with TlsClient(server.port, client_context(), address=KNOWN) as client:
        assert client.say("MAIL FROM:<b@spf-only.example>").startswith("250 ")
        # Half of a pair, and half of a file: the good pair stays.
        key, certificate = own.private_key.read_bytes(), own.certificate.read_bytes()
        own.certificate.write_bytes(after.certificate.read_bytes())
        wait_until(lambda: "certificates_refused" in server.process.log, WATCH_SECONDS, "a half pair is refused")
        assert server.stats()["config"] == {"reload_failures": 1, "last_reload_successful": False}
        assert "changed certificate files were refused" in server.get("/readyz")[1]
        assert shown(server) == before
        own.certificate.write_bytes(after.certificate.read_bytes()[:200])
        own.private_key.write_bytes(after.private_key.read_bytes())
        assert shown(server) == before
        own.certificate.write_bytes(after.certificate.read_bytes())
        wait_until(lambda: shown(server) == der(after), WATCH_SECONDS, "the renewed pair is shown")
        assert server.stats()["config"]["last_reload_successful"]
        assert server.process.log.count("certificates_refused") <= 2
        # A session keeps what it began with, and its transaction.
        assert client.say("RCPT TO:<inbox@ours.example>").startswith("250 ")
        client.say("DATA")
        message = compose("someone@spf-only.example")
        client.plain.sendall(message)
        assert client.say(".").startswith("250 ")
        assert sink.only_message().octets.endswith(message)
    # Renamed into place, as certbot and Kubernetes do.
    for path, octets in ((own.private_key, key), (own.certificate, certificate)):
        fresh = path.with_suffix(".new")
        fresh.write_bytes(octets)
        os.replace(fresh, path)
    wait_until(lambda: shown(server) == before, WATCH_SECONDS, "the files renamed into place are shown")


def make_staple(certificate, authority, path, days=7):
    now = datetime.datetime.utcnow()
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate.parsed, issuer=authority.root, algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.GOOD, this_update=now - datetime.timedelta(days=9),
        next_update=now + datetime.timedelta(days=days), revocation_time=None, revocation_reason=None
    ).responder_id(ocsp.OCSPResponderEncoding.HASH, authority.root)
    path.write_bytes(builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


def stapled(server, version, name="mx1.ours.example"):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-starttls", "smtp",
                           "-status", "-servername", name, version], input=b"QUIT\r\n", capture_output=True, timeout=20)
    if b"OCSP response: no response sent" in done.stdout:
        return False
    assert b"OCSP Response Status: successful (0x0)" in done.stdout, done.stdout
    return True


def test_the_staple_is_sent_and_read_again(make_gatepost, authority, own, tmp_path):
    staple = tmp_path / "staple.der"
    named = authority.issue("CN=named", ["DNS:named.example"])
    make_staple(own, authority, staple)
    make_staple(named, authority, tmp_path / "named.der", days=-1)
    server = make_gatepost({"tls": {**own.settings(), "ocsp_staple": str(staple), "certificates": [
        {"names": ["named.example"], **named.settings(), "ocsp_staple": str(tmp_path / "named.der")}]}})
    assert stapled(server, "-tls1_2") and stapled(server, "-tls1_3")
    assert not stapled(server, "-tls1_3", "named.example"), "out of date"
    assert "named.der is out of date; it is not sent" in server.command("check-config").stderr
    make_staple(named, authority, tmp_path / "named.der")
    wait_until(lambda: stapled(server, "-tls1_3", "named.example"), WATCH_SECONDS, "the new staple is sent")
    make_staple(named, authority, staple)  # another certificate's: left out, and nothing else
    wait_until(lambda: not stapled(server, "-tls1_3"), WATCH_SECONDS, "the wrong staple is left out")
    assert shown(server) == der(own)


def resumed(server, session, context, name="mx1.ours.example"):
    with TlsClient(server.port, context, name, session) as client:
        return client.secret.session_reused, client.secret.session


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_sessions_are_resumed_by_every_worker_and_over_reloads(version, make_gatepost, own):
    server = make_gatepost({"tls": own.settings(), "process": {"workers": 3}})
    context = client_context(version)
    _, session = resumed(server, None, context)
    for _ in range(6):
        reused, session = resumed(server, session, context)
        assert reused
    server.process.signal(signal.SIGHUP)
    wait_until(lambda: " reload" in server.process.log, WATCH_SECONDS, "the reload")
    assert resumed(server, session, context)[0]


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_tickets_are_void_when_client_ca_changes(version, make_gatepost, own, authority, tmp_path):
    client_ca = tmp_path / "clients.pem"
    client_ca.write_bytes(authority.certificate.read_bytes())
    server = make_gatepost({"tls": {**own.settings(), "client_ca": str(client_ca)}})
    context = client_context(version)
    _, session = resumed(server, None, context)
    assert resumed(server, session, context)[0]
    client_ca.write_bytes(authority.certificate.read_bytes() + own.certificate.read_bytes())
    wait_until(lambda: "certificates_reloaded" in server.process.log, WATCH_SECONDS, "the new authorities")
    reused, session = resumed(server, session, context)
    assert not reused
    assert resumed(server, session, context)[0]


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_session_with_a_client_certificate_is_not_resumed(version, make_gatepost, own, authority, sink):
    """Its certificate is verified each time: neither lost nor believed beyond its day."""
    certificate = authority.issue("CN=cron,O=Example", client=True)
    server = make_gatepost({"tls": {**own.settings(), "client_ca": str(authority.certificate)},
                            "policy": {"own_networks": [], "exemptions": [{
                                "id": "certified", "owner": "o", "reason": "r",
                                "when": {"tls_client": ["CN=cron,O=Example"]}, "allow": ["dmarc", "spf"]}]}})
    context = client_context(version, certificate)
    session = None
    for _ in range(3):
        with TlsClient(server.port, context, "mx1.ours.example", session) as client:
            assert not client.secret.session_reused
            session = client.secret.session
            client.say("MAIL FROM:<root@ours.example>")
            client.say("RCPT TO:<inbox@ours.example>")
            client.say("DATA")
            client.plain.sendall(compose("root@ours.example"))
            assert client.say(".").startswith("250 ")


ORDERS_OF_XCLIENT = {
    "no XCLIENT": (["tls"], "250"),
    "behind STARTTLS": (["tls", f"XCLIENT ADDR={KNOWN}"], "550"),
    "before STARTTLS": ([f"XCLIENT ADDR={KNOWN}", "tls"], "550"),
    "before STARTTLS, and a reset": ([f"XCLIENT ADDR={KNOWN}", "tls", "RSET"], "550"),
    "behind STARTTLS, and a reset": (["tls", f"XCLIENT ADDR={KNOWN}", "RSET"], "550"),
    "in two commands, STARTTLS between them": (["XCLIENT HELO=client.example", "tls", f"XCLIENT ADDR={KNOWN}"], "550"),
    "without ADDR": (["XCLIENT HELO=client.example", "tls"], "550"),
}


@pytest.mark.parametrize("order", ORDERS_OF_XCLIENT)
def test_a_certificate_does_not_vouch_for_xclient(order, make_gatepost, own, authority):
    """What a trusted host brings is not its own: its certificate is no client's, whenever it was shown."""
    steps, code = ORDERS_OF_XCLIENT[order]
    context = client_context(certificate=authority.issue("CN=proxy", client=True))
    server = make_gatepost({"tls": {**own.settings(), "client_ca": str(authority.certificate)},
                            "xclient_hosts": ["127.0.0.1"],
                            "policy": {"own_networks": [], "exemptions": [{
                                "id": "certified", "owner": "o", "reason": "r",
                                "when": {"tls_client": ["CN=proxy"]}, "allow": ["dmarc", "spf"]}]}})
    with RawClient(server.port) as client:
        client.say("EHLO client.example")
        for step in steps:
            assert client.say("STARTTLS" if step == "tls" else step).startswith("250 " if step == "RSET" else "220 ")
            if step == "tls":
                client.secure(context)
            client.say("EHLO client.example")
        assert client.deliver(compose("root@ours.example"), "root@ours.example")[:3] == code
