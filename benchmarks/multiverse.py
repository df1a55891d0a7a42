"""`python -m benchmarks.multiverse`: 1,008 specifications of 60 studies beside a loop of metafor fits.

56 sets of effects (the studies less one of 56 in turn) under six estimators and three tests. The joint test, which fits
every specification to 500 further data sets, has no peer.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from analysis.fragility.joint_multiverse import joint_multiverse_test
from analysis.fragility.multiverse import EffectSet, run_multiverse
from benchmarks import command
from benchmarks.command import Row
from benchmarks.data import drawn
from benchmarks.ours import seconds

SCRIPT = Path(__file__).with_name("multiverse.R")
K, SETS, DRAWS = 60, 56, 500
# Seconds that all specifications, and their joint test, should stay under.
TARGET, JOINT_TARGET = 3.0, 5.0
METHODS, TESTS = ("REML", "DL", "PM", "ML", "HE", "EB"), ("z", "t", "knha")


def make_sets() -> list[EffectSet]:
    """The same studies less one, as if by another choice each."""
    yi, vi, _ = drawn(K)
    sets = []
    for place in range(SETS):
        unit = np.delete(np.arange(K), place)
        sets.append(EffectSet(choices={"set": str(place)}, estimand="mean", yi=yi[unit], vi=vi[unit], unit=unit))
    return sets


def peer(sets: list[EffectSet]) -> tuple[float | None, float | None]:
    """Seconds and median mean of metafor; None where R or it are absent."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None, None
    lines = ["set,yi,vi"]
    for one in sets:
        lines += [f"{one.choices['set']},{y!r},{v!r}" for y, v in zip(one.yi.tolist(), one.vi.tolist(), strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sets.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run([rscript, str(SCRIPT), str(path)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None, None
    taken, number = done.stdout.split()
    return float(taken), float(number)


def rows(repeats: int) -> list[Row]:
    """One record per task."""
    sets = make_sets()
    number = float(np.median(run_multiverse(sets, methods=METHODS, tests=TESTS).estimate))
    taken, theirs = peer(sets)
    mine = seconds(lambda: run_multiverse(sets, methods=METHODS, tests=TESTS), repeats)
    joint = seconds(
        lambda: joint_multiverse_test(sets, methods=METHODS, tests=TESTS, draws=DRAWS, seed=1), min(repeats, 3)
    )
    count = f"{len(METHODS) * len(TESTS) * SETS:,}"
    return [
        {
            "task": f"{count} specifications of {K - 1} studies",
            "ours": mine,
            "target": TARGET,
            "metafor": taken,
            "ratio": None if taken is None else taken / mine,
            "difference": None if theirs is None else abs(number / theirs - 1.0),
        },
        {
            "task": f"and their joint test, {DRAWS} draws",
            "ours": joint,
            "target": JOINT_TARGET,
            "metafor": None,
            "ratio": None,
            "difference": None,
        },
    ]


def show(table: list[Row]) -> str:
    """The table as text."""
    return command.beside(table, "metafor")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = command.parser("benchmarks.multiverse", "Speed beside metafor.")
    return command.run(parser.parse_args(arguments), rows, show)


if __name__ == "__main__":
    sys.exit(main())
