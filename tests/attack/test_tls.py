"""TLS records that bring no octet of data: each KeyUpdate costs the server new keys."""
import pytest

from attack_harness.attackers import Flood


@pytest.mark.parametrize("noops", ["", "NOOP\r\n"], ids=["alone", "with commands"])
def test_key_updates(noops, fight, sources):
    """`limit`: as many as are forgiven, where a command stands behind them."""
    flood = Flood(sources, noops, 20 * len(sources), limit=30, program="key_updates.py")
    outcome = fight(f"1: KeyUpdates {'with commands' if noops else 'alone'}", [flood])
    assert outcome.attackers["sent"] > 0 and (noops or outcome.attackers["cut"] > 0), outcome.attackers
