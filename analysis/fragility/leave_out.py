"""The model again without each study, and as the studies came in: leave-one-out and cumulative meta-analysis."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ModelError, TooFewStudiesError
from analysis.fragility.subsets import check_effects, fit_model, fit_subsets
from analysis.results import Array, BoolArray, Design, Fit, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveOneOut:
    """The model without each of k effects.

    Attributes
    ----------
    full : Fit
        Of all effects.
    fits : Fit
        `(k, ...)`: row i is without effect i.
    shift : (k, p)
        Coefficients without the effect, less those of all, in units of the measure.
    flips_sign, flips_decision : (k, p)
        Whether a coefficient changes sign, or its interval begins or ceases to hold zero, without the effect.
    notes : tuple of str
    """

    full: Fit
    fits: Fit
    shift: Array
    flips_sign: BoolArray
    flips_decision: BoolArray
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cumulative:
    """The model as effects are added one by one.

    Attributes
    ----------
    order : (k,)
        Position of the effect that each step adds.
    fits : Fit
        `(k, ...)`: row i is of the first i + 1 effects in that order.
    settled : int or None
        The step from which on the interval of the first coefficient holds zero, or excludes it, to the end; None where
        the last step has no interval.
    notes : tuple of str
    """

    order: IntArray
    fits: Fit
    settled: int | None
    notes: tuple[str, ...]


def leave1out(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike | Design | None = None,
    *,
    method: str = "REML",
    test: str = "z",
    level: float = 95.0,
    weights: ArrayLike | None = None,
) -> LeaveOneOut:
    """Fit the model without each effect, in one batch.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    X : (k, p) or Design, optional
        Moderators, with the column of the intercept.
    method, test, level, weights
        As in `fit_random_effects`.

    Returns
    -------
    LeaveOneOut
        What rests on one effect alone is not a number without it.

    Raises
    ------
    TooFewStudiesError
        A single effect, which nothing is left without; or as many effects as the model needs.
    ImpossibleValueError, RankDeficientError, ModelError
    """
    y, v = check_effects(yi, vi)
    if len(y) < 2:
        raise TooFewStudiesError("1 effect leaves nothing when it is left out. Give at least two.")
    full = fit_model(y, v, X, method=method, test=test, level=level, weights=weights)
    mask = ~np.eye(len(y), dtype=bool)
    fits = fit_subsets(y, v, mask, X, method=method, test=test, level=level, weights=weights)
    known = np.isfinite(fits.beta) & np.isfinite(full.beta)
    decided = np.isfinite(fits.pval) & np.isfinite(full.pval)
    result = LeaveOneOut(
        full=full,
        fits=fits,
        shift=fits.beta - full.beta,
        flips_sign=known & (np.sign(fits.beta) != np.sign(full.beta)),
        flips_decision=decided & (excludes_zero(fits) != excludes_zero(full)),
        notes=fits.notes + (("Two effects: each deletion leaves the other one alone.",) if len(y) == 2 else ()),
    )
    return result


def excludes_zero(fit: Fit) -> BoolArray:
    """Whether the interval of each coefficient, (..., p), lies on one side of zero; False where there is none."""
    return np.asarray((np.asarray(fit.ci_lb) > 0.0) | (np.asarray(fit.ci_ub) < 0.0))


def cumul(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike | Design | None = None,
    *,
    order: ArrayLike | None = None,
    method: str = "REML",
    test: str = "z",
    level: float = 95.0,
    weights: ArrayLike | None = None,
) -> Cumulative:
    """Fit the model to the first effect, the first two, and so on to all, in one batch.

    Parameters
    ----------
    yi, vi, X, method, test, level, weights
        As in `leave1out`.
    order : (k,), optional
        A key to sort the effects by, such as the year of publication; ties stay in the order given. By default the
        order given.

    Returns
    -------
    Cumulative
        A step with too few effects for the model is not a number.
    """
    y, v = check_effects(yi, vi)
    places = _order(order, len(y))
    rank = np.empty(len(y), dtype=int)
    rank[places] = np.arange(len(y))
    mask = rank <= np.arange(len(y))[:, None]
    fits = fit_subsets(y, v, mask, X, method=method, test=test, level=level, weights=weights)
    return Cumulative(order=places, fits=fits, settled=_settled(fits), notes=fits.notes)


def _order(order: ArrayLike | None, k: int) -> IntArray:
    if order is None:
        return np.arange(k)
    key = np.asarray(order)
    if key.shape != (k,):
        raise ModelError(f"order has shape {key.shape} for {k} effects. Give one value per effect.")
    if key.dtype.kind == "f" and np.isnan(key).any():
        where = ", ".join(str(int(place) + 1) for place in np.flatnonzero(np.isnan(key))[:10])
        raise ModelError(f"order is missing for effects {where}. Give every effect its place, or exclude it.")
    return np.argsort(key, kind="stable")


def _settled(fits: Fit) -> int | None:
    if not np.isfinite(fits.ci_lb[-1, 0]):
        return None
    apart = excludes_zero(fits)[:, 0]
    different = np.flatnonzero((apart != apart[-1]) | np.isnan(fits.ci_lb[:, 0]))
    return int(different[-1]) + 2 if len(different) else 1
