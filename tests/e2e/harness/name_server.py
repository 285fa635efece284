"""NSD on a loopback port, which serves the root zone, so that every name has an answer and nothing leaves the machine."""
import shutil
import signal
import socket
import threading

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype

from .process import Process, free_port

CONFIGURATION = """
server:
    ip-address: 127.0.0.1@{port}
    username: ""
    chroot: ""
    zonesdir: "{folder}"
    database: ""
    pidfile: ""
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    xfrdir: "{folder}"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.zone"
"""


class NameServer:
    def __init__(self, folder, zone_text):
        self.folder = folder
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "root.zone").write_text(zone_text, encoding="ascii")
        (folder / "nsd.conf").write_text(CONFIGURATION.format(port=self.port, folder=folder), encoding="ascii")
        self._process = None

    def start(self):
        program = shutil.which("nsd")
        self._process = Process([program, "-d", "-c", self.folder / "nsd.conf"], self.folder / "nsd.log")
        self._process.wait_until(self._answers, "NSD answers")
        return self

    def stop(self):
        if self._process is not None:
            self._process.stop()

    def fall_silent(self):
        """Takes queries and answers none, until it wakes up."""
        self._process.signal_all(signal.SIGSTOP)

    def wake_up(self):
        self._process.signal_all(signal.SIGCONT)

    def txt(self, name, timeout=5):
        """The TXT record of a name as octets, or None: what dkimpy asks its `dnsfunc` for."""
        query = dns.message.make_query(name.decode() if isinstance(name, bytes) else name, dns.rdatatype.TXT)
        reply = dns.query.udp(query, "127.0.0.1", timeout=timeout, port=self.port)
        for rrset in reply.answer:
            for record in rrset:
                return b"".join(record.strings)
        return None

    def _answers(self):
        try:
            self.txt("example.", timeout=0.5)
            return True
        except (OSError, dns.exception.DNSException):
            return False


class SilentNameServer:
    """Takes queries and never answers, like a server behind a dead line."""

    def __init__(self):
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self.port = self._udp.getsockname()[1]

    def stop(self):
        self._udp.close()


class FaultyNameServer:
    """Hands queries on to a real server over UDP, but for one question: that one it swallows or answers SERVFAIL."""

    def __init__(self, upstream_port):
        self._upstream = ("127.0.0.1", upstream_port)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self.port = self._udp.getsockname()[1]
        self.questions = []   # "TYPE name", each once, in the order in which they came
        self.question = None  # the one in trouble
        self.silent = False
        self.deaf_to = None   # questions at or below this name are swallowed, too
        self.unanswered = 0
        self.failing = set()  # zones: questions at or below one of them are answered SERVFAIL
        self.asked = 0        # datagrams that came
        self._stopped = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def fail(self, question, silent=False):
        self.questions, self.question, self.silent = [], question, silent

    def stop(self):
        self._stopped = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5)
        self._udp.close()

    def _serve(self):
        while not self._stopped:
            wire, peer = self._udp.recvfrom(4096)
            if not wire:
                continue
            reply = self._reply(wire)
            if reply is not None:
                self._udp.sendto(reply, peer)

    def _reply(self, wire):
        query = dns.message.from_wire(wire)
        asked = query.question[0]
        self.asked += 1
        question = f"{dns.rdatatype.to_text(asked.rdtype)} {asked.name.to_text(omit_final_dot=True).lower()}"
        if question not in self.questions:
            self.questions.append(question)
        if self.deaf_to is not None and asked.name.is_subdomain(dns.name.from_text(self.deaf_to)):
            self.unanswered += 1
            return None
        failing = any(asked.name.is_subdomain(dns.name.from_text(zone)) for zone in self.failing)
        if question == self.question or failing:
            if self.silent:
                return None
            reply = dns.message.make_response(query)
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply.to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
            upstream.settimeout(2)
            upstream.sendto(wire, self._upstream)
            return upstream.recv(65535)
