"""Each refusal's last word is an id that the log knows: of the transaction where there is one, else of the session."""
import re

import pytest

from harness.process import wait_until
from harness.raw_client import RawClient, bdat

SIGNED = re.compile(r"^(?s:.*)\(mx1\.ours\.example ([0-9a-f]{16})(-\d+)?\)$")
MAIL, OURS, THEIRS = "MAIL FROM:<b@bounces.example>", "RCPT TO:<inbox@ours.example>", "RCPT TO:<x@elsewhere.example>"

# What is said before, what is refused, its code, and the transaction's number (none: the bare session's id).
REFUSALS = [
    ([], "NONSENSE", "500", None),
    ([], "RCPT TO:<a@ours.example>", "503", None),
    ([], "MAIL FROM:b@bounces.example", "501", None),
    ([], "MAIL FROM:<b@bounces.example> SIZE=999999999999", "552", None),
    ([], "EXPN list", "502", None),
    ([], "\x00", "500", None),
    ([MAIL], THEIRS, "550", "-1"),
    ([MAIL], MAIL, "503", "-1"),
    ([MAIL], "RCPT TO:<a b@ours.example>", "501", "-1"),
    ([MAIL], "NONSENSE", "500", "-1"),
    ([MAIL, THEIRS], "DATA", "554", "-1"),
    ([MAIL, OURS, "RSET"], "DATA", "503", None),
    ([MAIL, OURS, "RSET", MAIL], THEIRS, "550", "-2"),
    ([MAIL, OURS], bdat(b"From: a\n", last=True), "550", "-1"),
    ([], b"BDAT x\r\n", "501", None),
]


@pytest.mark.parametrize("before,refused,code,number", REFUSALS)
def test_a_refusal_ends_in_an_id(before, refused, code, number, gatepost, sink):
    with RawClient(gatepost.port) as client:
        client.say("EHLO client.example")
        for line in before:
            client.say(line)
        reply = client.say(refused)
    assert reply.startswith(code), reply
    found = SIGNED.match(reply)
    assert found and found[2] == number, reply
    assert reply.count(found[1]) == 1, reply
    if number:
        wait_until(lambda: found[1] + number in gatepost.process.log, 5, "a log line with the id")


def test_a_refused_recipient_is_logged(gatepost, sink):
    with RawClient(gatepost.port) as client:
        client.say("EHLO client.example")
        client.say(MAIL)
        found = SIGNED.match(client.say(THEIRS))
    (line,) = [line for line in gatepost.process.log.splitlines() if found[1] in line]
    assert "command_refused" in line and f"tx={found[1]}-1" in line and "elsewhere.example" in line, line


def test_a_name_that_holds_the_id_hides_no_refusal(gatepost, sink):
    """The client learns its session's id from the first refusal, and writes it into what is refused next."""
    with RawClient(gatepost.port) as client:
        client.say("EHLO client.example")
        session = SIGNED.match(client.say("NONSENSE"))[1]
        client.say(MAIL)
        found = SIGNED.match(client.say(f"RCPT TO:<x@{session}.example>"))
    assert found and found[1] + (found[2] or "") == session + "-1"
    wait_until(lambda: any("command_refused" in line and f"tx={session}-1" in line
                           for line in gatepost.process.log.splitlines()), 5, "the refusal's line in the log")
