"""The tables that are timed, written as CSV files so that both programs read the same numbers."""

from pathlib import Path

import numpy as np

from analysis.results import Array

# 13 trials of BCG vaccine against tuberculosis (Colditz et al. 1994, JAMA 271, 698-702): cases and non-cases among the
# vaccinated and among controls.
BCG = (
    *((4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761)),
    *((180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232)),
    *((17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825)),
)


def bcg_trials() -> tuple[Array, Array]:
    """Log risk ratios and their variances, (13,)."""
    a, b, c, d = np.array(BCG, dtype=float).T
    return np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def drawn(k: int, *, seed: int = 1) -> tuple[Array, Array, Array]:
    """Effects, variances and a moderator of `k` made-up studies with tau2 = 0.1."""
    draw = np.random.default_rng(seed)
    vi, x = draw.uniform(0.02, 0.4, k), draw.normal(size=k)
    return 0.3 + 0.1 * x + np.sqrt(0.1 + vi) * draw.normal(size=k), vi, x


def write(path: Path, yi: Array, vi: Array, x: Array | None = None) -> None:
    """One table for R, with every digit."""
    columns = {"yi": yi, "vi": vi} | ({} if x is None else {"x": x})
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    lines = [",".join(columns), *(",".join(map(repr, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
