"""STARTTLS with the configured certificate, as the client and the trace fields see it."""
import re
import smtplib
import socket
import ssl

import pytest

from harness.gatepost import HOSTNAME
from harness.mail import compose, fields_of
from harness.zone import KNOWN

MESSAGE = compose("someone@spf-only.example")
SENDER = "b@spf-only.example"


@pytest.mark.parametrize("version", ["tlsv1_2", "tlsv1_3"])
def test_a_message_over_starttls(version, send, sink):
    transcript = send(MESSAGE, KNOWN, SENDER, options=["--tls", "--tls-protocol", version])
    assert transcript.code == 250, transcript.text
    received = dict(fields_of(sink.only_message().octets))["received"]
    assert "with ESMTPS " in received
    assert {"tlsv1_2": "TLSv1.2", "tlsv1_3": "TLSv1.3"}[version] in received
    assert re.search(r"cipher|AES|CHACHA", received)


def test_the_certificate_is_the_configured_one(gatepost, certificate):
    context = ssl.create_default_context(cafile=certificate[0])
    context.check_hostname = False  # smtplib connects by address
    with smtplib.SMTP("127.0.0.1", gatepost.port, timeout=10) as client:
        assert "STARTTLS" in client.ehlo("client.example")[1].decode()
        assert client.starttls(context=context)[0] == 220
        assert client.sock.getpeercert()["subject"] == ((("commonName", HOSTNAME),),)
        assert "STARTTLS" not in client.ehlo("client.example")[1].decode()


def test_what_came_before_the_handshake_is_not_heard(gatepost):
    """RFC 3207 §6: commands pipelined behind STARTTLS in plain text must not count inside TLS."""
    with socket.create_connection(("127.0.0.1", gatepost.port), timeout=10) as plain:
        reader = plain.makefile("rb")
        reader.readline()
        plain.sendall(b"EHLO client.example\r\n")
        while reader.readline()[3:4] == b"-":
            pass
        plain.sendall(b"STARTTLS\r\nMAIL FROM:<injected@bounces.example>\r\n")
        reply = reader.readline()
        if not reply.startswith(b"220"):
            assert reply[:1] in (b"5", b"4"), reply
            return
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with context.wrap_socket(plain) as secret:
                secret.sendall(b"EHLO client.example\r\nRCPT TO:<inbox@ours.example>\r\nQUIT\r\n")
                heard = b""
                while chunk := secret.recv(4096):
                    heard += chunk
        except (ssl.SSLError, ConnectionError):
            return  # closed instead: as good
        assert b"\r\n503 " in heard, heard  # RCPT without MAIL


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x00\x05nonsense", b"EHLO again\r\n"])
def test_a_failed_handshake_ends_that_connection_alone(garbage, gatepost, send, sink):
    with socket.create_connection(("127.0.0.1", gatepost.port), timeout=10) as plain:
        reader = plain.makefile("rb")
        reader.readline()
        plain.sendall(b"EHLO client.example\r\n")
        while reader.readline()[3:4] == b"-":
            pass
        plain.sendall(b"STARTTLS\r\n")
        assert reader.readline().startswith(b"220 ")
        plain.sendall(garbage)
        try:
            reader.read()  # to the end: it is closed
        except ConnectionResetError:
            pass  # closed before all of the garbage was read, as OpenSSL 3.5 does
    assert send(MESSAGE, KNOWN, SENDER).code == 250
