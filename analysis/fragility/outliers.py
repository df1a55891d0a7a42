"""Rules that leave outlying effects out, for many data sets at once."""

from collections.abc import Callable
from typing import Final

import numpy as np

from analysis.frequentist import fit_random_effects
from analysis.results import Array, BoolArray

# Standardised residuals beyond this are outlying: one in 370 of a normal law.
MAX_RESIDUAL: Final = 3.0
# Fences of a box plot (Tukey 1977, Exploratory data analysis, 2D).
FENCE: Final = 1.5
# A rule leaves at least so many effects.
LEAST_LEFT: Final = 2


def keep_all(yi: Array, vi: Array, mask: BoolArray) -> BoolArray:
    """Leave nothing out."""
    return mask


def keep_within_residuals(yi: Array, vi: Array, mask: BoolArray) -> BoolArray:
    """Leave out effects whose residual from the DerSimonian-Laird mean is beyond `MAX_RESIDUAL` of its own sds."""
    fit = fit_random_effects(yi, vi, mask=mask, method="DL")
    mean, tau2 = np.reshape(fit.beta, (*mask.shape[:-1], 1)), np.reshape(fit.tau2, (*mask.shape[:-1], 1))
    kept = mask & (np.abs(yi - mean) <= MAX_RESIDUAL * np.sqrt(vi + tau2))
    return _enough(kept, mask)


def keep_within_fences(yi: Array, vi: Array, mask: BoolArray) -> BoolArray:
    """Leave out effects beyond the fences of a box plot, whatever their precision."""
    low, high = _quantiles(yi, mask, (0.25, 0.75))
    reach = FENCE * (high - low)
    kept = mask & (yi >= low - reach) & (yi <= high + reach)
    return _enough(kept, mask)


def _quantiles(yi: Array, mask: BoolArray, shares: tuple[float, ...]) -> list[Array]:
    """Quantiles (..., 1) of the effects that take part, interpolated linearly (R's type 7).

    numpy's own for arrays with gaps goes through them one by one.
    """
    ordered, last = np.sort(np.where(mask, yi, np.inf), axis=-1), mask.sum(-1, keepdims=True) - 1
    found = []
    for share in shares:
        below = np.floor(share * last).astype(int)
        low = np.take_along_axis(ordered, np.maximum(below, 0), -1)
        high = np.take_along_axis(ordered, np.clip(below + 1, 0, np.maximum(last, 0)), -1)
        found.append(low + (share * last - below) * (high - low))
    return found


def _enough(kept: BoolArray, mask: BoolArray) -> BoolArray:
    """Where a rule leaves too few, it leaves all."""
    enough: BoolArray = np.where((kept.sum(-1) >= LEAST_LEFT)[..., None], kept, mask)
    return enough


# Name of a rule, and what it keeps of effects (..., k), their variances and a mask.
OUTLIER_RULES: Final[dict[str, Callable[[Array, Array, BoolArray], BoolArray]]] = {
    "none": keep_all,
    "residuals": keep_within_residuals,
    "fences": keep_within_fences,
}
