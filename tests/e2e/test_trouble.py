"""DNS that is away or silent is no verdict: such mail waits with its sender, and exempted mail gets through all the same."""
import concurrent.futures
import time

import pytest

from harness.cases import CASES
from harness.mail import claims, compose, field
from harness.name_server import FaultyNameServer, NameServer, SilentNameServer
from harness.process import free_port, open_files, wait_until
from harness.raw_client import RawClient
from harness.zone import CRON, KNOWN, NAMELESS, zone_text

CRON_MAIL = compose("Cron Daemon <root@cron.ours.example>", subject="DNS is down")
HONEST = compose("someone@spf-only.example")
SENDER = "b@spf-only.example"


# Of each case the questions without whose answer nobody can judge. Without any other the reply is the one of a clean DNS.
DECISIVE = {
    "spf-only": {"TXT spf-only.example"},
    "dkim-only": {"TXT s1._domainkey.dkim-only.example"},
    "p-reject": {"TXT p-reject.example", "TXT _dmarc.p-reject.example"},
    "p-reject-uncorroborated": {"TXT _dmarc.p-reject.example", "PTR 30.0.0.127.in-addr.arpa", "A host.named.example"},
    "cron": set(),
}


@pytest.fixture(scope="module")
def faulty(name_server):
    server = FaultyNameServer(name_server.port)
    yield server
    server.stop()


@pytest.mark.parametrize("name, silent", [*((name, False) for name in DECISIVE), ("p-reject", True)])
def test_each_question_fails_in_turn(faulty, make_gatepost, send, keys, name, silent):
    """451 where the missing answer decides; else the reply of a clean DNS, be it 250 or 550."""
    case = next(case for case in CASES if case.name == name)
    server = make_gatepost({"dns": {"servers": [f"127.0.0.1:{faulty.port}"], "timeout": "1s", "cache_entries": 0}})

    def reply_code(question):
        faulty.fail(question, silent)
        return send(case.message(keys), case.client, case.mail_from, server=server).code

    clean = reply_code(None)
    assert clean == (550 if case.action == "reject" else 250)
    questions = list(faulty.questions)
    assert DECISIVE[name] <= set(questions)
    replies = {question: reply_code(question) for question in questions}
    assert replies == {question: 451 if question in DECISIVE[name] else clean for question in questions}


@pytest.fixture(params=["away", "silent"])
def blind_gatepost(request, make_gatepost):
    """A server whose only DNS server is away (refused at once), or takes queries and never answers."""
    if request.param == "away":
        yield make_gatepost({"dns": {"servers": [f"127.0.0.1:{free_port()}"], "timeout": "1s"}})
        return
    silent = SilentNameServer()
    yield make_gatepost({"dns": {"servers": [f"127.0.0.1:{silent.port}"], "timeout": "1s"}})
    silent.stop()


def test_it_is_told_at_once(blind_gatepost):
    """Within the first lookup's time, not after the minutes that a brownout takes to be sure of."""
    wait_until(lambda: "dns_unreachable" in blind_gatepost.process.log, 4, "told in the log")
    assert "gatepost_dns_answers 0\n" in blind_gatepost.get("/metrics")[1]


def test_no_reply_names_our_resolver(blind_gatepost, send, sink):
    """Strangers do not learn whom we ask."""
    reply = send(HONEST, KNOWN, SENDER, server=blind_gatepost).reply
    assert "451" in reply and " from " not in reply and "127.0.0.1" not in reply
    send(CRON_MAIL, CRON, "root@cron.ours.example", server=blind_gatepost)
    results = field(sink.only_message().octets, "Authentication-Results")
    assert "temperror" in results and " from 127.0.0.1" not in results and "127.0.0.1:" not in results


def test_mail_waits_with_its_sender(blind_gatepost, send, sink):
    assert send(HONEST, KNOWN, SENDER, server=blind_gatepost).reply.startswith("451 4.")
    assert sink.messages == []
    assert blind_gatepost.stats()["messages"]["defer"] == 1


def test_no_forgery_slips_through(blind_gatepost, send, sink, keys):
    forged = next(case for case in CASES if case.name == "p-reject")
    assert send(forged.message(keys), forged.client, forged.mail_from, server=blind_gatepost).reply.startswith("451 4.")
    assert sink.messages == []


def test_exempted_cron_mail_arrives(blind_gatepost, send, sink):
    """The mail that says that DNS is dead must arrive."""
    assert send(CRON_MAIL, CRON, "root@cron.ours.example", server=blind_gatepost).code == 250
    found = claims(field(sink.only_message().octets, "Authentication-Results"))
    assert found["dmarc"] == ["temperror"]
    assert found["spf"][0] == "temperror"


def test_mail_passes_again_when_dns_is_back(make_gatepost, send, sink, keys, tmp_path):
    own = NameServer(tmp_path / "nsd", zone_text(keys.values()))
    server = make_gatepost({"dns": {"servers": [f"127.0.0.1:{own.port}"], "timeout": "1s"}})
    assert send(HONEST, KNOWN, SENDER, server=server).code == 451
    wait_until(lambda: server.get("/readyz")[0] == 503, 15, "not ready")
    own.start()
    try:
        wait_until(lambda: "dns_answers" in server.process.log, 20, "its end is told")
        assert "gatepost_dns_answers 1\n" in server.get("/metrics")[1]
        # A failure is remembered for some seconds (RFC 2308 §7.1), as a sender's retry is later still.
        wait_until(lambda: send(HONEST, KNOWN, SENDER, server=server).code == 250, 20, "accepted")
        assert len(sink.messages) == 1
    finally:
        own.stop()


def test_an_endless_zone_costs_its_own_mail_alone(name_server, make_gatepost, send, sink):
    """Mail whose names lead to servers that never answer waits; mail of others passes meanwhile as ever."""
    forwarder = FaultyNameServer(name_server.port)
    forwarder.deaf_to = "endless.example."
    server = make_gatepost({"dns": {"servers": [f"127.0.0.1:{forwarder.port}"], "timeout": "2s"}})
    try:
        wait_until(lambda: server.get("/readyz")[0] == 200, 10, "ready")
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            endless = [pool.submit(send, compose(f"a@{i}.endless.example"), NAMELESS, f"b@{i}.endless.example",
                                   server=server) for i in range(20)]
            wait_until(lambda: forwarder.unanswered >= 20, 20, "the endless zone is asked for")
            began = time.monotonic()
            for _ in range(3):
                assert send(HONEST, KNOWN, SENDER, server=server).code == 250
            assert not all(mail.done() for mail in endless), "the others are still waiting"
            assert time.monotonic() - began < 10
            assert all(mail.result().reply.startswith("451 4.") for mail in endless)
        assert server.get("/readyz")[0] == 200, "one sender's zone is no brownout"
        assert len(sink.messages) == 3
    finally:
        forwarder.stop()


def mail_and_rset(server, address, names):
    """Transactions that end before their questions do, on as many connections as a session's commands ask for."""
    for at in range(0, len(names), 400):
        with RawClient(server.port, address) as client:
            client.say("EHLO client.example")
            for name in names[at:at + 400]:
                assert client.codes(f"MAIL FROM:<a@{name}>\r\nRSET\r\n".encode(), 2) == ["250", "250"]


@pytest.fixture
def endless(name_server):
    """Answers all but what is below endless.example."""
    forwarder = FaultyNameServer(name_server.port)
    forwarder.deaf_to = "endless.example."
    yield forwarder
    forwarder.stop()


def dns_settings(forwarder, seconds=5):
    return {"servers": [f"127.0.0.1:{forwarder.port}"], "timeout": f"{seconds}s"}


def test_abandoned_questions_stay_their_clients(endless, make_gatepost, send, sink):
    """One connection with MAIL and RSET on names that nobody answers opened 20,000 descriptors."""
    server = make_gatepost({"dns": dns_settings(endless)})
    wait_until(lambda: server.get("/readyz")[0] == 200, 10, "ready")
    mail_and_rset(server, NAMELESS, [f"{i}.endless.example" for i in range(900)])
    assert server.metric("gatepost_dns_client_questions") <= 250
    assert server.metric("gatepost_dns_client_refusals_total") > 0
    began = time.monotonic()
    assert send(HONEST, KNOWN, SENDER, server=server).code == 250
    assert time.monotonic() - began < 2, "another client's questions go out at once"
    time.sleep(2)  # by now each question has been asked several times, from a socket each
    assert len(open_files(server.process.pid)) < 1200
    assert server.metric("gatepost_dns_sockets") <= server.metric("gatepost_dns_sockets_limit")
    wait_until(lambda: server.metric("gatepost_dns_client_questions") == 0, 15, "all have landed")
    wait_until(lambda: len(open_files(server.process.pid)) < 200, 10, "and their sockets are closed")


@pytest.mark.parametrize("on_temperror", ["defer", "accept"])
def test_no_forgery_is_let_in_for_trouble_that_its_client_made(endless, make_gatepost, send, sink, on_temperror):
    """The client's share of the DNS is used up by its own mail; 19 of 29 forgeries then found no record to be judged by."""
    server = make_gatepost({"dns": dns_settings(endless), "authentication": {"dmarc": {"on_temperror": on_temperror}},
                            "policy": {"on_reject": "reject"}})
    wait_until(lambda: server.get("/readyz")[0] == 200, 10, "ready")
    mail_and_rset(server, NAMELESS, [f"{i}.endless.example" for i in range(900)])
    with RawClient(server.port, NAMELESS) as client:
        client.say("EHLO client.example")
        codes = [client.deliver(compose(f"ceo@f{i}.p-reject.example"), f"ceo@f{i}.p-reject.example")[:3] for i in range(29)]
    assert set(codes) <= {"451", "550"}, codes
    assert "451" in codes, "the share was not used up"
    assert sink.messages == []


def test_own_and_exempted_clients_are_never_charged(endless, make_gatepost, send, sink):
    server = make_gatepost({"dns": dns_settings(endless, 2)})
    wait_until(lambda: server.get("/readyz")[0] == 200, 10, "ready")
    mail_and_rset(server, CRON, [f"{i}.endless.example" for i in range(400)])
    assert server.metric("gatepost_dns_client_refusals_total") == 0
    with RawClient(server.port, CRON) as client:
        client.say("EHLO client.example")
        assert client.deliver(CRON_MAIL, "root@cron.ours.example").startswith("250 ")


def test_a_third_partys_servers_are_asked_a_bounded_number(name_server, make_gatepost):
    """Names below one domain, new ones in each MAIL: 57 questions for forty octets."""
    forwarder = FaultyNameServer(name_server.port)
    server = make_gatepost({"dns": dns_settings(forwarder)})
    try:
        wait_until(lambda: server.get("/readyz")[0] == 200, 10, "ready")
        before = forwarder.asked
        for hundred in range(9):  # few at a time, so that it is the zone's bound that they meet, not that of open questions
            mail_and_rset(server, NAMELESS, [f"{hundred}{i:02}.victim.example" for i in range(100)])
            wait_until(lambda: server.metric("gatepost_dns_questions_in_flight") == 0, 20, "all is answered")
        asked = sum("victim.example" in question for question in list(forwarder.questions))
        assert asked <= 600, f"{asked} of {forwarder.asked - before}"
        assert server.metric("gatepost_dns_zone_refusals_total") > 0
    finally:
        forwarder.stop()
