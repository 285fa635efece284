"""What becomes of a message, by what its author's domain publishes, who sends it from where, and the operator's rules."""
import json
import re

import pytest

from harness.cases import CASES
from harness.gatepost import HOSTNAME
from harness.mail import claims, field, fields_of
from harness.signing import signature_verifies

ID = re.compile(re.escape(HOSTNAME) + r" \S+-\d+")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_server_decides(case, keys, send, sink, gatepost, name_server):
    message = case.message(keys)
    before = gatepost.stats()["messages"]
    transcript = send(message, case.client, case.mail_from)
    after = gatepost.stats()["messages"]

    assert {word for word in after if after[word] != before[word]} == {case.action, "total"}
    assert ID.search(transcript.reply), transcript.reply
    if case.action == "reject":
        assert transcript.reply.startswith("550 5.7."), transcript.text
        assert case.reply in transcript.reply
        assert sink.messages == []
        return
    assert transcript.reply.startswith("250 2."), transcript.text
    relayed = sink.only_message()
    assert (relayed.reverse_path, relayed.recipients) == (case.mail_from, ["inbox@ours.example"])
    assert relayed.octets.endswith(message), "the message's own octets were changed"

    results = field(relayed.octets, "Authentication-Results")
    assert results.startswith(f"{HOSTNAME};")
    found = claims(results)
    assert found["dmarc"] == [case.dmarc]
    assert case.spf is None or found["spf"][0] == case.spf
    assert case.dkim is None or found["dkim"] == [case.dkim]
    tags = [body for name, body in fields_of(relayed.octets) if name == "x-quarantine"]
    if case.action == "quarantine":
        assert len(tags) == 1 and tags[0].startswith("dmarc;")
    else:
        assert tags == []
    if case.signed:  # somebody else's verifier, behind us
        assert signature_verifies(relayed.octets, name_server.txt)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verify_agrees_with_the_server(case, keys, send, sink, gatepost, tmp_path):
    message = case.message(keys)
    path = tmp_path / "message.eml"
    path.write_bytes(message)
    told = gatepost.command("verify", "--json", "--ip", case.client, "--helo", "client.example", "--mail-from",
                            case.mail_from, "--rcpt-to", "inbox@ours.example", path)
    assert told.returncode in (0, 1), told.stderr
    verdict = json.loads(told.stdout)

    transcript = send(message, case.client, case.mail_from)
    assert verdict["decision"]["action"] == case.action
    assert verdict["author_domain"] == case.author_domain
    assert verdict["dmarc"]["result"] == case.dmarc
    if case.action == "reject":
        assert re.sub(r" \(" + ID.pattern + r"\)$", "", transcript.reply) == verdict["decision"]["reply"]
    else:
        relayed = sink.only_message().octets
        assert " ".join(verdict["authentication_results"].split()) == \
            " ".join(field(relayed, "Authentication-Results").split())
