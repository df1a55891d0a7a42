"""`python -m benchmarks.multilevel`: multilevel models beside metafor on the same numbers, in the same run.

Three-level REML for 1,000 effects of 200 studies and for 10,000 of 2,000; correlated and hierarchical effects with CR2,
Satterthwaite degrees of freedom and the joint test of three moderators, from V on; the model without each of 200
studies, for which metafor would take hundreds of fits. metafor runs with sparse matrices.

python -m benchmarks.multilevel --dense   metafor with dense matrices too, about a minute
python -m benchmarks.multilevel --large   metafor with 10,000 effects too, about ten minutes
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from analysis.frequentist import fit_multilevel, htz_test, robust_fit
from analysis.frequentist.mixed_deletion import leave_one_out
from analysis.measures import vcalc
from analysis.results import Array, Design, IntArray
from benchmarks import command
from benchmarks.command import Row
from benchmarks.ours import seconds
from benchmarks.robust import NAMES, drawn

SCRIPT = Path(__file__).with_name("multilevel.R")
# Task, what it is, and the seconds it should stay under.
TASKS = {
    "three": ("three-level REML, 1,000 effects in 200 studies", 0.025),
    "dense": ("the same, metafor with dense matrices", 0.025),
    "large": ("three-level REML, 10,000 effects in 2,000 studies", 0.3),
    "che": ("CHE, CR2, df and HTZ, 1,000 effects in 200 studies", 0.06),
    "left_out": ("the first without each study, refitted", 5.0),
}


def nested(studies: int) -> tuple[dict[str, Array], IntArray]:
    """The table of `robust.drawn`, its effects with variance between and within studies."""
    columns, study = drawn(studies)
    random = np.random.default_rng(2)
    spread = random.normal(0.0, 0.3, studies)[study] + random.normal(0.0, 0.2, len(study))
    yi = 0.3 + 0.1 * columns["x"] + spread + columns["yi"] * np.sqrt(columns["vi"])
    return columns | {"yi": yi}, study


def tasks() -> dict[str, Callable[[], float]]:
    """What is timed; each gives the number that a peer must give too."""
    columns, study = nested(200)
    many, many_study = nested(2000)
    yi, vi = columns["yi"], columns["vi"]
    levels = {"study": study, "effect": np.arange(len(study))}
    X = np.column_stack([np.ones(len(yi)), columns["x"], columns["z"], columns["u"]])
    design = Design(X=X, names=NAMES, terms=(), has_intercept=True)
    whole = fit_multilevel(yi, vi, levels=levels)

    def three(y: Array, v: Array, groups: IntArray) -> float:
        return float(fit_multilevel(y, v, levels={"study": groups, "effect": np.arange(len(groups))}).beta[0])

    def che() -> float:
        V = vcalc(vi, study, rho=0.6).covariance
        fit = fit_multilevel(yi, V, design, levels=levels)
        sandwich = robust_fit(fit.beta, fit.names, X, fit.residuals, fit.M, study)
        return float(htz_test(sandwich, np.eye(4)[1:]).stat)

    return {
        "three": partial(three, yi, vi, study),
        "dense": partial(three, yi, vi, study),
        "large": partial(three, many["yi"], many["vi"], many_study),
        "che": che,
        "left_out": lambda: float(leave_one_out(whole, study).beta[0, 0]),
    }


def peer(*, dense: bool = False, large: bool = False) -> dict[str, tuple[float, float]]:
    """Seconds and number of metafor (and clubSandwich) per task; none where R or they are absent."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"effects{studies}.csv" for studies in (200, 2000)]
        for path, studies in zip(paths, (200, 2000), strict=True):
            _write(path, *nested(studies))
        flags = [str(flag).upper() for flag in (dense, large)]
        done = subprocess.run(
            [rscript, str(SCRIPT), *map(str, paths), *flags], capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        return {}
    lines = [line.split() for line in done.stdout.splitlines()]
    return {name: (float(taken), float(number)) for name, taken, number in lines}


def _write(path: Path, columns: dict[str, Array], study: IntArray) -> None:
    table = columns | {"study": study, "effect": np.arange(len(study))}
    lines = zip(*(values.tolist() for values in table.values()), strict=True)
    text = [",".join(table), *(",".join(map(repr, line)) for line in lines)]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


def rows(repeats: int, *, dense: bool = False, large: bool = False) -> list[Row]:
    """One record per task; that of dense matrices only where asked for."""
    theirs, table = peer(dense=dense, large=large), []
    for name, task in tasks().items():
        if name == "dense" and not dense:
            continue
        what, target = TASKS[name]
        mine, (taken, number) = seconds(task, repeats), theirs.get(name, (None, None))
        row: Row = {"task": what, "ours": mine, "target": target, "metafor": taken}
        row["ratio"] = None if taken is None else taken / mine
        row["difference"] = None if number is None else abs(task() / number - 1.0)
        table.append(row)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = command.parser("benchmarks.multilevel", "Speed of multilevel models beside metafor.")
    parser.add_argument("--dense", action="store_true", help="time metafor with dense matrices too")
    parser.add_argument("--large", action="store_true", help="time metafor with 10,000 effects too")
    choices = parser.parse_args(arguments)
    return command.run(
        choices, partial(rows, dense=choices.dense, large=choices.large), partial(command.beside, peer="metafor")
    )


if __name__ == "__main__":
    sys.exit(main())
