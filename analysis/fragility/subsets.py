"""One model fitted to many subsets of the same effects, in one batch: what every question of influence stands on."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ModelError, TooFewStudiesError
from analysis.frequentist import fit_meta_regression, fit_random_effects
from analysis.frequentist.linear import build_batch
from analysis.results import Array, BoolArray, Convergence, Design, Fit
from analysis.vocabulary import FIXED_METHODS

# Smallest eigenvalue of the subset's share of the orthonormal design at which its coefficients still exist.
RANK_LEFT = 1e-10


def check_effects(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    """Effects and variances as `(k,)` arrays.

    Raises
    ------
    ModelError
        Not one row of effects, or none.
    ImpossibleValueError
        Effects or variances that are not usable numbers.
    """
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    if y.ndim != 1 or v.shape != y.shape or not len(y):
        raise ModelError(
            f"yi has shape {y.shape} and vi {v.shape}. Give one effect and one sampling variance per study."
        )
    build_batch(y, v)
    return y, v


def fit_model(
    yi: Array, vi: Array, X: ArrayLike | Design | None, *, weights: ArrayLike | None = None, **choices: Any
) -> Fit:
    """`fit_random_effects` without moderators, `fit_meta_regression` with them; `choices` are theirs."""
    # Variances a billion times apart lose the information on tau2 to rounding: it is zero, and divided by.
    with np.errstate(divide="ignore", invalid="ignore"):
        if X is None:
            return fit_random_effects(yi, vi, weights=weights, **choices)
        return fit_meta_regression(yi, vi, X, weights=weights, **choices)


def fit_subsets(
    yi: Array,
    vi: Array,
    mask: BoolArray,
    X: ArrayLike | Design | None = None,
    *,
    method: str = "REML",
    test: str = "z",
    level: float = 95.0,
    weights: ArrayLike | None = None,
) -> Fit:
    """Fit one model to every subset of its effects.

    Parameters
    ----------
    yi, vi : (k,)
        Effects and sampling variances.
    mask : (n, k)
        True where an effect belongs to a subset.
    X : (k, p) or Design, optional
        Moderators, with the column of the intercept.
    method, test, level, weights
        As in `fit_random_effects`.

    Returns
    -------
    Fit
        `(n, ...)`. Subsets with too few effects, or on which the design is singular, are not a number. A lone effect
        is its own estimate with a z test, as everywhere.
    """
    choices: dict[str, Any] = {"method": method, "test": test, "level": level, "weights": weights}
    usable = _estimable(mask, X, method)
    lone = usable & (mask.sum(-1) == 1)
    rest = usable & ~lone
    if usable.all() and not lone.any():
        return fit_model(yi, vi, X, mask=mask, **choices)
    parts = [(rows, fit_model(yi, vi, X, mask=mask[rows], **choices)) for rows in (rest, lone) if rows.any()]
    if not parts:
        raise TooFewStudiesError(
            f"no subset of the {len(yi)} effects is enough for the model. Use fewer moderators or more studies."
        )
    return _scattered(parts, mask)


def _estimable(mask: BoolArray, X: ArrayLike | Design | None, method: str) -> BoolArray:
    """Which subsets carry the model: rank p, and an effect more for a variance between studies."""
    k = mask.sum(-1)
    if X is None:
        return np.asarray(k >= 1)
    matrix = X.X if isinstance(X, Design) else np.asarray(X, dtype=float)
    p = matrix.shape[-1]
    enough: BoolArray = k >= (p if method in FIXED_METHODS else p + 1)
    Q = np.linalg.qr(matrix)[0]
    gram = np.einsum("nk,kp,kq->npq", mask.astype(float), Q, Q, optimize=True)
    return enough & (np.linalg.eigvalsh(gram)[:, 0] > RANK_LEFT)


def _scattered(parts: list[tuple[BoolArray, Fit]], mask: BoolArray) -> Fit:
    """Fits of parts of the batch put back to their rows; the words are those of the first part."""
    first, n = parts[0][1], len(mask)
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(Fit):
        value = getattr(first, field.name)
        if isinstance(value, np.ndarray) and value.dtype == float:
            whole = np.full((n, *value.shape[1:]), np.nan)
            for rows, fit in parts:
                whole[rows] = getattr(fit, field.name)
            changes[field.name] = whole
    k = mask.sum(-1)
    steps = {name: np.zeros(n, dtype=getattr(first.convergence, name).dtype) for name in Convergence.__slots__}
    for rows, fit in parts:
        for name, values in steps.items():
            values[rows] = getattr(fit.convergence, name)
    said = tuple(dict.fromkeys(note for _, fit in parts for note in fit.notes))
    if (left_out := n - sum(int(rows.sum()) for rows, _ in parts)) > 0:
        said += (f"{left_out} of {n} subsets have too few effects, or none to tell the moderators apart: no estimate.",)
    return dataclasses.replace(first, k=k, qe_df=k - first.p, convergence=Convergence(**steps), notes=said, **changes)
