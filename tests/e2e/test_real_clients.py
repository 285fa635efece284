"""Programs that people send mail with, which are not of this project."""
import json
import os
import smtplib
import subprocess

import pytest

from harness.mail import claims, compose, field
from harness.zone import KNOWN

SENDER = "b@spf-only.example"
MESSAGE = compose("someone@spf-only.example", body="one\r\n.\r\n.two\r\n" + "x" * 2000 + "\r\n")
SECONDS = 30
NODE_MODULES = "/usr/share/nodejs"  # Debian's, whoever built the `node` that is found


def arrived(sink, message=MESSAGE):
    received = sink.only_message()
    assert received.octets.endswith(b"\r\n" + message), received.octets[-300:]
    assert claims(field(received.octets, "Authentication-Results"))["dmarc"] == ["pass"]
    return received


@pytest.mark.parametrize("options", [("--pipeline",), (), ("--pipeline", "--tls"), ("--tls",), ("--protocol", "SMTP")])
def test_swaks(options, send, sink):
    assert send(MESSAGE, KNOWN, SENDER, options=options).code == 250
    received = field(arrived(sink).octets, "Received")
    protocol = "SMTP" if "SMTP" in options else "ESMTPS" if "--tls" in options else "ESMTP"
    assert f" with {protocol} " in received.replace("\t", " ") + " ", received
    assert ("TLSv1.3" in received) == ("--tls" in options)


@pytest.mark.parametrize("secured", [False, True], ids=["clear", "tls"])
def test_python_smtplib_with_smtputf8(secured, gatepost, sink):
    message = "From: Jürgen <someone@spf-only.example>\r\nTo: <inbox@ours.example>\r\nSubject: Grüße\r\n\r\nä\r\n".encode()
    with smtplib.SMTP("127.0.0.1", gatepost.port, timeout=SECONDS, source_address=(KNOWN, 0)) as client:
        if secured:
            client.starttls()
        refused = client.sendmail("jürgen@spf-only.example", ["büro@ours.example"], message,
                                  mail_options=["SMTPUTF8", "BODY=8BITMIME"])
    assert refused == {}
    received = arrived(sink, message)
    assert received.reverse_path == "jürgen@spf-only.example" and received.recipients == ["büro@ours.example"]
    assert "SMTPUTF8" in received.parameters and "BODY=8BITMIME" in received.parameters
    assert f" with UTF8SMTP{'S' if secured else ''}" in field(received.octets, "Received").replace("\t", " ")


@pytest.mark.parametrize("options", [(), ("--ssl-reqd", "--insecure")], ids=["clear", "tls"])
def test_curl(options, gatepost, sink, tmp_path):
    path = tmp_path / "message"
    path.write_bytes(MESSAGE)
    done = subprocess.run(["curl", "-sS", f"smtp://127.0.0.1:{gatepost.port}/client.example", "--interface", KNOWN,
                           "--mail-from", SENDER, "--mail-rcpt", "inbox@ours.example", "--upload-file", str(path),
                           *options], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    arrived(sink)


@pytest.mark.parametrize("options", [("--tls=off",), ("--tls=on", "--tls-starttls=on", "--tls-certcheck=off")],
                         ids=["clear", "tls"])
def test_msmtp(options, gatepost, sink, tmp_path):
    done = subprocess.run(["msmtp", "--file=/dev/null", "--host=127.0.0.1", f"--port={gatepost.port}",
                           f"--source-ip={KNOWN}", "--domain=client.example", f"--from={SENDER}", "--auth=off",
                           f"--timeout={SECONDS}", *options, "inbox@ours.example"],
                          input=MESSAGE.replace(b"\r\n", b"\n"), capture_output=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    arrived(sink)


def nodemailer(port, message, sender, recipient, **transport):
    """Sends octets; gives the final reply."""
    order = {"transport": {"host": "127.0.0.1", "port": port, "localAddress": KNOWN, "name": "client.example", **transport},
             "mail": {"envelope": {"from": sender, "to": [recipient]}, "raw": message.decode()}}
    done = subprocess.run(["node", "tests/e2e/nodemailer/send.js"], input=json.dumps(order), capture_output=True, text=True,
                          timeout=SECONDS, env={**os.environ, "NODE_PATH": NODE_MODULES})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("sender", [SENDER, "j\u00fcrgen@spf-only.example"], ids=["ascii", "smtputf8"])
@pytest.mark.parametrize("secured", [False, True], ids=["clear", "starttls"])
def test_nodemailer(secured, sender, gatepost, sink):
    message = MESSAGE if sender.isascii() else b"X-Name: J\xc3\xbcrgen\r\n" + MESSAGE
    transport = {"requireTLS": True, "tls": {"rejectUnauthorized": False}} if secured else {"ignoreTLS": True}
    assert nodemailer(gatepost.port, message, sender, "inbox@ours.example", **transport).startswith("250 ")
    received = arrived(sink, message)
    assert received.reverse_path == sender
    assert ("SMTPUTF8" in received.parameters) != sender.isascii()
    protocol = ("ESMTP" if sender.isascii() else "UTF8SMTP") + ("S" if secured else "")
    assert f" with {protocol} " in field(received.octets, "Received").replace("\t", " ") + " "
