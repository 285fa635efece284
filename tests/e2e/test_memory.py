"""Slow headers from many addresses pin no more memory than others can do without."""
import socket
import time

import pytest

from harness.mail import compose
from harness.name_server import FaultyNameServer
from harness.process import wait_until
from harness.raw_client import RawClient
from harness.zone import CRON, KNOWN

STRANGERS = [f"127.0.{i}.1" for i in range(1, 25)]  # each a network of its own
FIELD = b"X-Long: " + b"x" * 980 + b"\r\n"


@pytest.fixture(name="small")
def small_fixture(make_gatepost):
    return make_gatepost({"limits": {"memory": "4MiB", "message_size": "1MiB"}})


def hold(server, client):
    """A message whose header does not end. Its socket and what was answered so far."""
    held = socket.create_connection(("127.0.0.1", server.port), timeout=20, source_address=(client, 0))
    for line in (b"", b"EHLO slow.example\r\n", b"MAIL FROM:<a@bounces.example>\r\n", b"RCPT TO:<inbox@ours.example>\r\n",
                 b"DATA\r\n"):
        held.sendall(line)
        reply = held.recv(4096)
        if reply[:1] not in b"23":
            held.close()
            return None
    held.sendall(FIELD * 35)
    return held


def test_others_find_room(small, send):
    held = [one for _ in range(4) for one in (hold(small, client) for client in STRANGERS) if one]
    try:
        assert len(held) > 40
        wait_until(lambda: small.stats()["room"]["memory"]["refusals"] > 0, 10, "they want more than there is")
        room = small.stats()["room"]["memory"]
        assert room["octets"] <= room["limit"] * 7 // 8, "the reserve is left"
        for _ in range(10):
            assert send(compose("a@p-none.example"), KNOWN, "a@p-none.example", server=small).code == 250
        assert send(compose("Cron Daemon <root@cron.ours.example>"), CRON, "root@cron.ours.example", server=small).code == 250
        # Those who hold much and go on slowly are ended, one for each who takes more.
        time.sleep(10)
        large = compose("a@p-none.example", fields=["X-Long: " + "x" * 980] * 60)
        codes = [send(large, KNOWN, "a@p-none.example", server=small).code for _ in range(12)]
        assert codes[-1] == 250
        assert small.stats()["room"]["memory"]["evictions"] > 0
        ended = 0
        for one in held:
            one.setblocking(False)
            try:
                reply = one.recv(4096)
                ended += b"421 4.3.1 too slow" in reply
            except BlockingIOError:
                pass
        assert ended > 0
    finally:
        for one in held:
            one.close()
    wait_until(lambda: small.stats()["room"]["memory"]["octets"] == 0, 10, "all is given back")


def test_a_chunk_that_nobody_wants_takes_nothing_from_others(name_server, make_gatepost, send):
    """What a transaction took for its reads is its own to give back: given back by the next one, which waits for a slow zone
    here, it seemed that all memory was used up."""
    endless = FaultyNameServer(name_server.port)
    endless.deaf_to = "endless.example."
    server = make_gatepost({"dns": {"servers": [f"127.0.0.1:{endless.port}"], "timeout": "5s"}})
    try:
        with RawClient(server.port, STRANGERS[0]) as client:
            client.say("EHLO client.example")
            assert client.say("MAIL FROM:<a@p-none.example>").startswith("250 ")
            client.send(b"BDAT 200000\r\n" + b"x" * 200_000)
            assert client.reply()[0] == "5", "no recipient"
            assert client.say("RSET").startswith("250 ")
            for line in ("MAIL FROM:<a@slow.endless.example>", "RCPT TO:<inbox@ours.example>", "DATA"):
                assert client.say(line)[0] in "23"
            client.send(compose("a@slow.endless.example") + b".\r\n")
            wait_until(lambda: endless.unanswered > 0, 10, "its zone is asked")
            for _ in range(3):
                assert send(compose("a@p-none.example"), KNOWN, "a@p-none.example", server=server).code == 250
                assert server.stats()["room"]["memory"]["octets"] < 1024 * 1024
            assert client.reply().startswith("451 ")
    finally:
        endless.stop()


def test_everybody_is_greeted_and_our_own_are_taken_where_nothing_is_left(make_gatepost, send):
    server = make_gatepost({"limits": {"memory": "1MiB", "message_size": "1MiB"}})
    held = [one for one in (hold_little(server, client) for client in STRANGERS * 3) if one]
    try:
        wait_until(lambda: "limits.memory" in server.get("/readyz")[1], 10, "it is told")
        assert server.get("/readyz")[0] == 200
        refused = send(compose("a@p-none.example"), KNOWN, "a@p-none.example", server=server)
        assert refused.code == 452
        cron = send(compose("Cron Daemon <root@cron.ours.example>"), CRON, "root@cron.ours.example", server=server)
        assert cron.code == 250
    finally:
        for one in held:
            one.close()


def hold_little(server, client):
    """Within what nobody is asked about: 15 KiB."""
    held = socket.create_connection(("127.0.0.1", server.port), timeout=20, source_address=(client, 0))
    for line in (b"", b"EHLO slow.example\r\n", b"MAIL FROM:<a@bounces.example>\r\n", b"RCPT TO:<inbox@ours.example>\r\n",
                 b"DATA\r\n"):
        held.sendall(line)
        if held.recv(4096)[:1] not in b"23":
            held.close()
            return None
    held.sendall(FIELD * 15)
    return held
