#!/usr/bin/env python3
"""How long a good client takes while slow ones hold all they can get.

Starts Gatepost and a downstream server on loopback, and N clients that stall: a third before EHLO, a third after RCPT,
a third inside DATA. Then a good client delivers one message after the other, each over a connection of its own. Prints
the times of both: while the slow ones arrive, and once they have.

    PATH=$PATH:/usr/sbin GATEPOST_BIN=build/release/gatepost tests/bench/slow_clients.py [--slow 1000] [--pool 20]
"""
import argparse
import pathlib
import resource
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness.gatepost import Gatepost, make_certificate  # noqa: E402
from harness.mail import compose  # noqa: E402
from harness.name_server import NameServer  # noqa: E402
from harness.raw_client import RawClient  # noqa: E402
from harness.sink import Sink  # noqa: E402
from harness.zone import KNOWN, zone_text  # noqa: E402

MESSAGE = compose("someone@spf-only.example")
ADDRESSES = 40  # of the slow clients: each within limits.connections_per_client


def deliver(port):
    """The seconds from the connection to the reply to the message."""
    begin = time.monotonic()
    client = RawClient(port, KNOWN)
    for line in ("EHLO client.example", "MAIL FROM:<b@spf-only.example>", "RCPT TO:<inbox@ours.example>", "DATA"):
        reply = client.say(line)
        assert reply[0] in "23", reply
    client.send(MESSAGE + b".\r\n")
    reply = client.reply()
    assert reply.startswith("250 "), reply
    seconds = time.monotonic() - begin
    client.socket.close()
    return seconds


def stall(port, index, slow):
    client = RawClient(port, f"127.0.1.{1 + index % ADDRESSES}")
    slow.append(client)
    if index % 3 == 0:
        return
    client.say("EHLO slow.example")
    client.say("MAIL FROM:<s@bounces.example>")
    client.say("RCPT TO:<inbox@ours.example>")
    if index % 3 == 2:
        client.say("DATA")
        client.send(b"Subject: half\r\n\r\nnot yet")


def tell(what, times):
    print(f"{what}: {len(times)} messages, median {statistics.median(times) * 1000:.0f} ms, "
          f"most {max(times) * 1000:.0f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slow", type=int, default=1000)
    parser.add_argument("--pool", type=int, default=20)
    parser.add_argument("--messages", type=int, default=30)
    wanted = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        names = NameServer(folder / "nsd", zone_text([])).start()
        sink = Sink()
        server = Gatepost(folder / "gatepost", names.port, sink.port, make_certificate(folder),
                          {"relay": {"connections": wanted.pool}, "log": {"level": "warning"}}).start()
        try:
            slow, threads = [], []
            tell("alone", [deliver(server.port) for _ in range(wanted.messages)])
            begin = time.monotonic()
            for first in range(32):  # as many at a time as arrive
                share = range(first, wanted.slow, 32)
                thread = threading.Thread(target=lambda share=share: [stall(server.port, i, slow) for i in share])
                threads.append(thread)
                thread.start()
            arriving = []
            while any(thread.is_alive() for thread in threads):
                arriving.append(deliver(server.port))
                time.sleep(0.05)
            print(f"{len(slow)} slow clients have come in {time.monotonic() - begin:.1f} s")
            tell("while they came", arriving)
            time.sleep(2)
            tell("beside them", [deliver(server.port) for _ in range(wanted.messages)])
            for client in slow:
                client.socket.close()
        finally:
            server.stop()
            sink.stop()
            names.stop()


if __name__ == "__main__":
    main()
