"""Unbound, which resolves by asking the tests' NSD, over UDP, TCP and TLS."""
import shutil

import dns.exception
import dns.message
import dns.query

from .process import Process, accepts, free_port

CONFIGURATION = """
server:
    interface: 127.0.0.1@{port}
    interface: 127.0.0.1@{tls_port}
    tls-port: {tls_port}
    tls-service-key: "{key}"
    tls-service-pem: "{certificate}"
    do-ip6: no
    do-daemonize: no
    do-not-query-localhost: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    module-config: "iterator"
    num-threads: 1
remote-control:
    control-enable: no
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{upstream}
"""


class RecursiveServer:
    def __init__(self, folder, upstream_port, certificate):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        (folder / "unbound.conf").write_text(CONFIGURATION.format(
            port=self.port, tls_port=self.tls_port, key=certificate[1], certificate=certificate[0], folder=folder,
            upstream=upstream_port), encoding="ascii")
        self._process = None

    def start(self):
        self._process = Process([shutil.which("unbound"), "-d", "-p", "-c", self.folder / "unbound.conf"],
                                self.folder / "unbound.log")
        self._process.wait_until(lambda: self._answers() and accepts(self.tls_port), "Unbound answers")
        return self

    def stop(self):
        if self._process is not None:
            self._process.stop()

    def _answers(self):
        try:
            return dns.query.udp(dns.message.make_query("example.", "TXT"), "127.0.0.1", timeout=1, port=self.port)
        except (OSError, dns.exception.DNSException):
            return False
