"""`python -m benchmarks.robust`: cluster-robust inference beside clubSandwich on the same numbers, in the same run.

CR2, Satterthwaite degrees of freedom and the joint test of three moderators for 1,000 effects of 200 studies; the
sampling covariances by `vcalc`; 1,999 draws of the cluster wild bootstrap, for which no peer is at hand.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from analysis.covariance import BlockCovariance
from analysis.frequentist import cluster_wild_bootstrap, htz_test, robust_fit
from analysis.frequentist.sandwich import whiten_design
from analysis.measures import vcalc
from analysis.results import Array, IntArray
from benchmarks import command
from benchmarks.command import Row
from benchmarks.ours import seconds

SCRIPT = Path(__file__).with_name("robust.R")
NAMES = ("intrcpt", "x", "z", "u")
# Task, what it is, and the seconds it should stay under.
TASKS = {
    "robust": ("CR2, df and HTZ, 1,000 effects in 200 studies", 0.03),
    "vcalc": ("V from one rho, 1,000 effects in 200 studies", 0.03),
    "bootstrap": ("1,999 wild draws, joint test, 200 studies", 1.0),
}


def drawn(studies: int = 200, *, seed: int = 1) -> tuple[dict[str, Array], IntArray]:
    """Columns of a made-up table and the study of every effect: one to nine effects a study, five on average."""
    random = np.random.default_rng(seed)
    study = np.repeat(np.arange(studies), np.resize(np.arange(1, 10), studies))
    study = np.concatenate([study, np.full(max(0, 5 * studies - len(study)), studies - 1)])
    k = len(study)
    columns = {"yi": random.normal(size=k), "vi": random.uniform(0.02, 0.4, k)}
    columns |= {"x": random.normal(size=studies)[study], "z": random.normal(size=k), "u": random.normal(size=k)}
    return columns, study


def working(vi: Array, study: IntArray) -> BlockCovariance:
    """V by one rho, 0.1 between studies, 0.05 between the effects of a study."""
    V = vcalc(vi, study, rho=0.6).covariance
    blocks = tuple(block + 0.05 * np.eye(block.shape[1]) + 0.1 for block in V.blocks)
    return BlockCovariance(clusters=V.clusters, blocks=blocks)


def tasks() -> dict[str, Callable[[], float]]:
    """What is timed; each gives a number that a peer must give too."""
    columns, study = drawn()
    yi, vi = columns["yi"], columns["vi"]
    X = np.column_stack([np.ones(len(yi)), columns["x"], columns["z"], columns["u"]])
    M, L = working(vi, study), np.eye(4)[1:]
    white = whiten_design(X, M, M.clusters)
    weighted = M.clusters.join(
        [np.linalg.solve(block, part) for block, part in zip(M.blocks, M.clusters.split(X), strict=True)]
    )
    beta = white.back @ white.back.T @ (weighted.T @ yi)

    def robust() -> float:
        return float(htz_test(robust_fit(beta, NAMES, X, yi - X @ beta, M, study), L).pval)

    return {
        "robust": robust,
        "vcalc": lambda: float(sum(block.sum() for block in vcalc(vi, study, rho=0.6).covariance.blocks)),
        "bootstrap": lambda: cluster_wild_bootstrap(yi, X, M, study, L, seed=1).pval,
    }


def peer() -> dict[str, tuple[float, float]]:
    """Seconds and number of clubSandwich and metafor per task; none where R or they are absent."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return {}
    columns, study = drawn()
    table = columns | {"study": study, "effect": np.arange(len(study))}
    lines = [
        ",".join(table),
        *(",".join(map(repr, row)) for row in zip(*(v.tolist() for v in table.values()), strict=True)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "effects.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run([rscript, str(SCRIPT), str(path)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {}
    rows = [line.split() for line in done.stdout.splitlines()]
    return {name: (float(taken), float(number)) for name, taken, number in rows}


def rows(repeats: int) -> list[Row]:
    """One record per task."""
    theirs, table = peer(), []
    for name, task in tasks().items():
        what, target = TASKS[name]
        mine, (taken, number) = seconds(task, 10 * repeats), theirs.get(name, (None, None))
        row: Row = {"task": what, "ours": mine, "target": target, "clubSandwich": taken}
        row["ratio"] = None if taken is None else taken / mine
        row["difference"] = None if number is None else abs(task() / number - 1.0)
        table.append(row)
    return table


def show(table: list[Row]) -> str:
    """The table as text."""
    return command.beside(table, "clubSandwich")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = command.parser("benchmarks.robust", "Speed beside clubSandwich.")
    return command.run(parser.parse_args(arguments), rows, show)


if __name__ == "__main__":
    sys.exit(main())
