"""The DNS that Gatepost asks: honest zones, and those of an attacker, who answers what he likes, or not at all.

As a program: dns_server.py FILE, with JSON in it: `port`; `records`, each [NAME, TYPE, TTL, VALUE...] with `*.` before a
name for all below it; `silent` and `failing`, names below which nothing is answered, or SERVFAIL. Everything else does not exist.
TXT of ZONE.asked.control. tells how many questions at or below ZONE (two labels) have come.
"""
import asyncio
import collections
import json
import pathlib
import socket
import struct
import sys

if __package__:
    import dns.exception
    import dns.message
    import dns.query
    from harness.process import Process, free_port

TYPES = {"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
UDP_OCTETS = 1232
OWN_NAME = b"%own-name-of-the-record%"  # becomes the begin of the name that was asked for: a record of its own for each
SOA = b"\0" + struct.pack("!HHIH", 6, 1, 60, 22) + b"\0\0" + struct.pack("!IIIII", 1, 3600, 600, 86400, 60)
OPT = b"\0" + struct.pack("!HHIH", 41, UDP_OCTETS, 0, 0)


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label) + b"\0"


def rdata(kind, value):
    if kind == "TXT":
        octets = value.encode("latin-1")
        return b"".join(bytes([len(octets[i:i + 255])]) + octets[i:i + 255] for i in range(0, max(1, len(octets)), 255))
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "MX":
        return b"\0\x0a" + wire_name(value)
    return wire_name(value)


def record(kind, ttl, value):
    data = rdata(kind, value)
    return b"\xc0\x0c" + struct.pack("!HHIH", TYPES[kind], 1, ttl, len(data)) + data


class Answers:
    def __init__(self, settings):
        self.records = collections.defaultdict(list)
        self.names = set()
        for name, kind, ttl, *values in settings["records"]:
            self.records[name, TYPES[kind]] += [record(kind, ttl, value) for value in values]
            labels = name.split(".")
            self.names.update(".".join(labels[i:]) for i in range(len(labels)))
        self.silent, self.failing = tuple(settings["silent"]), tuple(settings["failing"])
        self.asked = collections.Counter()

    def reply(self, query, over_tcp):
        """The octets of the reply, or None."""
        if len(query) < 17 or query[2] & 0x80:
            return None
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
            at += 1 + query[at]
        question, kind = query[12:at + 5], int.from_bytes(query[at + 1:at + 3], "big")
        name = ".".join(labels)
        if name.endswith(".asked.control"):
            found = [record("TXT", 0, str(self.asked[".".join(labels[:-2][-2:])]))]
            return self._message(query, question, NOERROR, found)
        self.asked[".".join(labels[-2:])] += 1
        if self._below(name, self.silent):
            return None
        if self._below(name, self.failing):
            return self._message(query, question, SERVFAIL, [])
        found, exists = self._find(name, labels, kind)
        if any(OWN_NAME in one for one in found):
            found = [one.replace(OWN_NAME, name.encode()[:len(OWN_NAME)].ljust(len(OWN_NAME), b"-")) for one in found]
        message = self._message(query, question, NOERROR if exists else NXDOMAIN, found)
        if not over_tcp and len(message) > UDP_OCTETS:
            message = self._message(query, question, NOERROR, [], truncated=0x02)
        return message

    @staticmethod
    def _below(name, zones):
        return any(name == zone or name.endswith("." + zone) for zone in zones)

    def _find(self, name, labels, kind):
        if name in self.names:
            return self.records.get((name, kind), []), True
        for i in range(1, len(labels)):
            wildcard = "*." + ".".join(labels[i:])
            if wildcard in self.names:
                return self.records.get((wildcard, kind), []), True
        return [], False

    @staticmethod
    def _message(query, question, code, found, truncated=0):
        authority = [] if found or truncated or code == SERVFAIL else [SOA]
        header = query[:2] + bytes([0x84 | truncated | query[2] & 1, 0x80 | code])
        return b"".join([header, struct.pack("!HHHH", 1, len(found), len(authority), 1), question, *found, *authority, OPT])


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answers):
        self._answers = answers

    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, address):
        reply = self._answers.reply(data, over_tcp=False)
        if reply is not None:
            self._transport.sendto(reply, address)


async def serve(settings):
    answers = Answers(settings)

    async def connection(reader, writer):
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                reply = answers.reply(await reader.readexactly(length), over_tcp=True)
                if reply is not None:
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    udp.bind(("127.0.0.1", settings["port"]))
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: Datagrams(answers), sock=udp)
    server = await asyncio.start_server(connection, "127.0.0.1", settings["port"], backlog=1024)
    await server.serve_forever()


class DnsServer:
    def __init__(self, folder, records, silent=(), failing=()):
        self.port = free_port()
        settings = folder / "dns.json"
        settings.write_text(json.dumps({"port": self.port, "records": records, "silent": silent, "failing": failing}))
        self._process = Process([sys.executable, "-B", pathlib.Path(__file__), settings], folder / "dns.log")
        self._process.wait_until(self._answers, "the DNS server answers")

    def asked(self, zone, timeout=5):
        """How many questions at or below a zone of two labels have come."""
        query = dns.message.make_query(f"{zone}.asked.control.", "TXT")
        reply = dns.query.udp(query, "127.0.0.1", timeout=timeout, port=self.port)
        return int(reply.answer[0][0].strings[0])

    def stop(self):
        self._process.kill()

    def _answers(self):
        try:
            return self.asked("example.org", timeout=0.2) >= 0
        except (OSError, dns.exception.DNSException):
            return False


if __name__ == "__main__":
    asyncio.run(serve(json.loads(pathlib.Path(sys.argv[1]).read_text())))
