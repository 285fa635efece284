"""Sealing, and sealers that are trusted: chains through one and two servers, validated by dkimpy as well."""
import signal
import subprocess
import time

import pytest

from harness.mail import compose, field, fields_of
from harness.signing import arc_result, seal
from harness.zone import NAMED

BOUNCE = "b@bounces.example"
ARC_FIELDS = ["arc-seal", "arc-message-signature", "arc-authentication-results"]
LISTS = {"id": "lists", "owner": "ops@ours.example", "reason": "lists that we trust",
         "when": {"arc_sealer": ["lists.example"]}, "allow": ["dmarc"]}


def sealing(tmp_path, key):
    path = tmp_path / f"{key.domain}.pem"
    path.write_bytes(key.pem)
    return {"authentication": {"arc": {"seal": {"domain": key.domain, "selector": key.selector,
                                                "private_key": {"file": str(path)}}}}}


@pytest.fixture
def sealed_once(make_gatepost, send, sink, keys, sealing_keys, tmp_path):
    """A signed message as it comes out of a server that seals."""
    server = make_gatepost(sealing(tmp_path, sealing_keys["ours.example"]))
    message = keys["dkim-only.example"].sign(compose("someone@dkim-only.example", fields=["X-Quarantine: forged"]))
    transcript = send(message, NAMED, BOUNCE, server=server)
    assert transcript.code == 250, transcript.text
    octets = sink.only_message().octets
    sink.reset()
    return octets


def test_dkimpy_takes_what_we_seal(sealed_once, name_server):
    names = [name for name, _ in fields_of(sealed_once)]
    assert names[:5] == ["authentication-results", *ARC_FIELDS, "received"]
    assert "x-quarantine" not in names
    assert field(sealed_once, "ARC-Authentication-Results").startswith("i=1; mx1.ours.example; spf=")
    assert arc_result(sealed_once, name_server.txt) == (b"pass", 1)
    assert arc_result(sealed_once.replace(b"Hello.", b"Hallo."), name_server.txt)[0] == b"fail"


def test_a_second_hop_adds_a_second_set(sealed_once, make_gatepost, send, sink, sealing_keys, tmp_path, name_server):
    second = make_gatepost(sealing(tmp_path, sealing_keys["lists.example"]))
    assert send(sealed_once, NAMED, BOUNCE, server=second).code == 250
    octets = sink.only_message().octets
    assert "arc=pass" in field(octets, "Authentication-Results")
    assert arc_result(octets, name_server.txt) == (b"pass", 2)
    seals = [value for name, value in fields_of(octets) if name == "arc-seal"]
    assert "i=2;" in seals[0] and "cv=pass" in seals[0] and "d=lists.example" in seals[0]


def test_a_broken_chain_gets_one_set_that_says_so_and_no_more(sealed_once, make_gatepost, send, sink, sealing_keys,
                                                              tmp_path):
    second = make_gatepost(sealing(tmp_path, sealing_keys["lists.example"]))
    broken = sealed_once.replace(b"Hello.", b"Hallo.")
    assert send(broken, NAMED, BOUNCE, server=second).code == 250
    octets = sink.only_message().octets
    seal_fields = [value for name, value in fields_of(octets) if name == "arc-seal"]
    assert len(seal_fields) == 2 and "i=2;" in seal_fields[0] and "cv=fail" in seal_fields[0]
    sink.reset()
    assert send(octets, NAMED, BOUNCE, server=second).code == 250
    assert [name for name, _ in fields_of(sink.only_message().octets)].count("arc-seal") == 2


def test_a_reload_takes_a_new_key(make_gatepost, send, sink, sealing_keys, tmp_path, name_server):
    changes = sealing(tmp_path, sealing_keys["ours.example"])
    server = make_gatepost(changes)
    new = sealing_keys["lists.example"]
    text = server.configuration_path.read_text(encoding="utf-8")
    (tmp_path / "ours.example.pem").write_bytes(new.pem)
    server.configuration_path.write_text(text.replace("domain: ours.example", "domain: lists.example"), encoding="utf-8")
    server.process.signal(signal.SIGHUP)
    server.process.wait_until(lambda: " reload " in server.process.log, "the reload")
    assert send(compose("someone@no-policy.example"), NAMED, BOUNCE, server=server).code == 250
    octets = sink.only_message().octets
    assert "d=lists.example" in field(octets, "ARC-Seal")
    assert arc_result(octets, name_server.txt) == (b"pass", 1)


def from_a_list(key):
    """Mail of a strict domain that a list changed and sealed: nothing of the author's is aligned any more."""
    message = compose("Some One <someone@p-quarantine.example>", subject="[list] news",
                      fields=["Authentication-Results: lists.example; spf=pass smtp.mailfrom=p-quarantine.example; arc=none"])
    return seal(message, key, b"lists.example")


@pytest.mark.parametrize("domain, trusted, action", [
    ("lists.example", ["lists.example"], "accept"),
    ("lists.example", ["ours.example"], "quarantine"),
    ("lists.example", [], "quarantine"),
    ("rogue.example", ["lists.example"], "quarantine"),
])
def test_a_trusted_sealer_and_no_other_lets_list_mail_pass(domain, trusted, action, make_gatepost, send, sink,
                                                           sealing_keys, tmp_path):
    server = make_gatepost({"authentication": {"arc": {"trusted_sealers": trusted}}, "policy": {"exemptions": [LISTS]}})
    message = from_a_list(sealing_keys[domain])
    assert send(message, NAMED, BOUNCE, server=server).code == 250
    octets = sink.only_message().octets
    names = [name for name, _ in fields_of(octets)]
    assert ("x-quarantine" in names) == (action == "quarantine")
    results = fields_of(octets)[0][1]
    assert "arc=pass" in results and ("trusted_forwarder: lists" in results) == (action == "accept")
    assert server.stats()["exemptions"]["lists"] == (1 if action == "accept" else 0)
    path = tmp_path / "message.eml"
    path.write_bytes(message)
    told = server.command("verify", "--json", "--ip", NAMED, "--mail-from", BOUNCE, path).stdout
    assert f'"trusted":{"true" if action == "accept" else "false"}' in told, told
    # Another author below the seal is not the one that was sealed.
    sink.reset()
    forged = b"From: boss@p-quarantine.example\r\n" + message.replace(b"From:", b"X-From:", 1)
    assert send(forged, NAMED, BOUNCE, server=server).code == 250
    assert "x-quarantine" in [name for name, _ in fields_of(sink.only_message().octets)]


def test_reports_tell_the_trusted_forwarder(make_gatepost, send, sink, sealing_keys):
    server = make_gatepost({"authentication": {"arc": {"trusted_sealers": ["lists.example"]}},
                            "policy": {"exemptions": [LISTS]}})
    assert send(from_a_list(sealing_keys["lists.example"]), NAMED, BOUNCE, server=server).code == 250
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shown = server.command("report", "show", "p-quarantine.example").stdout
        if "<type>" in shown:
            break
        time.sleep(0.1)
    assert "<type>trusted_forwarder</type>" in shown and "<comment>lists</comment>" in shown


def test_a_weak_or_unreadable_key_is_told(make_gatepost, tmp_path, sealing_keys):
    server = make_gatepost(sealing(tmp_path, sealing_keys["ours.example"]))
    weak = subprocess.run(["openssl", "genrsa", "1024"], check=True, capture_output=True).stdout
    (tmp_path / "ours.example.pem").write_bytes(weak)
    checked = server.command("check-config")
    assert checked.returncode == 0 and "an RSA key of 1024 bits: receivers want at least 2048" in checked.stderr
    (tmp_path / "ours.example.pem").write_bytes(b"no key")
    checked = server.command("check-config")
    assert checked.returncode == 2 and "authentication.arc.seal.private_key: not a private key" in checked.stderr
