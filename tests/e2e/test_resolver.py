"""The resolver against real servers: Unbound and NSD, through a network that loses and delays, and over TLS."""
import concurrent.futures
import json
import os
import subprocess
import time

import pytest

from harness.gatepost import BINARY, COMMAND_SECONDS, ENVIRONMENT
from harness.forwarder import Forwarder
from harness.mail import compose
from harness.name_server import NameServer, SilentNameServer
from harness.process import free_port
from harness.recursive_server import RecursiveServer
from harness.zone import KNOWN

NAME = "dns.example"
DNS_SECONDS = 5  # dns.timeout, the bound of a question


def issue(authority, name, last_day=2):
    """Certificate and key for the subjectAltName, e.g. DNS:dns.example."""
    certificate = authority.issue("CN=dns", [name], first_day=-2, last_day=last_day)
    return certificate.certificate, certificate.private_key


@pytest.fixture(scope="module")
def unbound(tmp_path_factory, name_server, authority):
    server = RecursiveServer(tmp_path_factory.mktemp("unbound"), name_server.port, issue(authority, f"DNS:{NAME}")).start()
    yield server
    server.stop()


def spf(server, domain="spf-only.example", trusted=None):
    """`gatepost spf` of a domain that names 127.0.0.20, by the DNS server; gives the result, why, and the seconds."""
    environment = {**ENVIRONMENT, **({"SSL_CERT_FILE": str(trusted)} if trusted else {})}
    begun = time.monotonic()
    done = subprocess.run([BINARY, "spf", "--ip", "127.0.0.20", "--helo", "client.example", "--mail-from", f"b@{domain}",
                           "--dns", str(server), "--json"], capture_output=True, timeout=COMMAND_SECONDS, env=environment)
    seconds = time.monotonic() - begun
    assert done.stdout, done.stderr.decode()
    found = json.loads(done.stdout)
    return found["result"], found["reason"] or "", seconds


def by_port(server):
    return f"127.0.0.1:{server.port}"


def test_real_servers_answer(unbound, name_server):
    assert spf(by_port(unbound))[0] == "pass"
    assert spf(by_port(name_server))[0] == "pass"


def test_a_network_that_loses_and_delays(unbound):
    """30 % of the datagrams are lost each way and all are 300 ms late; every question has its answer within its bound."""
    forwarder = Forwarder(unbound.port, loss=0.3, delay=0.15)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: spf(by_port(forwarder)), range(12)))
    forwarder.stop()
    assert [result for result, _, _ in found] == ["pass"] * 12, found
    assert forwarder.lost > 0
    assert max(seconds for _, _, seconds in found) < DNS_SECONDS + 2


@pytest.mark.parametrize("dead", ["away", "silent"])
def test_a_dead_first_server(dead, unbound, make_gatepost, send):
    silent = SilentNameServer()
    port = silent.port if dead == "silent" else free_port()
    server = make_gatepost({"dns": {"servers": [f"127.0.0.1:{port}", by_port(unbound)], "timeout": "3s"}})
    begun = time.monotonic()
    assert send(compose("someone@spf-only.example"), KNOWN, "b@spf-only.example", server=server).code == 250
    assert time.monotonic() - begun < 3
    silent.stop()


def test_truncation(unbound, tmp_path):
    """NSD's answer is larger than the 1232 octets that we take by UDP: it comes over TCP."""
    many = "\n".join(f'big.example. TXT "v=other; {i} {"x" * 200}"' for i in range(12))
    own = NameServer(tmp_path / "nsd", f"""$TTL 60
.             SOA  ns.example. hostmaster.example. 1 3600 600 86400 60
.             NS   ns.example.
ns.example.   A    127.0.0.1
big.example.  TXT  "v=spf1 ip4:127.0.0.20 -all"
{many}
""").start()
    forwarder = Forwarder(own.port)
    assert spf(by_port(forwarder), "big.example")[0] == "pass"
    assert forwarder.connections == 1
    forwarder.stop()
    own.stop()


def test_cookies_of_a_real_server(name_server, tmp_path):
    """NSD gives DNS cookies (RFC 7873, RFC 9018) where it is told to; its replies are believed with them."""
    own = NameServer(tmp_path / "nsd", (name_server.folder / "root.zone").read_text(encoding="ascii"))
    configuration = own.folder / "nsd.conf"
    text = configuration.read_text(encoding="ascii").replace("server-count: 1", "server-count: 1\n    answer-cookie: yes")
    configuration.write_text(text, encoding="ascii")
    own.start()
    assert spf(by_port(own))[0] == "pass"
    own.stop()


def test_tls(unbound, authority):
    """RFC 7858: the certificate must be good and of the name, or nothing is asked."""
    at = f"tls://127.0.0.1:{unbound.tls_port}"
    assert spf(f"{at}#{NAME}", trusted=authority.certificate)[0] == "pass"
    result, reason, seconds = spf(f"{at}#other.example", trusted=authority.certificate)
    assert (result, seconds < DNS_SECONDS) == ("temperror", True)
    assert "certificate refused: hostname mismatch" in reason
    result, reason, _ = spf(at, trusted=authority.certificate)  # the address is not in it
    assert result == "temperror" and "certificate refused: IP address mismatch" in reason
    result, reason, _ = spf(f"{at}#{NAME}", trusted=os.devnull)
    assert result == "temperror" and "certificate refused: unable to get local issuer certificate" in reason
    result, _, seconds = spf(f"tls://{by_port(unbound)}#{NAME}", trusted=authority.certificate)  # no TLS there
    assert (result, seconds < DNS_SECONDS + 2) == ("temperror", True)


@pytest.mark.parametrize("name, last_day, result, reason", [
    ("IP:127.0.0.1", 2, "pass", ""),
    ("DNS:*.example", 2, "temperror", "IP address mismatch"),
    ("IP:127.0.0.1", -1, "temperror", "certificate has expired"),
])
def test_certificates(name, last_day, result, reason, name_server, authority, tmp_path):
    server = RecursiveServer(tmp_path / "unbound", name_server.port, issue(authority, name, last_day)).start()
    found = spf(f"tls://127.0.0.1:{server.tls_port}", trusted=authority.certificate)
    server.stop()
    assert found[0] == result and reason in found[1]
