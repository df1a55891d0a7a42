"""Run with `python -m validation.bias_test_size`: how often tests of publication bias cry wolf.

python -m validation.bias_test_size           1,000 tables a condition
python -m validation.bias_test_size --quick   200 of them
python -m validation.bias_test_size --json    the same for machines

Every study is published, whatever it finds: a test at 5 per cent (10 per cent for excess significance, its authors'
level) should reject in no more. Effects are drawn about a mean, with their variance between studies, from the normal
law that the tests suppose; and as standardised mean differences of raw groups, whose standard errors rise with the
effect, which is where Egger's test is known to cry wolf (Pustejovsky & Rodgers 2019, Res. Synth. Methods 10, 57-71).
The exit status is 1 when a test of normal effects without heterogeneity rejects more often than a binomial count at
its level plausibly would.
"""

import argparse
import json
import sys
from typing import Any, Final

import numpy as np
from scipy.special import bdtr

from analysis.fragility.asymmetry import ranktest, regtest
from analysis.fragility.excess import tes
from analysis.frequentist import fit_random_effects
from analysis.results import Array
from analysis.vocabulary import EXCESS_ALPHA

# The seed was written down before the first run.
SEED: Final = 1
LEVEL: Final = 0.05
MEAN: Final = 0.3
TAIL: Final = 0.0005
# Nominal level of each test: regressions on the standard error by weighted least squares and by REML with a
# Knapp-Hartung test, on the inverse root of sizes, Kendall's tau, and too many significant studies with power for one
# effect or for effects that vary.
LEVELS: Final = {
    "Egger, lm": LEVEL,
    "Egger, knha": LEVEL,
    "sqrtninv, knha": LEVEL,
    "ranks": LEVEL,
    "excess, tau2 = 0": EXCESS_ALPHA,
    "excess, tau2 DL": EXCESS_ALPHA,
}
# Studies, variance between them, and how effects arise.
CONDITIONS: Final = (
    (10, 0.0, "normal"),
    (40, 0.0, "normal"),
    (10, 0.05, "normal"),
    (40, 0.05, "normal"),
    (40, 0.0, "smd"),
    (40, 0.05, "smd"),
)


def drawn(rng: np.random.Generator, k: int, tau2: float, kind: str) -> tuple[Array, Array, Array]:
    """Effects, variances and sizes of k studies of 10 to 100 persons a group."""
    n = rng.integers(10, 101, k)
    true = MEAN + np.sqrt(tau2) * rng.normal(size=k)
    if kind == "normal":
        vi = 2.0 / n + MEAN**2 / (4.0 * n)
        return rng.normal(true, np.sqrt(vi)), vi, 2.0 * n
    spread = np.sqrt((rng.chisquare(n - 1) + rng.chisquare(n - 1)) / (2.0 * n - 2.0))
    d = (1.0 - 3.0 / (8.0 * n - 9.0)) * rng.normal(true, np.sqrt(2.0 / n)) / spread
    return d, 2.0 / n + d**2 / (4.0 * n), 2.0 * n


def reject(yi: Array, vi: Array, ni: Array) -> dict[str, bool]:
    """Whether each test rejects at its level."""
    tau2 = float(fit_random_effects(yi, vi, method="DL").tau2)
    pval = {
        "Egger, lm": regtest(yi, vi, model="lm").pval,
        "Egger, knha": regtest(yi, vi, test="knha").pval,
        "sqrtninv, knha": regtest(yi, vi, ni=ni, predictor="sqrtninv", test="knha").pval,
        "ranks": ranktest(yi, vi).pval,
        "excess, tau2 = 0": tes(yi, vi).pval,
        "excess, tau2 DL": tes(yi, vi, tau2=tau2).pval,
    }
    return {name: pval[name] <= level for name, level in LEVELS.items()}


def run(tables: int) -> list[dict[str, Any]]:
    """Share of tables in which each test rejects, by condition."""
    found = []
    for condition, (k, tau2, kind) in enumerate(CONDITIONS):
        rng = np.random.default_rng([SEED, condition])
        counts = dict.fromkeys(LEVELS, 0)
        for _ in range(tables):
            for name, rejected in reject(*drawn(rng, k, tau2, kind)).items():
                counts[name] += rejected
        for name, count in counts.items():
            level = LEVELS[name]
            found.append(
                {
                    "k": k,
                    "tau2": tau2,
                    "effects": kind,
                    "test": name,
                    "level": level,
                    "rejected": count / tables,
                    "too_often": bool(1.0 - bdtr(count - 1, tables, level) < TAIL) if count else False,
                }
            )
    return found


def show(found: list[dict[str, Any]], tables: int) -> str:
    """The shares as a table, a condition a row; `!` where more than the level by more than chance."""
    names = list(LEVELS)
    lines = [f"{tables} tables a condition; level 5 % (excess significance 10 %)"]
    lines.append("".join([f"{'k':>4}{'tau2':>6}{'effects':>9}", *(f"{name:>20}" for name in names)]))
    for k, tau2, kind in CONDITIONS:
        here = {row["test"]: row for row in found if (row["k"], row["tau2"], row["effects"]) == (k, tau2, kind)}
        shares = (f"{100 * here[name]['rejected']:.1f} %{'!' if here[name]['too_often'] else ' '}" for name in names)
        lines.append("".join([f"{k:>4}{tau2:>6}{kind:>9}", *(f"{share:>20}" for share in shares)]))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Draw, count, print."""
    parser = argparse.ArgumentParser(prog="python -m validation.bias_test_size", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer tables")
    parser.add_argument("--json", action="store_true", help="print JSON")
    choices = parser.parse_args(arguments)
    tables = 200 if choices.quick else 1000
    found = run(tables)
    sys.stdout.write((json.dumps(found, indent=2) if choices.json else show(found, tables)) + "\n")
    plain = [row for row in found if row["tau2"] == 0.0 and row["effects"] == "normal"]
    return int(any(row["too_often"] for row in plain))


if __name__ == "__main__":
    sys.exit(main())
