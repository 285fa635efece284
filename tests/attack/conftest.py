"""A server with the defaults in a network of its own, senders who must not notice, and the table at the end."""
import pathlib
import sys

import pytest

E2E = pathlib.Path(__file__).parent.parent / "e2e"
sys.path.insert(0, str(E2E))
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from attack_harness import network, table  # noqa: E402
from attack_harness.attackers import Flood  # noqa: E402
from attack_harness.battle import BESIDE_FRIENDS, SLOWEST_SECONDS, Battle  # noqa: E402
from harness.gatepost import make_certificate  # noqa: E402
from harness.signing import SigningKey  # noqa: E402
from harness.sink import Sink  # noqa: E402

LONG_SECONDS, SHORT_SECONDS = 10, 5
ROWS, SLOW = [], []
BIG_ROWS = []  # of big senders


def pytest_addoption(parser):
    parser.addoption("--short", action="store_true", help="the short set, a few seconds an attack")


def pytest_configure(config):
    config.addinivalue_line("markers", "short(addresses): in the short set too, from so many; without addresses: always")


def is_short(item):
    marker = item.get_closest_marker("short")
    return marker is not None and (not marker.args or item.callspec.params["sources"] == marker.args[0])


def pytest_collection_modifyitems(config, items):
    if reason := network.missing():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))
    elif config.getoption("--short"):
        chosen = [item for item in items if is_short(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


def pytest_terminal_summary(terminalreporter):
    if reason := network.missing():
        terminalreporter.write_line(f"attacks SKIPPED: {reason}")
    for line in [*table.lines_of(ROWS), *SLOW, *table.lines_of(BIG_ROWS)]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", name="namespace")
def namespace_fixture():
    network.bring_up()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def key():
    return SigningKey("good.example.org", "s1")


@pytest.fixture(scope="session", name="shared_sink")
def shared_sink_fixture(namespace):
    sink = Sink()
    yield sink
    sink.stop()


@pytest.fixture
def big_senders():
    """Their rows."""
    yield BIG_ROWS
    table.keep(BIG_ROWS, name="big_senders.md")


@pytest.fixture(params=[4, 1], ids=["four", "one"])
def sources(request):
    """Of the attackers."""
    return network.ATTACKERS[:request.param]


@pytest.fixture
def battle(tmp_path, shared_sink, certificate, key):
    """battle(records, silent=, failing=, changes=): a server, its DNS and two senders."""
    shared_sink.reset()
    made = []

    def make(records, **settings):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Battle(folder, shared_sink, certificate, key, records, **settings))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="session", name="friends")
def friends_fixture(tmp_path_factory, shared_sink, certificate, key):
    """friends(): the slowest message of the senders beside the same load of friendly mail; for slow machines."""
    known = []

    def slowest():
        if not known:
            message = "From: a@friend.example\r\n\r\nHello.\r\n"
            payload = f"MAIL FROM:<a@friend.example>\r\nRCPT TO:<inbox@ours.example>\r\nBDAT {len(message)} LAST\r\n{message}"
            records = [["friend.example", "TXT", 300, "v=spf1 +all"],
                       ["_dmarc.friend.example", "TXT", 300, "v=DMARC1; p=reject"]]
            arena = Battle(tmp_path_factory.mktemp("friends"), shared_sink, certificate, key, records)
            try:
                floods = [Flood(network.ATTACKERS, payload, 50 * len(network.ATTACKERS))]
                outcome = arena.fight("friendly mail", len(network.ATTACKERS), floods, LONG_SECONDS)
            finally:
                arena.stop()
            ROWS.append(outcome.row())
            known.append(max(outcome.slowest.values()))
        return known[0]

    return slowest


@pytest.fixture
def fight(battle, sources, friends, request):
    """fight(title, floods, records, …): one attack from `sources`; keeps its row, and fails where something did not hold."""
    short = request.config.getoption("--short")

    def run(title, floods, records=(), bounds=None, silent=(), failing=(), changes=None, seconds=None, during=None,
            under=()):
        arena = battle(list(records), silent=silent, failing=failing, changes=changes, under=under)
        more = {"bounds": bounds} if bounds else {}
        outcome = arena.fight(title, len(sources), floods, seconds or (SHORT_SECONDS if short else LONG_SECONDS),
                              during=during, **more)
        ROWS.append(outcome.row())
        slowest = max(outcome.slowest.values())
        if slowest > SLOWEST_SECONDS / 2:
            SLOW.append(f"{title}, {len(sources)}: {outcome.slow[0]}")
        if slowest > SLOWEST_SECONDS and slowest > BESIDE_FRIENDS * friends():
            outcome.faults.append(f"the slowest message took {slowest:.2f} s, beside friendly mail {friends():.2f} s")
        table.keep(ROWS, SLOW)
        outcome.arena = arena
        assert not outcome.faults, "\n".join([*outcome.faults, *map(str, outcome.slow)])
        return outcome

    return run
