"""The real parts that the tests share: NSD with the zone, a sink behind, Gatepost between, and keys of this run."""
import contextlib
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness.authority import Authority  # noqa: E402
from harness.cases import SIGNING_DOMAINS  # noqa: E402
from harness.client import swaks  # noqa: E402
from harness.gatepost import Gatepost, make_certificate  # noqa: E402
from harness.name_server import NameServer  # noqa: E402
from harness.signing import SigningKey  # noqa: E402
from harness.sink import Sink  # noqa: E402
from harness.zone import zone_text  # noqa: E402

TEST_SECONDS = 300  # 20,000 messages through a reload took more than 90 on a busy machine


@contextlib.contextmanager
def time_limit():
    """No test waits for ever, whatever it waits for."""
    def expired(number, frame):
        raise TimeoutError(f"the test took more than {TEST_SECONDS} s")
    previous = signal.signal(signal.SIGALRM, expired)
    signal.alarm(TEST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


# Around the test alone: an alarm while pytest writes down a failure would end all of the run.
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call():
    with time_limit():
        yield


@pytest.fixture(scope="session")
def keys():
    return {domain: SigningKey(domain, "s1") for domain in SIGNING_DOMAINS}


@pytest.fixture(scope="session")
def sealing_keys():
    """Of ourselves, of a list, and of somebody who seals what he likes."""
    return {domain: SigningKey(domain, "arc1") for domain in ("ours.example", "lists.example", "rogue.example")}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def name_server(tmp_path_factory, keys, sealing_keys):
    server = NameServer(tmp_path_factory.mktemp("nsd"), zone_text([*keys.values(), *sealing_keys.values()])).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared_sink():
    sink = Sink()
    yield sink
    sink.stop()


@pytest.fixture
def sink(shared_sink):
    """The downstream server, empty and in good health."""
    shared_sink.reset()
    return shared_sink


@pytest.fixture(scope="session")
def gatepost(tmp_path_factory, name_server, shared_sink, certificate):
    """One server for all tests that need no other configuration; it must end well."""
    server = Gatepost(tmp_path_factory.mktemp("gatepost"), name_server.port, shared_sink.port, certificate).start()
    yield server
    server.stop()


@pytest.fixture
def make_gatepost(tmp_path, name_server, shared_sink, certificate):
    """Starts a server of the test's own: make_gatepost({'dns': {...}})."""
    servers = []

    def make(changes=None, dns_port=None, relay_port=None):
        server = Gatepost(tmp_path / f"gatepost{len(servers)}", dns_port or name_server.port,
                          relay_port or shared_sink.port, certificate, changes)
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def send(gatepost):
    """Sends octets through the shared server: send(message, client, mail_from, rcpt_to)."""
    def deliver(message, client, mail_from, rcpt_to="inbox@ours.example", server=None, **more):
        return swaks((server or gatepost).port, message, client, mail_from, rcpt_to, **more)
    return deliver


@pytest.fixture
def make_server():
    """Starts a mail server of the test's own: make_server(Postfix, relay_port=...)."""
    servers = []

    def make(kind, **settings):
        servers.append(kind(**settings))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()
