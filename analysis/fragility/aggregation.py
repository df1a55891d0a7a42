"""What is made of several effects of one study before they are pooled as independent: one choice of a multiverse."""

from typing import Final

import numpy as np

from analysis.errors import ConfigError
from analysis.measures import composite
from analysis.results import Array, IntArray

# Every effect by itself; the first that a study reports; the best linear unbiased composite under a correlation.
NONE: Final = "none"
FIRST: Final = "first"
WEIGHTED: Final = "weighted"
RULES: Final = (NONE, FIRST, WEIGHTED)


def aggregation_rho(rule: str) -> float | None:
    """The correlation that a rule such as "0.6" stands for; None for a rule in words.

    Raises
    ------
    ConfigError
        What is neither a rule nor a correlation from 0 to 1.
    """
    if rule in RULES:
        return None
    try:
        rho = float(rule)
    except ValueError:
        rho = float("nan")
    if not 0.0 <= rho <= 1.0:
        raise ConfigError(f'"{rule}" is no way to aggregate. Use {", ".join(RULES)}, or a correlation from 0 to 1.')
    return rho


def aggregate_by(rule: str, yi: Array, vi: Array, unit: IntArray, *, rho: float = 0.6) -> tuple[Array, Array, IntArray]:
    """One effect of every study, or all.

    Parameters
    ----------
    rule : str
        `none`; `first`; a correlation of the sampling errors of one study's effects, under which their plain mean has
        its variance (Borenstein, Hedges, Higgins & Rothstein 2009, eqs. 24.5, 24.6); `weighted`, their generalised
        least squares mean under `rho`.
    yi, vi, unit : (k,)
        Effects, sampling variances, and the study of each.
    rho : float
        For `weighted`.

    Returns
    -------
    yi, vi, unit
        In the order in which studies first appear.
    """
    own = aggregation_rho(rule)
    if rule == NONE or len(yi) == 0:
        return yi, vi, unit
    if rule == FIRST:
        _, first = np.unique(unit, return_index=True)
        rows = np.sort(first)
        return yi[rows], vi[rows], unit[rows]
    made = composite(yi, vi, unit, rho=rho if own is None else own, weighted=rule == WEIGHTED)
    return made.yi, made.vi, unit[made.first_index]
