"""Trim and fill: how many studies would make the funnel symmetric, and the estimate with them.

Duval & Tweedie (2000), Biometrics 56(2), 455-463, and J. Am. Stat. Assoc. 95, 89-98; Duval (2005), in Rothstein et al.
(eds.), Publication Bias in Meta-Analysis, 127-144.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ConvergenceError, ModelError, TooFewStudiesError
from analysis.fragility.small_study import funnel_cautions
from analysis.fragility.subsets import check_effects, fit_model
from analysis.results import Array, BoolArray, Fit, IntArray
from analysis.vocabulary import SIDES, TRIM_FILL_ESTIMATORS

MAX_ROUNDS = 100
# Variances whose largest and smallest differ by less than this share are the same: they choose no side.
SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimFill:
    """A funnel made symmetric.

    Attributes
    ----------
    estimator, side : str
        L0, R0 or Q0; where studies are missing, `left` or `right` of the mean.
    k0, se_k0 : int, float
        Studies missing and the standard error of that number.
    p_k0 : float or None
        p value of no study missing; R0 only.
    yi, vi : (k + k0,)
        The effects and, behind them, those filled in.
    fill : (k + k0,)
        True where filled in.
    source : (k0,)
        Position of the effect that each filled one mirrors.
    fit, observed : Fit
        With and without the filled effects.
    rounds : int
    notes : tuple of str
    """

    estimator: str
    side: str
    k0: int
    se_k0: float
    p_k0: float | None
    yi: Array
    vi: Array
    fill: BoolArray
    source: IntArray
    fit: Fit
    observed: Fit
    rounds: int
    notes: tuple[str, ...]


def trimfill(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    side: str | None = None,
    estimator: str = "L0",
    method: str = "REML",
    test: str = "z",
    level: float = 95.0,
    weights: ArrayLike | None = None,
) -> TrimFill:
    """Estimate how many studies are missing from one side of the funnel, and pool with their mirror images.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    side : `left` or `right`, optional
        Where studies are missing. By default right if the effects fall with their standard errors, else left.
    estimator : `L0`, `R0` or `Q0`
        From the rank sum of the effects on the other side, the run of extreme ranks there, or a quadratic in the sum.
    method, test, level, weights
        As in `fit_random_effects`, for trimming and for the filled model alike.

    Raises
    ------
    TooFewStudiesError
        A single study.
    ModelError
        Unknown words; Q0 where its square root has no value.
    ConvergenceError
        The number of missing studies alternates.
    """
    y, v = check_effects(yi, vi)
    _refuse_words(len(y), side, estimator)
    how: dict[str, Any] = {"method": method, "test": test, "level": level}
    w = None if weights is None else np.broadcast_to(np.asarray(weights, dtype=float), y.shape)
    observed = fit_model(y, v, None, weights=w, **how)
    said: tuple[str, ...] = ()
    if side is None:
        side, said = _side(y, v, w, how)
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    k0, se_k0, beta, rounds = _trim(sign * y[order], v[order], None if w is None else w[order], estimator, how)
    source = order[len(y) - k0 :]
    filled_y = np.concatenate([y, 2.0 * sign * beta - y[source]])
    filled_v = np.concatenate([v, v[source]])
    filled_w = None if w is None else np.concatenate([w, w[source]])
    return TrimFill(
        estimator=estimator,
        side=side,
        k0=k0,
        se_k0=se_k0,
        p_k0=0.5 ** (k0 + 1) if estimator == "R0" else None,
        yi=filled_y,
        vi=filled_v,
        fill=np.arange(len(y) + k0) >= len(y),
        source=source,
        fit=fit_model(filled_y, filled_v, None, weights=filled_w, **how) if k0 else observed,
        observed=observed,
        rounds=rounds,
        notes=said + funnel_cautions(y, v) + _filled_many(k0, len(y)),
    )


def _refuse_words(k: int, side: str | None, estimator: str) -> None:
    if k < 2:
        raise TooFewStudiesError("1 study makes no funnel. Give at least two.")
    if side is not None and side not in SIDES:
        raise ModelError(f'side "{side}" is not known. Use one of {", ".join(SIDES)}.')
    if estimator not in TRIM_FILL_ESTIMATORS:
        raise ModelError(f'estimator "{estimator}" is not known. Use one of {", ".join(TRIM_FILL_ESTIMATORS)}.')


def _side(y: Array, v: Array, w: Array | None, how: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The side that the regression of effects on standard errors calls empty."""
    if len(y) < 3 or np.ptp(v) <= SAME * v.max():
        reason = "too few for a regression" if len(y) < 3 else "all equally precise"
        return "left", (f"The studies are {reason}, so the side was not chosen by the data: left was taken.",)
    slope = fit_model(y, v, np.column_stack([np.ones(len(y)), np.sqrt(v)]), weights=w, **how).beta[1]
    return ("right" if slope < 0.0 else "left"), ()


def _trim(y: Array, v: Array, w: Array | None, estimator: str, how: dict[str, Any]) -> tuple[int, float, float, int]:
    """Missing studies, their standard error, the trimmed mean and the rounds it took; `y` (k,) ascends."""
    k, k0, before = len(y), 0, -1
    for rounds in range(1, MAX_ROUNDS + 1):
        before = k0
        kept = slice(0, k - k0)
        beta = float(fit_model(y[kept], v[kept], None, weights=None if w is None else w[kept], **how).beta[0])
        ranks = _signed_ranks(y - beta)
        k0, se = _missing(ranks, estimator)
        if k0 == before:
            return k0, se, beta, rounds
    raise ConvergenceError(
        f"trim and fill did not settle: {estimator} alternates between {before} and {k0} missing studies. Use another "
        "estimator or another model."
    )


def _signed_ranks(away: Array) -> Array:
    """Ranks of the distances from the mean, with the sign of the side; ties in the order given."""
    ranks = np.empty(len(away))
    ranks[np.argsort(np.abs(away), kind="stable")] = np.arange(1, len(away) + 1)
    return np.sign(away) * ranks


def _missing(ranks: Array, estimator: str) -> tuple[int, float]:
    """Missing studies on the left and their standard error, from signed ranks (k,); some study always stays."""
    k = len(ranks)
    if not ranks.any():
        return 0, 0.0
    total = float(ranks[ranks > 0.0].sum())
    if estimator == "R0":
        found = k - float(np.max(-ranks[ranks < 0.0], initial=0.0)) - 1.0
        return _whole(found, k), float(np.sqrt(2.0 * max(0.0, found) + 2.0))
    if estimator == "L0":
        found = (4.0 * total - k * (k + 1)) / (2 * k - 1)
        return _whole(found, k), 4.0 * _rank_sum_error(found, k) / (2 * k - 1)
    square = 2.0 * k**2 - 4.0 * total + 0.25
    if square < 0.0:
        raise ModelError("Q0 has no value: nearly all ranks lie on one side of the mean. Use L0 or R0.")
    found = k - 0.5 - float(np.sqrt(square))
    slope = float(np.sqrt((k - 0.5) ** 2 - found * (2 * k - found - 1.0)))
    return _whole(found, k), 2.0 * _rank_sum_error(found, k) / slope if slope > 0.0 else float("inf")


def _whole(found: float, k: int) -> int:
    return int(min(max(0.0, np.rint(found)), k - 1))


def _rank_sum_error(k0: float, k: int) -> float:
    """Standard deviation of the rank sum with k0 studies missing (Duval & Tweedie 2000, J. Am. Stat. Assoc. 95).

    Not a number where the expansion gives a negative variance, which it does for many missing studies.
    """
    cubic = 10.0 * k0**3 + 27.0 * k0**2 + 17.0 * k0 - 18.0 * k * k0**2 - 18.0 * k * k0 + 6.0 * k**2 * k0
    variance = (k * (k + 1) * (2 * k + 1) + cubic) / 24.0
    return float(np.sqrt(variance)) if variance >= 0.0 else float("nan")


def _filled_many(k0: int, k: int) -> tuple[str, ...]:
    if 2 * k0 < k:
        return ()
    return (f"{k0} studies were filled in beside {k} found: the estimate rests on studies that nobody has seen.",)
