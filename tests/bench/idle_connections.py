#!/usr/bin/env python3
"""What an idle connection costs in resident memory: in the clear after EHLO, and after STARTTLS and EHLO.

usage: GATEPOST_BIN=build/release/gatepost idle_connections.py [PLAIN [TLS]]     (default 10000 and 1000)

Prints figures and judges nothing; the bounds that we want are 12 KiB and 100 KiB. Needs as many file descriptors.
"""
import pathlib
import resource
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

from harness.gatepost import Gatepost, make_certificate  # noqa: E402
from harness.process import free_port  # noqa: E402
from harness.tls_client import client_context  # noqa: E402

SETTLE_SECONDS = 1  # buffers are given back when the sessions wait


def resident_kib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def say(connection, line):
    connection.sendall(line + b"\r\n")
    reply = b""
    while not (reply.endswith(b"\r\n") and reply.splitlines()[-1][3:4] == b" "):
        reply += connection.recv(4096)
    return reply


def open_plain(server):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    connection.recv(4096)
    say(connection, b"EHLO client.example")
    return connection


def open_tls(server, context):
    plain = open_plain(server)
    assert say(plain, b"STARTTLS").startswith(b"220 ")
    secret = context.wrap_socket(plain)
    say(secret, b"EHLO client.example")
    return secret


def measure(folder, what, count, connect):
    folder.mkdir()
    server = Gatepost(folder, free_port(), free_port(), make_certificate(folder),
                      {"limits": {"connections": count + 100, "connections_per_client": count + 100}}).start()
    try:
        warm = [connect(server) for _ in range(20)]  # what the first ones build for all
        time.sleep(SETTLE_SECONDS)
        before = resident_kib(server)
        begin = time.monotonic()
        connections = [connect(server) for _ in range(count)]
        took = time.monotonic() - begin
        time.sleep(SETTLE_SECONDS)
        after = resident_kib(server)
        print(f"{what:10} {count:6} connections in {took:.1f} s: {before} KiB before, {after} KiB with them, "
              f"{(after - before) / count:.2f} KiB each")
        for connection in [*connections, *warm]:
            connection.close()
    finally:
        server.stop()


def main():
    plain, tls = [int(word) for word in sys.argv[1:]] + [10000, 1000][len(sys.argv) - 1:]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    context = client_context()
    with tempfile.TemporaryDirectory() as folder:
        measure(pathlib.Path(folder) / "plain", "plaintext", plain, open_plain)
        measure(pathlib.Path(folder) / "tls", "TLS", tls, lambda server: open_tls(server, context))


if __name__ == "__main__":
    main()
