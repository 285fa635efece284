"""Point 7: one network that wants all of limits.connections."""
import pytest

from attack_harness.attackers import Flood

WANTED = 10_500  # limits.connections and some more
PROCESSES = 3
NETWORKS = {
    "an IPv6 /48": [f"2001:db8:bad:{i:x}::1" for i in range(1, 251)],
    "an IPv4 /24": [f"198.51.100.{i}" for i in range(1, 251)],
}


@pytest.mark.parametrize("sources", [1], ids=["one"], indirect=True)
@pytest.mark.parametrize("network", NETWORKS)
def test_one_network_leaves_room(network, fight, sources):
    hosts = NETWORKS[network]
    floods = [Flood(hosts[i::PROCESSES], "NOOP\r\n", WANTED // PROCESSES, pause=60, again=2) for i in range(PROCESSES)]
    outcome = fight(f"7: {network}", floods, seconds=25)
    assert outcome.attackers["most_open"] > 7000, outcome.attackers
    assert outcome.arena.metric("gatepost_connections_bound") == 10_000
