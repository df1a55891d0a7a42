"""Test of excess significance: more significant studies than their power would lead one to expect.

Ioannidis & Trikalinos (2007), Clin. Trials 4(3), 245-253.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, ndtri

from analysis.errors import ModelError
from analysis.fragility.small_study import too_few, too_heterogeneous
from analysis.fragility.subsets import check_effects
from analysis.results import Array, BoolArray
from analysis.vocabulary import ALTERNATIVES, EXCESS_ALPHA, EXCESS_TESTS, MAX_I2_FUNNEL, STUDY_ALPHA

# Counts no likelier than the observed one up to this margin are as extreme: metafor's.
TIE = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessSignificance:
    """Observed and expected numbers of significant studies, in metafor's words.

    Attributes
    ----------
    test : str
        `exact` (the sum of k Bernoulli trials of unequal probability), `binom` or `chi2` (of equal mean probability).
    observed : int
    expected, ratio : float
        Expected number, and observed over expected.
    stat : float or None
        Chi-squared; chi2 only.
    pval : float
    theta : float or (k,)
        The true effect that power was computed for.
    theta_lim : float or None
        Largest effect, in the direction of the mean, at which the excess would still be significant at
        `EXCESS_ALPHA`: the studies would be no surprise if the true effect were at least this far from H0. None where
        no effect makes it so, or where power was computed for an effect of each study.
    power : (k,)
    significant : (k,)
    notes : tuple of str
    """

    test: str
    observed: int
    expected: float
    ratio: float
    stat: float | None
    pval: float
    theta: float | Array
    theta_lim: float | None
    power: Array
    significant: BoolArray
    notes: tuple[str, ...]


def tes(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    H0: float = 0.0,
    alternative: str = "two.sided",
    alpha: float = STUDY_ALPHA,
    theta: ArrayLike | None = None,
    tau2: float = 0.0,
    test: str = "exact",
    tes_alternative: str = "greater",
    tes_alpha: float = EXCESS_ALPHA,
) -> ExcessSignificance:
    """Compare the number of significant studies with the sum of their powers.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    H0 : float
        Effect under the hypothesis that the studies tested, in units of the measure.
    alternative : `two.sided`, `greater` or `less`
        What the studies tested against, at level `alpha`.
    theta : float or (k,), optional
        True effect to compute power for; by default the mean weighted by 1 / (vi + tau2).
    tau2 : float
        Between-study variance: a study's true effect varies about `theta` by it. The power is then that of
        N(theta, vi + tau2), in closed form, where metafor integrates over five standard deviations either side.
    test : `exact`, `binom` or `chi2`
    tes_alternative : `greater`, `less` or `two.sided`
        More, fewer, or other than expected.
    tes_alpha : float
        Level of the limit estimate `theta_lim`, found for `greater` alone.

    Raises
    ------
    ModelError, ImpossibleValueError
    """
    y, v = check_effects(yi, vi)
    _refuse(alternative, tes_alternative, test, alpha, tes_alpha, tau2)
    given = float(np.average(y, weights=1.0 / (v + tau2))) if theta is None else np.asarray(theta, dtype=float)
    if np.ndim(given) and np.shape(given) != y.shape:
        raise ModelError(
            f"theta has shape {np.shape(given)}. Give one effect, or one for each of the {len(y)} studies."
        )
    power = _power(np.asarray(given), v, tau2, H0, alternative, alpha)
    flags = _significant((y - H0) / np.sqrt(v), alternative, alpha)
    observed, expected = int(flags.sum()), float(power.sum())
    stat, pval = _p_value(observed, power, test, tes_alternative)

    def excess(effect: float) -> float:
        chance = _power(np.asarray(effect), v, tau2, H0, alternative, alpha)
        return _p_value(observed, chance, test, tes_alternative)[1] - tes_alpha

    single = np.ndim(given) == 0
    limit = _limit(excess, H0, float(given), float(np.sqrt(v.max() + tau2))) if single else None
    return ExcessSignificance(
        test=test,
        observed=observed,
        expected=expected,
        ratio=observed / expected if expected > 0.0 else float("inf"),
        stat=stat,
        pval=pval,
        theta=float(given) if single else np.asarray(given),
        theta_lim=limit if tes_alternative == "greater" else None,
        power=power,
        significant=flags,
        notes=_notes(y, v, observed, tau2),
    )


def _refuse(alternative: str, tes_alternative: str, test: str, alpha: float, tes_alpha: float, tau2: float) -> None:
    for what, value, known in (
        ("alternative", alternative, ALTERNATIVES),
        ("tes_alternative", tes_alternative, ALTERNATIVES),
        ("test", test, EXCESS_TESTS),
    ):
        if value not in known:
            raise ModelError(f'{what} "{value}" is not known. Use one of {", ".join(known)}.')
    if not (0.0 < alpha < 1.0 and 0.0 < tes_alpha < 1.0):
        raise ModelError(f"levels {alpha} and {tes_alpha}: both must lie between 0 and 1.")
    if not (np.isfinite(tau2) and tau2 >= 0.0):
        raise ModelError(f"tau2 is {tau2}; a variance is finite and not negative.")


def _power(theta: Array, v: Array, tau2: float, H0: float, alternative: str, alpha: float) -> Array:
    """Probability of significance of each study, (k,)."""
    sei, spread = np.sqrt(v), np.sqrt(v + tau2)
    crit = float(ndtri(1.0 - (alpha / 2.0 if alternative == "two.sided" else alpha))) * sei
    above, below = ndtr((theta - H0 - crit) / spread), ndtr((-crit - (theta - H0)) / spread)
    return np.asarray({"two.sided": above + below, "greater": above, "less": below}[alternative])


def _significant(z: Array, alternative: str, alpha: float) -> BoolArray:
    crit = float(ndtri(1.0 - (alpha / 2.0 if alternative == "two.sided" else alpha)))
    return np.asarray({"two.sided": np.abs(z) >= crit, "greater": z >= crit, "less": z <= -crit}[alternative])


def _p_value(observed: int, power: Array, test: str, side: str) -> tuple[float | None, float]:
    k = len(power)
    if test == "chi2":
        return _chi_squared(observed, float(power.mean()), k, side)
    chance = count_distribution(power if test == "exact" else np.full(k, power.mean()))
    if side == "greater":
        return None, min(1.0, float(chance[observed:].sum()))
    if side == "less":
        return None, min(1.0, float(chance[: observed + 1].sum()))
    # binom.test forgives a relative margin of 1e-7, metafor's exact test an absolute one.
    margin = chance[observed] + TIE if test == "exact" else chance[observed] * (1.0 + 1e-7)
    return None, min(1.0, float(chance[chance <= margin].sum()))


def count_distribution(probability: Array) -> Array:
    """Distribution of the number of successes in independent trials of unequal `probability` (k,), as (k + 1,)."""
    chance = np.zeros(len(probability) + 1)
    chance[0] = 1.0
    for place, one in enumerate(probability, start=1):
        chance[1 : place + 1] = chance[1 : place + 1] * (1.0 - one) + chance[:place] * one
        chance[0] *= 1.0 - one
    return chance


def _chi_squared(observed: int, mean: float, k: int, side: str) -> tuple[float, float]:
    """Pearson's chi-squared of observed and expected counts, one degree of freedom; one-sided by its signed root."""
    spread = k * mean * (1.0 - mean)
    if spread <= 0.0:
        return float("nan"), float("nan")
    z = (observed - k * mean) / np.sqrt(spread)
    pval = chdtrc(1.0, z**2) if side == "two.sided" else ndtr(-z if side == "greater" else z)
    return float(z**2), float(pval)


def _limit(excess: object, H0: float, theta: float, scale: float) -> float | None:
    """The effect at which the excess stops being significant, in the direction of the mean."""
    from scipy.optimize import brentq

    assert callable(excess)
    if not excess(H0) < 0.0:
        return None
    step = (1.0 if theta >= H0 else -1.0) * max(abs(theta - H0), scale)
    far = H0 + step
    for _ in range(60):
        if excess(far) > 0.0:
            return float(brentq(excess, H0, far, xtol=1e-12 * max(scale, abs(far)), rtol=1e-12))
        far = H0 + 2.0 * (far - H0)
    return None


def _notes(y: Array, v: Array, observed: int, tau2: float) -> tuple[str, ...]:
    said = [too_few(len(y)), too_heterogeneous(y, v, MAX_I2_FUNNEL) if tau2 == 0.0 else ""]
    if not observed:
        said.append("No study is significant, so there is no excess to test for.")
    elif observed == len(y):
        said.append("Every study is significant: the expected number rests on a mean that selection may have raised.")
    return tuple(sentence for sentence in said if sentence)
