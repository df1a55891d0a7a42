"""`python -m benchmarks.fragility`: questions of influence and bias beside metafor on the same numbers.

All 8,191 subsets of 13 studies, compared by their median because metafor's scoring does not settle for a few of them;
leave-one-out, deletion diagnostics and trim and fill of 160; a selection model of 40.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from analysis.fragility.gosh import gosh
from analysis.fragility.influence import influence
from analysis.fragility.leave_out import leave1out
from analysis.fragility.selection import fit_selection
from analysis.fragility.trim_fill import trimfill
from benchmarks import command
from benchmarks.command import Row
from benchmarks.data import bcg_trials, drawn, write
from benchmarks.ours import seconds

SCRIPT = Path(__file__).with_name("fragility.R")
# Task, what it is, and the seconds it should stay under.
TASKS = {
    "gosh": ("GOSH, all 8,191 subsets of 13 studies, REML", 0.2),
    "leave1out": ("leave-one-out, 160 studies, REML", 0.02),
    "influence": ("deletion diagnostics, 160 studies, REML", 0.03),
    "trimfill": ("trim and fill, 160 studies, L0, REML", 0.02),
    "selection": ("step selection model, 40 studies, one step at .025", 0.06),
}


def tasks() -> dict[str, Callable[[], float]]:
    """What is timed; each gives a number that a peer must give too."""
    few, (many, many_vi, _) = bcg_trials(), drawn(160)
    return {
        "gosh": lambda: float(np.median(gosh(*few).estimate)),
        "leave1out": lambda: float(leave1out(many, many_vi).fits.beta.mean()),
        "influence": lambda: float(influence(many, many_vi).cook_d.sum()),
        "trimfill": lambda: float(trimfill(many, many_vi).fit.beta[0]),
        "selection": lambda: float(fit_selection(many[:40], many_vi[:40]).beta[0]),
    }


def peer() -> dict[str, tuple[float, float]]:
    """Seconds and number of metafor per task; none where R or it are absent."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return {}
    many, many_vi, _ = drawn(160)
    with tempfile.TemporaryDirectory() as folder:
        tables = [Path(folder) / "few.csv", Path(folder) / "many.csv"]
        write(tables[0], *bcg_trials())
        write(tables[1], many, many_vi)
        done = subprocess.run([rscript, str(SCRIPT), *map(str, tables)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {}
    lines = [line.split() for line in done.stdout.splitlines()]
    return {name: (float(taken), float(number)) for name, taken, number in lines}


def rows(repeats: int) -> list[Row]:
    """One record per task."""
    theirs, table = peer(), []
    for name, task in tasks().items():
        what, target = TASKS[name]
        mine, (taken, number) = seconds(task, 2 * repeats), theirs.get(name, (None, None))
        row: Row = {"task": what, "ours": mine, "target": target, "metafor": taken}
        row["ratio"] = None if taken is None else taken / mine
        row["difference"] = None if number is None else abs(task() / number - 1.0)
        table.append(row)
    return table


def show(table: list[Row]) -> str:
    """The table as text."""
    return command.beside(table, "metafor")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = command.parser("benchmarks.fragility", "Speed beside metafor.")
    return command.run(parser.parse_args(arguments), rows, show)


if __name__ == "__main__":
    sys.exit(main())
