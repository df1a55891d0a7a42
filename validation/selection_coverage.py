"""Run with `python -m validation.selection_coverage`: whether a selection model holds under its own process.

python -m validation.selection_coverage           the figures of validation/README.md
python -m validation.selection_coverage --quick   fewer data sets
python -m validation.selection_coverage --json    the same for machines

Effects are drawn with standard errors as in small psychological studies; those with one-sided p below .025 are
published, others with a given probability, until 40 are. It is counted how often the interval of the mean holds the
truth, beside that of the unselected random-effects fit, and how often the likelihood-ratio test finds selection. Both
rest on large samples; the exit status is 1 when, with selection, coverage leaves 92.5 to 97.5 %, or, without it, the
test rejects less than 2.5 % or more than 7.5 % of the time.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy.special import ndtr

from analysis.fragility.selection import fit_selection
from analysis.results import Array

# The seed was written down before the first run.
SEED: Final = 1
STUDIES: Final = 40
STEP: Final = 0.025
# Mean, between-study standard deviation, weight of results that are not significant.
SCENES: Final = ((0.2, 0.1, 0.3), (0.2, 0.2, 0.3), (0.0, 0.1, 0.3), (0.2, 0.1, 1.0), (0.0, 0.2, 1.0))
COVERAGE: Final = (0.925, 0.975)
SIZE: Final = (0.025, 0.075)


def draw(rng: np.random.Generator, sets: int, scene: tuple[float, float, float]) -> tuple[Array, Array]:
    """Published effects and their variances, (sets, 40)."""
    mu, tau, weight = scene
    pool = STUDIES * 12
    v = rng.uniform(0.1, 0.35, (sets, pool)) ** 2
    y = rng.normal(mu, np.sqrt(v + tau**2))
    kept = (ndtr(-y / np.sqrt(v)) <= STEP) | (rng.random(y.shape) < weight)
    first = np.argsort(~kept, axis=1, kind="stable")[:, :STUDIES]
    assert kept.sum(1).min() >= STUDIES
    return np.take_along_axis(y, first, 1), np.take_along_axis(v, first, 1)


def run(sets: int, scene: tuple[float, float, float], rng: np.random.Generator) -> dict[str, Any]:
    """One scene: counts over data sets that could be fitted."""
    mu, tau, weight = scene
    y, v = draw(rng, sets, scene)
    begin = time.perf_counter()
    one = fit_selection(y, v, steps=STEP)
    seconds = time.perf_counter() - begin
    fitted = np.isfinite(one.se[:, 0]) & one.convergence.converged
    plain = one.unselected
    inside = [(fit.ci_lb[:, 0] <= mu) & (mu <= fit.ci_ub[:, 0]) for fit in (one, plain)]
    coverage, size = float(inside[0][fitted].mean()), float((one.lrt_pval[fitted] < 0.05).mean())
    selected = weight < 1.0
    ok = COVERAGE[0] <= coverage <= COVERAGE[1] if selected else SIZE[0] <= size <= SIZE[1]
    return {
        "mu": mu,
        "tau": tau,
        "weight": weight,
        "sets": sets,
        "fitted": int(fitted.sum()),
        "mean_estimate": float(one.beta[fitted, 0].mean()),
        "mean_unselected": float(plain.beta[:, 0].mean()),
        "coverage": coverage,
        "coverage_unselected": float(inside[1].mean()),
        "rejects_no_selection": size,
        "median_weight": float(np.median(one.delta[fitted, 1])),
        "ms_per_fit": 1000.0 * seconds / sets,
        "ok": bool(ok),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and say by the exit status whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m validation.selection_coverage", description="Selection models.")
    parser.add_argument("--quick", action="store_true", help="fewer data sets")
    parser.add_argument("--json", action="store_true", help="print JSON")
    choices = parser.parse_args(arguments)
    rng = np.random.default_rng(SEED)
    records = [run(200 if choices.quick else 4000, scene, rng) for scene in SCENES]
    if choices.json:
        sys.stdout.write(json.dumps(records, indent=2) + "\n")
    else:
        lines = [" | ".join(records[0])]
        lines += [
            " | ".join(f"{one:.3f}" if isinstance(one, float) else str(one) for one in row.values()) for row in records
        ]
        sys.stdout.write("\n".join(lines) + "\n")
    return 0 if all(row["ok"] for row in records) else 1


if __name__ == "__main__":
    sys.exit(main())
