"""The seed of all generated cases. Another one: GATEPOST_SEED=N; more or fewer cases: GATEPOST_CASES=FACTOR."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

SEED = os.environ.get("GATEPOST_SEED", "20260712")
FACTOR = float(os.environ.get("GATEPOST_CASES", "1"))


def count(cases):
    return int(cases * FACTOR)
