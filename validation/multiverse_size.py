"""Run with `python -m validation.multiverse_size`: how often the joint test of a multiverse cries wolf.

python -m validation.multiverse_size           1,000 tables a condition, seven minutes
python -m validation.multiverse_size --quick   200 of them
python -m validation.multiverse_size --json    the same for machines

True correlations scatter about zero, studies report one or two of them, and 30 or 60 specifications are fitted:
Fisher's z and correlations, with large-sample and average variances, composites, outlier rules, estimators, tests. Each
of the three statistics should reject in no more than 5 per cent of the tables. Beside them stands the share of tables
in which some specification rejects, which is what choosing the best one would come to. The exit status is 1 when a
joint test rejects more often than a binomial count at 5 per cent plausibly would.
"""

import argparse
import json
import sys
from typing import Any, Final

import numpy as np
from scipy.special import bdtr

from analysis.fragility.aggregation import aggregate_by
from analysis.fragility.joint_multiverse import joint_multiverse_test
from analysis.fragility.multiverse import EffectSet, run_multiverse
from analysis.measures import escalc

# The seed was written down before the first run.
SEED: Final = 1
LEVEL: Final = 0.05
TAIL: Final = 0.0005
DRAWS: Final = 199
STATISTICS: Final = ("median", "clear", "stouffer")
CHOICES: Final[dict[str, Any]] = {
    "methods": ("REML", "DL", "EE"),
    "tests": ("z", "knha"),
    "outliers": ("none", "residuals"),
}
# Studies, standard deviation of true correlations between them, effects of a study.
CONDITIONS: Final = ((8, 0.0, 1), (8, 0.2, 1), (20, 0.0, 1), (20, 0.2, 1), (20, 0.2, 2), (40, 0.2, 2))
KINDS: Final = (("ZCOR", "LS"), ("COR", "LS"), ("COR", "AV"))


def drawn(rng: np.random.Generator, studies: int, tau: float, per_study: int) -> list[EffectSet]:
    """Sets of effects of one table whose mean is zero; errors of one study correlate by 0.6."""
    unit = np.repeat(np.arange(studies), per_study)
    ni = np.repeat(rng.integers(15, 151, studies), per_study)
    shared = rng.normal(size=studies)[unit]
    error = np.sqrt(0.6) * shared + np.sqrt(0.4) * rng.normal(size=len(unit)) if per_study > 1 else shared
    ri = np.tanh(tau * rng.normal(size=studies)[unit] + error / np.sqrt(ni - 3.0))
    sets = []
    for measure, vtype in KINDS:
        sizes = escalc(measure, {"ri": ri, "ni": ni}, vtype=vtype)
        for rule in ("none", "0.6") if per_study > 1 else ("none",):
            y, v, u = aggregate_by(rule, sizes.yi, sizes.vi, unit)
            choices = {"measure": measure, "vtype": vtype, "aggregate": rule}
            sets.append(EffectSet(choices=choices, estimand="all", yi=y, vi=v, unit=u))
    return sets


def run(tables: int) -> list[dict[str, Any]]:
    """Share of tables in which each joint test rejects, and in which any specification does, by condition."""
    found = []
    for condition, (studies, tau, per_study) in enumerate(CONDITIONS):
        rng = np.random.default_rng([SEED, condition])
        counts, any_one, specifications = dict.fromkeys(STATISTICS, 0), 0, 0
        for table in range(tables):
            sets = drawn(rng, studies, tau, per_study)
            (test,) = joint_multiverse_test(sets, **CHOICES, draws=DRAWS, seed=table)
            for name in STATISTICS:
                counts[name] += getattr(test, f"{name}_pval") <= LEVEL
            any_one += bool((run_multiverse(sets, **CHOICES).pval <= LEVEL).any())
            specifications = test.specifications
        shared = {"studies": studies, "tau": tau, "effects": per_study, "specifications": specifications}
        for name, count in counts.items():
            # At least `count` of them, were the level true.
            too_often = bool(count and 1.0 - bdtr(count - 1, tables, LEVEL) < TAIL)
            found.append({**shared, "statistic": name, "rejected": count / tables, "too_often": too_often})
        found.append({**shared, "statistic": "any one", "rejected": any_one / tables, "too_often": False})
    return found


def show(found: list[dict[str, Any]], tables: int) -> str:
    """The shares as a table, a condition a row; `!` where more than the level by more than chance."""
    names = (*STATISTICS, "any one")
    lines = [f"{tables} tables a condition, {DRAWS} draws (8 studies: all arrangements); level 5 %"]
    head = [f"{'studies':>8}{'tau':>6}{'effects':>9}{'specifications':>16}", *(f"{name:>12}" for name in names)]
    lines.append("".join(head))
    for start in range(0, len(found), len(names)):
        rows = found[start : start + len(names)]
        one = rows[0]
        shares = (f"{100 * row['rejected']:.1f} %{'!' if row['too_often'] else ' '}" for row in rows)
        own = f"{one['studies']:>8}{one['tau']:>6}{one['effects']:>9}{one['specifications']:>16}"
        lines.append("".join([own, *(f"{share:>12}" for share in shares)]))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Draw, count, print."""
    parser = argparse.ArgumentParser(prog="python -m validation.multiverse_size", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer tables")
    parser.add_argument("--json", action="store_true", help="print JSON")
    choices = parser.parse_args(arguments)
    tables = 200 if choices.quick else 1000
    found = run(tables)
    sys.stdout.write((json.dumps(found, indent=2) if choices.json else show(found, tables)) + "\n")
    return int(any(row["too_often"] for row in found))


if __name__ == "__main__":
    sys.exit(main())
