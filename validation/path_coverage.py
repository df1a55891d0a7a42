"""Run with `python -m validation.path_coverage`: whether intervals of an indirect effect hold its truth.

python -m validation.path_coverage           the figures of validation/README.md
python -m validation.path_coverage --quick   fewer tables
python -m validation.path_coverage --json    the same for machines

Studies are drawn: each has a true correlation matrix that scatters around that of a mediation x -> m -> y, persons of
a normal law with it, and reports some of the three correlations only. Both stages are run, and it is counted how often
the three intervals of the indirect effect hold the truth. The exit status is 1 when coverage leaves the central 99.9 %
of a binomial count around 95 %.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy.special import bdtr

from analysis.errors import ConvergenceError
from analysis.path_models.correlations import Correlations, build_correlations, correlation_matrix
from analysis.path_models.fitting import fit_path_model
from analysis.path_models.implied import effects_of
from analysis.path_models.intervals import delta_interval, profile_interval, simulated_interval
from analysis.path_models.pooling import pool_correlations
from analysis.path_models.syntax import parse_path_model

# The seed was written down before the first run.
SEED: Final = 1
A, B, DIRECT = 0.3, 0.25, 0.15
STUDIES, TAU = 40, 0.08
# Share of cells that a study leaves out.
MISSING: Final = 0.25
PAIRS: Final = (("x", "m"), ("x", "y"), ("m", "y"))
TRUTH: Final = np.array([A, A * B + DIRECT, B + A * DIRECT])
METHODS: Final = ("delta", "monte_carlo", "profile")
TAIL: Final = 0.0005


def draw_table(rng: np.random.Generator) -> Correlations:
    """Draw the correlations that forty studies report."""
    rows: list[tuple[int, str, str, float, int]] = []
    for study in range(STUDIES):
        n = int(rng.integers(40, 300))
        while True:
            R = correlation_matrix(TRUTH + TAU * rng.standard_normal(3), 3)
            if np.linalg.eigvalsh(R)[0] > 0:
                break
        seen = np.corrcoef(rng.multivariate_normal(np.zeros(3), R, size=n), rowvar=False)
        told = rng.random(3) >= MISSING
        told[rng.integers(3)] = True
        for (first, second), told_here, (i, j) in zip(PAIRS, told, ((0, 1), (0, 2), (1, 2)), strict=True):
            if told_here:
                rows.append((study, first, second, float(seen[i, j]), n))
    study, first, second, ri, ni = zip(*rows, strict=True)
    return build_correlations(study, first, second, ri, ni, variables=("x", "m", "y"))


def run(tables: int, text: str, structure: str) -> list[dict[str, Any]]:
    """Count, for every kind of interval, how often it holds the true indirect effect."""
    rng, held, failed = np.random.default_rng(SEED), [], 0
    estimates, errors = [], []
    for table in range(tables):
        drawn = draw_table(rng)
        try:
            fit = fit_path_model(parse_path_model(text), pool_correlations(drawn, structure=structure, method="REML"))
        except ConvergenceError:
            failed += 1
            continue
        effect = next(one for one in effects_of(fit.structure) if one.kind == "indirect")
        se, *delta = delta_interval(fit, effect)
        limits = [delta, simulated_interval(fit, effect, seed=table, draws=4000), profile_interval(fit, effect)]
        held.append([lower <= A * B <= upper for lower, upper in limits])
        estimates.append(float(effect.value(fit.theta)))
        errors.append(se)
    share = np.mean(held, axis=0)
    return [
        {
            "structure": structure,
            "interval": name,
            "tables": len(held),
            "failed": failed,
            "truth": A * B,
            "mean_estimate": float(np.mean(estimates)),
            "sd_of_estimates": float(np.std(estimates)),
            "mean_se": float(np.mean(errors)),
            "coverage": float(share[i]),
            "ok": bool(TAIL < bdtr(round(share[i] * len(held)), len(held), 0.95) < 1 - TAIL),
        }
        for i, name in enumerate(METHODS)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and say by the exit status whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m validation.path_coverage", description="Coverage of path models.")
    parser.add_argument("--quick", action="store_true", help="fewer tables")
    parser.add_argument("--json", action="store_true", help="print JSON")
    choices = parser.parse_args(arguments)
    tables = 60 if choices.quick else 400
    records = [row for structure in ("DIAG", "UN") for row in run(tables, "m ~ x; y ~ m + x", structure)]
    if choices.json:
        sys.stdout.write(json.dumps(records, indent=2) + "\n")
    else:
        columns = list(records[0])
        lines = [" | ".join(columns)]
        lines += [
            " | ".join(f"{row[c]:.4f}" if isinstance(row[c], float) else str(row[c]) for c in columns)
            for row in records
        ]
        sys.stdout.write("\n".join(lines) + "\n")
    return 0 if all(row["ok"] for row in records) else 1


if __name__ == "__main__":
    sys.exit(main())
