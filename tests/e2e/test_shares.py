"""What one session, one client and one network can take from the others, and who is told of it."""
import socket
import time

import pytest

from harness.mail import compose
from harness.process import wait_until
from harness.raw_client import RawClient, bdat
from harness.tls_records import REQUESTED, TlsRecords
from harness.zone import CRON, KNOWN, NAMELESS

SENDER = "b@spf-only.example"
MESSAGE = compose("someone@spf-only.example")
BUDGET = 1000  # commands without a message
ENVELOPE = f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<inbox@ours.example>\r\n".encode()


def replies_to_the_end(client):
    codes = []
    try:
        while reply := client.reply():
            codes.append(reply[:3])
    except ConnectionError:
        pass  # closed on octets that nobody read
    return codes


def lines_of(server, event):
    return [line for line in server.process.log.splitlines() if f" {event} " in line]


@pytest.mark.parametrize("command", [b"NOOP\r\n", b"RSET\r\n", b"HELP\r\n", b"VRFY x\r\n", b"EHLO c.example\r\n",
                                     b"MAIL FROM:<a@bounces.example>\r\nRSET\r\n", b"BDAT 0\r\n"])
def test_commands_without_a_message_end(command, make_gatepost, sink):
    server = make_gatepost({"limits": {"messages_per_connection": 10_000}})
    client = RawClient(server.port, KNOWN)
    before = client.codes(b"EHLO c.example\r\n" + (ENVELOPE if command.startswith(b"BDAT") else b""),
                          3 if command.startswith(b"BDAT") else 1)
    # Time gives a command a second. Far more, and the close on unread octets would reset the connection.
    client.send(command * ((BUDGET + 20) // command.count(b"\n")))
    codes = replies_to_the_end(client)
    assert codes[-1] == "421"
    commands = len(before) + len(codes) - 1
    # Of a recipient the budget knows nothing.
    assert BUDGET <= commands <= BUDGET + 30
    assert {code[0] for code in codes[:-1]} == {"2"}
    assert server.stats()["clients"]["commands_spent"] == 1
    again = RawClient(server.port, KNOWN)
    again.send(b"NOOP\r\n" * (BUDGET + 500))
    replies_to_the_end(again)
    assert server.stats()["clients"]["commands_spent"] == 2
    assert len(lines_of(server, "commands_spent")) == 1, "a client is named once a minute"
    assert f"client={KNOWN} " in lines_of(server, "commands_spent")[0] + " "


def test_tls_records_without_data_end(make_gatepost):
    server = make_gatepost()
    for times in (1, 2):
        client = RawClient(server.port, KNOWN)
        client.say("EHLO c.example")
        assert client.say("STARTTLS").startswith("220 ")
        with TlsRecords(client.socket) as tls:
            for _ in range(5):
                for _ in range(30):
                    tls.update_key(REQUESTED)
                tls.send(b"NOOP\r\n")
                assert tls.receive().startswith(b"250 "), "octets forgive"
            with pytest.raises(ConnectionError):
                for _ in range(10_000):
                    tls.update_key()
        wait_until(lambda: server.stats()["clients"]["tls_records_spent"] == times, 5, "it is counted")
    assert len(lines_of(server, "tls_records_spent")) == 1, "a client is named once a minute"
    assert f"client={KNOWN} " in lines_of(server, "tls_records_spent")[0] + " "


def test_who_sends_messages_never_meets_that_end(gatepost, sink):
    client = RawClient(gatepost.port, KNOWN)
    client.say("EHLO client.example")
    for _ in range(5):
        # More than one line may have in all, each read ending inside a line.
        assert set(client.codes((b"NOOP " + b"x" * 2000 + b"\r\n") * 400 + b"RSET\r\n" * 200, 600)) == {"250"}
        assert client.deliver(MESSAGE, SENDER).startswith("250 ")
    assert len(sink.messages) == 5


def test_chunks_behind_a_refused_one_bring_no_more_than_a_message(make_gatepost, sink):
    server = make_gatepost({"limits": {"message_size": "1MiB"}})
    client = RawClient(server.port, KNOWN)
    client.envelope(SENDER)
    assert client.say(bdat(b"a\nb")).startswith("550 5.6.0 ")
    codes = []
    while not codes or codes[-1] == "503":
        codes.append(client.say(bdat(b"x" * 300_000))[:3])
    assert codes == ["503", "503", "503", "552"]


def test_names_tried_behind_a_good_recipient_are_answered_late(gatepost, sink):
    sink.refuse_recipient["nobody@ours.example"] = "550 5.1.1 no such user"
    client = RawClient(gatepost.port, KNOWN)
    client.envelope(SENDER)
    begin = time.monotonic()
    for _ in range(10):
        assert client.say("RCPT TO:<nobody@ours.example>").startswith("550 ")
    assert time.monotonic() - begin < 1, "a message to many has some dead addresses"
    assert client.say("RSET").startswith("250 ")
    client.codes(ENVELOPE, 2)
    begin = time.monotonic()
    for _ in range(3):
        assert client.say("RCPT TO:<nobody@ours.example>").startswith("550 ")
    assert time.monotonic() - begin > 1.4, "RSET and MAIL begin no new count"
    assert client.say("RCPT TO:<other@ours.example>").startswith("250 ")
    assert client.say("DATA").startswith("354 "), "and the message is taken"
    client.send(MESSAGE + b".\r\n")
    assert client.reply().startswith("250 ")


def test_octets_behind_a_refusal_are_not_read_without_end(make_gatepost):
    server = make_gatepost()
    client = RawClient(server.port, NAMELESS)
    client.send(b"BDAT 99999999999 LAST\r\n")
    sent, begin = 0, time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() - begin < 30:
            sent += client.socket.send(b"x" * 1_000_000)
    assert sent < 30_000_000, "what the kernel's buffers take"
    assert time.monotonic() - begin < 5
    wait_until(lambda: server.stats()["clients"]["linger_cut"] == 1, 5, "it is counted")


def test_a_line_without_end_ends_the_connection(gatepost):
    client = RawClient(gatepost.port, NAMELESS)
    assert client.say("NOOP " + "x" * 50_000).startswith("500 5.5.2 Line too long"), "and the session goes on"
    assert client.say("NOOP").startswith("250 ")
    client.send(b"NOOP " + b"x" * 100_000)
    assert client.reply().startswith("500 5.5.2 Line too long, closing ")
    assert client.reply() == ""


def connect(server, client):
    """The connection, where it is greeted; else None."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20, source_address=(client, 0))
    reply = connection.recv(4096)
    if reply.startswith(b"220 "):
        return connection
    assert reply.startswith(b"421 4.7.0 "), reply
    connection.close()
    return None


def test_a_network_leaves_room_for_others_and_these_for_own_machines(make_gatepost, send):
    server = make_gatepost({"limits": {"connections": 32}})
    network = [connect(server, f"127.5.0.{i}") for i in range(1, 41)]
    assert sum(map(bool, network)) == 24, "three quarters"
    others = [connect(server, f"127.6.{i}.1") for i in range(20)]
    assert sum(map(bool, others)) == 6, "all but a sixteenth"
    own = connect(server, CRON)
    assert own is not None
    shares = server.stats()["connection_shares"]
    assert shares == {"bound": 32, "largest_client": 1, "largest_network": 24}
    metrics = server.get("/metrics")[1]
    assert 'gatepost_connections_refused_total{by="limits.connections_per_network"} 16' in metrics
    assert 'gatepost_connections_refused_total{by="limits.connections"} 14' in metrics
    for connection in network:
        if connection:
            connection.close()
    wait_until(lambda: server.stats()["connections"]["open"] == 7, 10, "they are gone")
    assert send(MESSAGE, KNOWN, SENDER, server=server).code == 250


def test_refusals_write_a_line_for_each_client_and_not_for_each_connection(make_gatepost):
    server = make_gatepost({"limits": {"connections_per_client": 1}})
    held = connect(server, NAMELESS)
    assert held is not None
    assert [connect(server, NAMELESS) for _ in range(200)] == [None] * 200
    assert len(lines_of(server, "connection_refused")) == 1
    stats = server.stats()
    assert stats["clients"]["connection_refused"] == 200
    assert stats["log_lines_left_out"] == 199
