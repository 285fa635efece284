"""NSD on a loopback port, which serves the root zone, so that every name has an answer and nothing leaves the machine."""
import shutil
import socket

import dns.exception
import dns.message
import dns.query
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
