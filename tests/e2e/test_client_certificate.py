"""Exemptions that stand on a client's certificate: whole names, verified by tls.client_ca; anything else is as good as none."""
import re
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from harness.authority import Authority
from harness.mail import compose
from harness.zone import KNOWN

# Refused unless exempted: ours, unsigned, from a host that is not ours.
MESSAGE = compose("root@ours.example")
SENDER = "root@ours.example"
SUBJECT = "CN=cron,OU=Hosts,O=Example Ltd"
NAMES = ["DNS:cron.internal.example", "email:cron@internal.example", "URI:spiffe://internal.example/cron"]


def exemption(*patterns):
    return {"own_networks": [], "exemptions": [{
        "id": "certified", "owner": "o", "reason": "r", "when": {"tls_client": list(patterns)},
        "allow": ["dmarc", "spf"]}]}


@pytest.fixture
def certified(make_gatepost, authority):
    def make(*patterns, **tls):
        return make_gatepost({"tls": {"client_ca": str(authority.certificate), **tls}, "policy": exemption(*patterns)})
    return make


def show(certificate):
    if certificate is None:
        return ["--tls"]
    return ["--tls", "--tls-cert", str(certificate.certificate), "--tls-key", str(certificate.private_key)]


def test_each_form_names_the_whole_certificate(certified, send, authority, sink):
    certificate = authority.issue(SUBJECT, NAMES, client=True)
    fingerprint = certificate.sha256.upper()
    forms = [  # the pattern, whether it matches
        (SUBJECT, True),
        ("cn=cron, ou = Hosts, o=Example\\20Ltd", True),
        ("CN=cron,OU=Hosts", False),
        ("OU=Hosts,O=Example Ltd", False),
        ("O=Example Ltd,OU=Hosts,CN=cron", False),
        ("CN=Cron,OU=Hosts,O=Example Ltd", False),
        ("DNS:cron.internal.example", True),
        ("DNS:CRON.internal.example", True),
        ("DNS:internal.example", False),
        ("email:cron@INTERNAL.example", True),
        ("email:Cron@internal.example", False),
        ("URI:spiffe://internal.example/cron", True),
        ("URI:spiffe://internal.example/cro", False),
        (certificate.sha256, True),
        ("SHA256:" + ":".join(fingerprint[i:i + 2] for i in range(0, 64, 2)), True),
        ("0" * 64, False),
    ]
    for pattern, matches in forms:
        server = certified(pattern)
        transcript = send(MESSAGE, KNOWN, SENDER, server=server, options=show(certificate))
        assert (transcript.code == 250) == matches, (pattern, transcript.text)
        server.stop()
    assert len(sink.messages) == sum(matches for _, matches in forms)


BAD = [  # what is shown instead of a good certificate of the same names
    lambda ca, other: None,
    lambda ca, other: other.issue(SUBJECT, NAMES, client=True),
    lambda ca, other: ca.issue(SUBJECT, NAMES, first_day=-9, last_day=-1, client=True),
    lambda ca, other: ca.issue(SUBJECT, NAMES, first_day=2, client=True),
    lambda ca, other: ca.issue(SUBJECT, NAMES, self_signed=True, client=True),
    lambda ca, other: ca.issue("CN=cron.internal.example,OU=Hosts,O=Example Ltd", ["DNS:x.example"], client=True),
]


@pytest.mark.parametrize("issue", BAD)
@pytest.mark.parametrize("version", ["tlsv1_2", "tlsv1_3"])
def test_others_match_nothing_and_go_on(issue, version, certified, send, authority, tmp_path, sink):
    server = certified(SUBJECT, NAMES[0])
    certificate = issue(authority, Authority(tmp_path / "other", "Test CA"))
    options = [*show(certificate), "--tls-protocol", version]
    transcript = send(MESSAGE, KNOWN, SENDER, server=server, options=options)
    assert transcript.reply.startswith("550 5.7.1 DMARC policy"), transcript.text
    # The session is as good as any other: mail that needs no exemption passes.
    good = compose("someone@spf-only.example")
    assert send(good, KNOWN, "b@spf-only.example", server=server, options=options).code == 250
    assert len(sink.messages) == 1


def test_a_key_that_is_made_to_cost_ends_the_handshake(certified, authority):
    """A check by a key of 16,384 bits and a long exponent took 7 ms, for 4 KB that anybody can send."""
    server = certified(SUBJECT)
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt",
                           "rsa_keygen_pubexp:18446744073709551557"], capture_output=True, check=True)
    key = serialization.load_pem_private_key(made.stdout, None)
    for shown, is_taken in ((authority.issue(SUBJECT, client=True, key=key), False),
                            (authority.issue(SUBJECT, client=True, kind="rsa"), True)):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-starttls", "smtp", "-quiet",
                               "-cert", shown.certificate, "-key", shown.private_key], input=b"NOOP\r\nQUIT\r\n",
                              capture_output=True, timeout=20)
        assert (b"221 " in done.stdout) == is_taken, (done.stdout, done.stderr)
        assert (b"alert" in done.stderr) != is_taken, done.stderr


def test_the_verdict_names_it_and_dead_dns_does_not_matter(make_gatepost, send, authority, sink):
    """PRODUCT: mail that an exemption forgives by tls_client is accepted while DNS is dead."""
    server = make_gatepost({"tls": {"client_ca": str(authority.certificate)}, "policy": exemption(SUBJECT),
                            "dns": {"timeout": "1s"}}, dns_port=9)
    certificate = authority.issue(SUBJECT, client=True)
    assert send(MESSAGE, KNOWN, SENDER, server=server, options=show(certificate)).code == 250
    assert send(MESSAGE, KNOWN, SENDER, server=server, options=show(None)).code == 451
    assert f'tls_client="{SUBJECT}"' in server.process.log
    assert server.stats()["exemptions"] == {"certified": 1}


def test_it_is_asked_for_in_every_context(certified, authority):
    """Behind SNI too, and with the authorities' names, by which clients choose."""
    other = authority.issue("CN=other", ["DNS:other.ours.example"])
    server = certified(SUBJECT, certificates=[{"names": ["other.ours.example"], **other.settings()}])
    for name in ("other.ours.example", "nobody.example"):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-starttls", "smtp",
                               "-servername", name], input=b"QUIT\r\n", capture_output=True, timeout=20)
        names = done.stdout.partition(b"Acceptable client certificate CA names")[2]
        assert re.search(rb"^CN ?= ?Test CA$", names, re.M), done.stdout  # OpenSSL 3.2 writes it without spaces
