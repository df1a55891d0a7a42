"""The tables and options on which every measure is compared with metafor."""

from typing import Any

import numpy as np

from analysis.vocabulary import VTYPES

type Columns = dict[str, list[float | None]]


def correlations(smallest: float) -> Columns:
    """All pairs of twelve correlations and eight sample sizes, one of them a fraction, one row incomplete."""
    r = [-0.999, -0.9, -0.5, -0.1, -1e-6, 0.0, 0.003, 0.05, 0.3, 0.62, 0.95, 0.999]
    n = [smallest, smallest + 0.5, smallest + 1, 11.0, 55.25, 212.0, 3000.0, 1e5]
    ri, ni = (list(values) for values in zip(*((a, b) for a in r for b in n), strict=True))
    return {"ri": [*ri, None], "ni": [*ni, 20.0]}


def groups() -> Columns:
    """Sixty pairs of groups: means of one sign, tiny, fractional and large n, one row incomplete."""
    rng = np.random.default_rng(20240311)
    k = 60
    sign = np.where(rng.random(k) < 0.3, -1.0, 1.0)
    n1, n2 = rng.integers(2, 80, k).astype(float), rng.integers(2, 80, k).astype(float)
    n1[:6], n2[:6] = [2, 2, 3, 12.5, 5000, 4], [2, 3, 2, 17.25, 4000, 90]
    columns: Columns = {
        "m1i": (sign * rng.gamma(4, 3, k)).tolist(),
        "sd1i": rng.gamma(3, 1, k).tolist(),
        "n1i": n1.tolist(),
        "m2i": (sign * rng.gamma(4, 3, k)).tolist(),
        "sd2i": rng.gamma(3, 1, k).tolist(),
        "n2i": n2.tolist(),
    }
    columns["sd2i"][10] = None
    return columns


def changes() -> Columns:
    """Sixty changes within a group, correlations from -0.9 to 0.99, one row incomplete."""
    rng = np.random.default_rng(7)
    k = 60
    n = rng.integers(3, 150, k).astype(float)
    n[:4] = [2.5, 3, 40.75, 9000]
    columns: Columns = {
        "m1i": rng.normal(10, 4, k).tolist(),
        "sd1i": rng.gamma(3, 1, k).tolist(),
        "m2i": rng.normal(9, 4, k).tolist(),
        "sd2i": rng.gamma(3, 1, k).tolist(),
        "ni": n.tolist(),
        "ri": rng.uniform(-0.9, 0.99, k).tolist(),
    }
    columns["ri"][5] = None
    return columns


def two_by_two() -> Columns:
    """Tables with a zero in every place, double zeros, one person, and ordinary ones; one row incomplete."""
    edge = [
        [0, 10, 5, 5],
        [3, 0, 5, 9],
        [3, 7, 0, 9],
        [3, 7, 4, 0],
        [0, 10, 0, 12],
        [10, 0, 12, 0],
        [0, 1, 1, 0],
        [1, 0, 0, 1],
    ]
    rng = np.random.default_rng(3)
    rows = [*edge, *rng.integers(1, 200, (30, 4)).tolist()]
    columns: Columns = {name: [float(row[i]) for row in rows] for i, name in enumerate(("ai", "bi", "ci", "di"))}
    columns["ci"][20] = None
    return columns


def proportions() -> Columns:
    """Counts with none, some and only events; one row incomplete."""
    x = [0, 5, 1, 3, 17, 0, 250, 1, 40]
    m = [5, 0, 1, 9, 4, 1, 3, 999, 40]
    columns: Columns = {"xi": [float(v) for v in x], "mi": [float(v) for v in m]}
    columns["mi"][4] = None
    return columns


TABLES = {
    **{measure: correlations(smallest) for measure, smallest in (("COR", 4.0), ("UCOR", 5.0), ("ZCOR", 4.0))},
    **dict.fromkeys(("MD", "SMD", "SMDH", "ROM"), groups()),
    "SMCC": changes(),
    "SMCR": {name: values for name, values in changes().items() if name != "sd2i"},
    **dict.fromkeys(("OR", "RR", "RD"), two_by_two()),
    "PLO": proportions(),
}
CASES: dict[str, dict[str, Any]] = {
    f"{measure}-{vtype}": {"measure": measure, "columns": TABLES[measure], "options": {"vtype": vtype}}
    for measure in TABLES
    for vtype in VTYPES[measure]
}
for _measure in ("OR", "RR", "RD", "PLO"):
    for _to in ("only0", "all", "if0all", "none"):
        _options: dict[str, Any] = {"to": _to, "add": 0.25}
        CASES[f"{_measure}-{_to}"] = {"measure": _measure, "columns": TABLES[_measure], "options": _options}
for _measure in ("OR", "RR", "RD"):
    CASES[f"{_measure}-drop00"] = {"measure": _measure, "columns": TABLES[_measure], "options": {"drop00": True}}
    CASES[f"{_measure}-add0"] = {"measure": _measure, "columns": TABLES[_measure], "options": {"add": 0.0}}

METAFOR = """
lapply(cases, function(case) {
  if (case$measure == "UCOR" && !requireNamespace("gsl", quietly = TRUE)) return(NULL)
  effects <- do.call(escalc, c(list(measure = case$measure), case$columns, case$options))
  # One of the two missing means nothing that can be pooled.
  undefined <- is.na(effects$yi) | is.na(effects$vi)
  list(yi = replace(as.vector(effects$yi), undefined, NA), vi = replace(as.vector(effects$vi), undefined, NA))
})
"""
