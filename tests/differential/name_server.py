"""Serves a zone over UDP and TCP on one loopback port."""
import socket
import struct
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.rdtypes.ANY.TXT

from zone import NO_NAME, OK, TROUBLE

TTL = 60
PLAIN_UDP_OCTETS = 512  # RFC 1035 §4.2.1


def rdata(kind, data):
    if kind == "TXT":
        return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, data)
    text = f"{data[0]} {data[1].rstrip('.')}." if kind == "MX" else data
    if kind == "PTR":
        text = data.rstrip(".") + "."
    return dns.rdata.from_text("IN", kind, text)


def wire_of(reply):
    """Records in the order of the zone: dnspython would shuffle them."""
    return reply.to_wire(max_size=65535, want_shuffle=False)


class NameServer:
    def __init__(self, zone):
        self.zone = zone
        self.errors = []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.tcp = socket.create_server(("127.0.0.1", self.port))
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def stop(self):
        self.udp.close()
        self.tcp.close()
        assert not self.errors, self.errors[:5]

    def reply(self, wire):
        """(query, reply); what cannot be served is kept, so that the test fails by it and does not wait."""
        query = dns.message.from_wire(wire)
        try:
            return query, self.answer(query)
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(f"{query.question[0]}: {error!r}")
            reply = dns.message.make_response(query)
            reply.set_rcode(dns.rcode.NOTIMP)
            return query, reply

    def answer(self, query):
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        # Labels as they are, not in the escapes of master files; those of the tests have no dots inside.
        name = b".".join(question.name.labels).decode("utf-8", "surrogateescape")
        outcome, data = self.zone.lookup(name, kind)
        reply = dns.message.make_response(query, recursion_available=True)
        if outcome == TROUBLE:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif outcome == NO_NAME:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif outcome == OK:
            reply.answer.append(dns.rrset.from_rdata_list(question.name, TTL, [rdata(kind, d) for d in data]))
        return reply

    def serve_udp(self):
        while True:
            try:
                wire, client = self.udp.recvfrom(4096)
            except OSError:
                return
            query, reply = self.reply(wire)
            room = max(query.payload, PLAIN_UDP_OCTETS) if query.edns >= 0 else PLAIN_UDP_OCTETS
            octets = wire_of(reply)
            if len(octets) > room:
                reply.answer.clear()
                reply.flags |= dns.flags.TC
                octets = wire_of(reply)
            self.udp.sendto(octets, client)

    def serve_tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.serve_connection, args=(connection,), daemon=True).start()

    def serve_connection(self, connection):
        with connection, connection.makefile("rb") as stream:
            while len(prefix := stream.read(2)) == 2:
                _, reply = self.reply(stream.read(struct.unpack("!H", prefix)[0]))
                octets = wire_of(reply)
                connection.sendall(struct.pack("!H", len(octets)) + octets)
