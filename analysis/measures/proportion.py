"""Effects of counts: log odds ratio (OR), log risk ratio (RR), risk difference (RD), logit proportion (PLO).

All arrays are `(..., k)`; k is the table of studies that `to="if0all"` and `vtype="AV"` look at as a whole.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from analysis.errors import ConfigError
from analysis.measures.inputs import Recipes, as_given, check_vtype, weighted_mean
from analysis.results import Array, EffectSizes
from analysis.vocabulary import ADD_TO, TWO_BY_TWO, VTYPES


def add_to_zeros(*cells: Array, add: float = 0.5, to: str = "only0") -> tuple[Array, ...]:
    """Add a constant to the cells of tables with a zero.

    Parameters
    ----------
    cells : (..., k)
        The cells of the tables, one array each.
    add : float
        The constant.
    to : {"only0", "all", "if0all", "none"}
        Tables with a zero, all tables, all tables if any of them has a zero, or none.
    """
    if to not in ADD_TO:
        raise ConfigError(f"to is {to}; it must be one of {', '.join(ADD_TO)}.")
    if not (np.isfinite(add) and add >= 0):
        raise ConfigError(f"add is {add:.15g}; it must be 0 or more.")
    has_zero = np.logical_or.reduce([cell == 0 for cell in cells])
    if to == "if0all":
        has_zero = has_zero.any(axis=-1, keepdims=True)
    where = {"only0": has_zero, "if0all": has_zero, "all": True, "none": False}[to]
    return tuple(cell + np.where(where, add, 0.0) for cell in cells)


def log_or(ai: Array, bi: Array, ci: Array, di: Array) -> tuple[Array, Array]:
    """Log odds ratio, variance 1/a + 1/b + 1/c + 1/d (Woolf 1955)."""
    return np.log(ai / bi) - np.log(ci / di), 1 / ai + 1 / bi + 1 / ci + 1 / di


def log_rr(ai: Array, bi: Array, ci: Array, di: Array) -> tuple[Array, Array]:
    """Log risk ratio, variance 1/a - 1/n1 + 1/c - 1/n2 (Katz et al. 1978)."""
    n1, n2 = ai + bi, ci + di
    return np.log(ai / n1) - np.log(ci / n2), 1 / ai - 1 / n1 + 1 / ci - 1 / n2


def risk_difference(ai: Array, bi: Array, ci: Array, di: Array, vtype: str) -> tuple[Array, Array]:
    """Risk difference; variance p (1 - p)/n of both groups, n - 1 for UB, the mean risks weighted by n for AV."""
    n1, n2 = ai + bi, ci + di
    p1, p2 = ai / n1, ci / n2
    q1, q2 = (weighted_mean(p1, n1), weighted_mean(p2, n2)) if vtype == "AV" else (p1, p2)
    less = 1 if vtype == "UB" else 0
    return p1 - p2, q1 * (1 - q1) / (n1 - less) + q2 * (1 - q2) / (n2 - less)


def two_by_two(
    measure: str,
    ai: Array,
    bi: Array,
    ci: Array,
    di: Array,
    vtype: str = "LS",
    *,
    add: float = 0.5,
    to: str = "only0",
    drop00: bool = False,
) -> EffectSizes:
    """Log odds ratios, log risk ratios or risk differences of two-by-two tables.

    Parameters
    ----------
    measure : {"OR", "RR", "RD"}
        What to compute.
    ai, bi, ci, di : (..., k)
        Counts: group 1 with and without the event, group 2 with and without it.
    vtype : {"LS", "UB", "AV"}
        UB and AV for RD only.
    add, to
        As in `add_to_zeros`.
    drop00 : bool
        Leave out (NaN) the tables without any, or with nothing but, events.
    """
    check_vtype(measure, vtype, VTYPES[measure])
    if drop00:
        empty = ((ai == 0) & (ci == 0)) | ((bi == 0) & (di == 0))
        ai, bi, ci, di = (np.where(empty, np.nan, cell) for cell in (ai, bi, ci, di))
    a, b, c, d = add_to_zeros(ai, bi, ci, di, add=add, to=to)
    if measure == "RD":
        y, v = risk_difference(a, b, c, d, vtype)
    else:
        y, v = LOG_RATIOS[measure](a, b, c, d)
    return EffectSizes(yi=y, vi=v, measure=measure)


def plo(xi: Array, mi: Array, vtype: str = "LS", *, add: float = 0.5, to: str = "only0") -> EffectSizes:
    """Logit transformed proportions x / (x + m), variance 1/x + 1/m.

    Parameters
    ----------
    xi, mi : (..., k)
        Counts with and without the event.
    vtype : {"LS", "AV"}
        AV plugs in the mean proportion weighted by n.
    add, to
        As in `add_to_zeros`.
    """
    check_vtype("PLO", vtype, VTYPES["PLO"])
    x, m = add_to_zeros(xi, mi, add=add, to=to)
    n = x + m
    p = x / n if vtype == "LS" else weighted_mean(x / n, n)
    return EffectSizes(yi=np.log(x / m), vi=1 / (p * n) + 1 / ((1 - p) * n), measure="PLO")


LOG_RATIOS: Final[dict[str, Callable[..., tuple[Array, Array]]]] = {"OR": log_or, "RR": log_rr}
TABLE_RECIPES: Final[Recipes] = {
    TWO_BY_TWO[0]: as_given,
    TWO_BY_TWO[1]: lambda ai, n1i, ci, n2i: (ai, n1i - ai, ci, n2i - ci),
}
PLO_RECIPES: Final[Recipes] = {("xi", "ni"): lambda xi, ni: (xi, ni - xi), ("xi", "mi"): as_given}
