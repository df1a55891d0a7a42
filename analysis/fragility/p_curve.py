"""p-curve: whether significant p values are spread as a true effect would spread them.

Simonsohn, Nelson & Simmons (2014), J. Exp. Psychol. Gen. 143(2), 534-547; half curve and conclusions as in Simonsohn,
Simmons & Nelson (2015), J. Exp. Psychol. Gen. 144(6), 1146-1152; the algorithm is that of their app, version 4, for z.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, bdtrc, ndtr, ndtri

from analysis.errors import ModelError
from analysis.frequentist.linear import build_batch
from analysis.frequentist.random_effects import fit_random_effects
from analysis.results import Array
from analysis.vocabulary import (
    MAX_I2_P_VALUES,
    MIN_K_SELECTION,
    P_CURVE_LEVEL,
    P_CURVE_LEVEL_BOTH,
    P_CURVE_POWER,
    STUDY_ALPHA,
)

# The app keeps probabilities this far from 0 and 1.
NEAREST = 2.2e-16
# The app looks for power between these, and calls anything below the first one 5 per cent.
POWER_RANGE = (0.051, 0.99)
HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveTests:
    """Tests of one hypothesis on the shape of the curve.

    Attributes
    ----------
    z, pval : on the full curve (p < alpha), by Stouffer's method.
    z_half, pval_half : on the half curve (p < alpha / 2).
    pval_binomial : from the share of significant p values below alpha / 2 alone.
    """

    z: float
    pval: float
    z_half: float
    pval_half: float
    pval_binomial: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PCurve:
    """What p-curve says; not-a-number where too few p values are significant.

    Attributes
    ----------
    k, k_significant, k_half : effects; those with two-sided p < alpha; those with p < alpha / 2.
    p : (k_significant,)
        The significant p values, in the order of the effects.
    right_skew : tests that the curve is flat, against right skew.
    flatness : tests that studies have 33 per cent power, against a flatter curve.
    flatness_app : the same as the app prints them. On the half curve it divides by the share of p values below
        alpha / 2 among significant ones, where the law of a p value below alpha / 2 asks for the share among all, so
        that its pp values never fall below one half and the test cannot reject; no conclusion rests on it here.
    power, power_ci_lb, power_ci_ub : average power of the significant studies, with its interval of level `level`.
    evidential_value : the curve is right-skewed: the half test below .05, or both below .10.
    inadequate : flatter than 33 per cent power: the full test below .05, or the half and the binomial below .10.
    """

    k: int
    k_significant: int
    k_half: int
    alpha: float
    p: Array
    right_skew: CurveTests
    flatness: CurveTests
    flatness_app: CurveTests
    power: float
    power_ci_lb: float
    power_ci_ub: float
    level: float
    evidential_value: bool
    inadequate: bool
    notes: tuple[str, ...]


class Tails(NamedTuple):
    """Probability below and above each |z| among significant results, (n,)."""

    below: Array
    above: Array


def p_curve(yi: ArrayLike, vi: ArrayLike, *, alpha: float = STUDY_ALPHA, level: float = 90.0) -> PCurve:
    """Test the shape of the curve of significant p values, and estimate the power behind it.

    Parameters
    ----------
    yi, vi : (k,)
        Effects and their sampling variances; p values are those of z = yi / sqrt(vi), two-sided.
    alpha : float
        Two-sided level at which the studies called their results significant.
    level : float
        Level of the interval of power, per cent; the app's is 90.

    Returns
    -------
    PCurve
        Without a significant result all tests are not-a-number and a note says so.

    Raises
    ------
    ImpossibleValueError, ModelError
    """
    batch = build_batch(yi, vi)
    if batch.shape != ():
        raise ModelError("p_curve takes one data set. Give one row of effects.")
    if not 0.0 < alpha < 1.0 or not 0.0 < level < 100.0:
        raise ModelError(f"alpha {alpha} and level {level} must lie in (0, 1) and (0, 100). Use .05 and 90.")
    signed = batch.y[0] / np.sqrt(batch.v[0])
    p = 2.0 * ndtr(-np.abs(signed))
    chosen = p < alpha
    z, half = np.abs(signed[chosen]), p[chosen] < alpha / 2.0
    skew, (flat, flat_app) = _right_skew(p[chosen], half, alpha), _flatness(z, half, alpha)
    power = _power(z, alpha, level)
    return PCurve(
        k=len(p),
        k_significant=len(z),
        k_half=int(half.sum()),
        alpha=alpha,
        p=p[chosen],
        right_skew=skew,
        flatness=flat,
        flatness_app=flat_app,
        power=power[0],
        power_ci_lb=power[1],
        power_ci_ub=power[2],
        level=level,
        evidential_value=_concludes(skew.pval_half, (skew.pval, skew.pval_half)),
        inadequate=_concludes(flat.pval, (flat.pval_half, flat.pval_binomial)),
        notes=_notes(batch.y[0], batch.v[0], signed[chosen], int(half.sum())),
    )


def _right_skew(p: Array, half: Array, alpha: float) -> CurveTests:
    """Under no effect p values are uniform below alpha: pp = p / alpha, on the half curve 2 p / alpha."""
    full, part = Tails(p / alpha, 1.0 - p / alpha), p[half] * 2.0 / alpha
    below = int(half.sum())
    share = float(bdtrc(below - 1, len(p), 0.5)) if below else 1.0
    return _tests(full, Tails(part, 1.0 - part), share if len(p) else np.nan)


def _flatness(z: Array, half: Array, alpha: float) -> tuple[CurveTests, CurveTests]:
    """Under one third of power: pp values are those of a noncentral law, cut at the critical value; ours, the app's."""
    ncp = noncentrality(P_CURVE_POWER, alpha)
    reach = float(_beyond(-ndtri(np.array(alpha / 4.0)), ncp))
    share = float(bdtr(int(half.sum()), len(z), reach / P_CURVE_POWER)) if len(z) else np.nan
    full = _tails(z, ncp, P_CURVE_POWER)
    return (
        _tests(full, _tails(z[half], ncp, reach), share),
        _tests(full, _tails(z[half], ncp, reach / P_CURVE_POWER), share),
    )


def _tails(z: Array, ncp: float, power: float) -> Tails:
    above = np.asarray(_beyond(z, ncp)) / power
    return Tails(1.0 - above, above)


def _tests(full: Tails, half: Tails, binomial: float) -> CurveTests:
    z, z_half = _stouffer(full), _stouffer(half)
    return CurveTests(
        z=z, pval=float(ndtr(z)), z_half=z_half, pval_half=float(ndtr(z_half)), pval_binomial=float(binomial)
    )


def _stouffer(pp: Tails) -> float:
    """Sum of the normal scores over the root of their number, from the smaller tail of each; NaN for none."""
    if not len(pp.below):
        return float("nan")
    small = np.clip(np.minimum(pp.below, pp.above), NEAREST, 0.5)
    score = np.where(pp.below <= pp.above, 1.0, -1.0) * ndtri(small)
    return float(score.sum() / np.sqrt(len(score)))


def _beyond(z: Array, ncp: float | Array) -> Array:
    """Probability that |Z + ncp| exceeds z."""
    return np.asarray(ndtr(ncp - z) + ndtr(-ncp - z))


def noncentrality(power: float, alpha: float = STUDY_ALPHA) -> float:
    """Mean of z at which a two-sided test of level `alpha` has this power."""
    cut = -ndtri(np.array(alpha / 2.0))
    return _bisect(lambda mean: float(_beyond(cut, mean)) - power, 0.0, float(cut) + 10.0)


def _bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if rising(middle) < 0.0 else (low, middle)
    return 0.5 * (low + high)


def _power(z: Array, alpha: float, level: float) -> tuple[float, float, float]:
    """Power at which Stouffer's statistic is zero, and at which it is at the limits of its normal law."""
    if not len(z):
        return (np.nan,) * 3
    crit = float(ndtri(0.5 + level / 200.0))
    return _power_at(z, alpha, 0.0), _power_at(z, alpha, crit), _power_at(z, alpha, -crit)


def _power_at(z: Array, alpha: float, target: float) -> float:
    """The higher the power, the further below zero the statistic; at either end of the range the app stops."""

    def short(power: float) -> float:
        return target - _stouffer(_tails(z, noncentrality(power, alpha), power))

    low, high = POWER_RANGE
    if short(low) >= 0.0:
        return 0.05
    return high if short(high) <= 0.0 else _bisect(short, low, high)


def _concludes(alone: float, both: tuple[float, float]) -> bool:
    return bool(alone < P_CURVE_LEVEL or max(both) < P_CURVE_LEVEL_BOTH)


def _notes(yi: Array, vi: Array, significant: Array, half: int) -> tuple[str, ...]:
    if not len(significant):
        return ("No effect is significant: there is no p-curve.",)
    said = []
    if half == 0:
        said.append("No p value is below half the level: the tests of the half curve are empty.")
    if len(significant) < MIN_K_SELECTION:
        said.append(
            f"{len(significant)} significant effects, fewer than {MIN_K_SELECTION}: the tests and the power estimate "
            "are imprecise."
        )
    if (significant > 0.0).any() and (significant < 0.0).any():
        said.append("Significant effects have both signs; p-curve does not see the sign.")
    i2 = float(fit_random_effects(yi, vi, method="DL").i2)
    if len(yi) > 1 and i2 >= MAX_I2_P_VALUES:
        said.append(
            f"I2 is {i2:.0f} %: from {MAX_I2_P_VALUES:.0f} % on, power behind the significant effects says little "
            "about the average effect."
        )
    return tuple(said)
