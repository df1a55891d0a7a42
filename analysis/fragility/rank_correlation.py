"""Kendall's rank correlation and its distribution without correlation, exact and approximate."""

import numpy as np
from scipy.special import ndtr

from analysis.results import Array
from analysis.vocabulary import MAX_K_EXACT_TAU


def kendall(x: Array, y: Array, *, exact: bool = True) -> tuple[float, float, bool]:
    """Kendall's tau-b, its two-sided p value, and whether that is exact.

    Parameters
    ----------
    x, y : (n,)
    exact : bool
        Ask for the exact p value; with ties, or beyond `MAX_K_EXACT_TAU` values, it is the normal approximation with
        the variance corrected for ties and no correction for continuity.

    Returns
    -------
    tau, pval, is_exact
        Not a number where one of the two does not vary.

    References
    ----------
    .. [1] Kendall (1938), Biometrika 30, 81-93; Kendall (1970), Rank Correlation Methods, sections 3.4 and 4.
    """
    n = len(x)
    score, tied_x, tied_y = _score(x, y), _ties(x), _ties(y)
    pairs = n * (n - 1) / 2
    room = (pairs - _pairs(tied_x)) * (pairs - _pairs(tied_y))
    if room <= 0.0:
        return float("nan"), float("nan"), False
    tau = score / float(np.sqrt(room))
    if exact and not len(tied_x) and not len(tied_y) and n <= MAX_K_EXACT_TAU:
        return tau, _exact(round((score + pairs) / 2), n), True
    spread = _score_variance(n, tied_x, tied_y)
    return tau, float(2.0 * ndtr(-abs(score) / np.sqrt(spread))), False


def _score(x: Array, y: Array) -> float:
    """Concordant less discordant pairs."""
    total = 0.0
    for place in range(len(x) - 1):
        total += float(np.sign(x[place + 1 :] - x[place]) @ np.sign(y[place + 1 :] - y[place]))
    return total


def _ties(x: Array) -> Array:
    """Sizes of the groups of equal values."""
    size = np.unique(x, return_counts=True)[1].astype(float)
    return size[size > 1.0]


def _pairs(size: Array) -> float:
    return float((size * (size - 1.0)).sum() / 2.0)


def _score_variance(n: int, t: Array, u: Array) -> float:
    """Variance of the score under ties of sizes t and u (Kendall 1970, eq. 4.4)."""
    whole = n * (n - 1) * (2 * n + 5)
    less = sum(float((size * (size - 1) * (2 * size + 5)).sum()) for size in (t, u))
    twos = float((t * (t - 1)).sum() * (u * (u - 1)).sum()) / (2 * n * (n - 1))
    threes = float((t * (t - 1) * (t - 2)).sum() * (u * (u - 1) * (u - 2)).sum())
    return (whole - less) / 18 + twos + (threes / (9 * n * (n - 1) * (n - 2)) if n > 2 else 0.0)


def _exact(concordant: int, n: int) -> float:
    """Two-sided p value of a number of concordant pairs: twice the smaller tail, at most one.

    The number is a sum of independent uniforms on 0 to j - 1, j = 2 to n; its lower half is enough by symmetry.
    """
    pairs = n * (n - 1) // 2
    tail = min(concordant, pairs - concordant)
    chance = np.zeros(tail + 1)
    chance[0] = 1.0
    for j in range(2, n + 1):
        running = np.cumsum(chance)
        running[j:] -= running[:-j].copy() if j <= tail else 0.0
        chance = running / j
    return min(1.0, 2.0 * float(chance.sum()))
