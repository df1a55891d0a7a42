"""Fail-safe N: how many studies without an effect would have to lie in drawers.

Rosenthal (1979), Psychol. Bull. 86(3), 638-641; Orwin (1983), J. Educ. Stat. 8(2), 157-159; Rosenberg (2005), Evolution
59(2), 464-468.
"""

from dataclasses import dataclass
from math import ceil, isinf

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, chdtri, log_ndtr, ndtr, ndtri, roots_hermitenorm

from analysis.errors import ModelError
from analysis.fragility.subsets import check_effects, fit_model
from analysis.results import Array
from analysis.vocabulary import COMBINATIONS, FAIL_SAFE_TOLERANCE, FAIL_SAFE_TYPES, STUDY_ALPHA

# A number this close to a whole one is that one, as in metafor.
WHOLE = float(np.sqrt(np.finfo(float).eps))
# Nodes of the mean and of the scatter of the studies added under a random-effects model.
MEAN_NODES, SCATTER_NODES = 41, 80
MAX_ADDED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FailSafe:
    """Studies needed to overturn a result, in metafor's words.

    Attributes
    ----------
    type : str
    fsnum : float
        A whole number, or infinity.
    alpha : float or None
        Level that the studies must reach (Rosenthal, Rosenberg).
    pval : float or None
        Of the effects as they are.
    meanes, target : float or None
        Mean effect, and what it must fall to (Orwin, REM).
    rejrate : float or None
        Share of the sets with that many studies added that are still significant (REM).
    tolerance : int
        Rosenthal's 5 k + 10.
    notes : tuple of str
    """

    type: str
    fsnum: float
    alpha: float | None
    pval: float | None
    meanes: float | None
    target: float | None
    rejrate: float | None
    tolerance: int
    notes: tuple[str, ...]


def fsn(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    type: str = "Rosenthal",
    alpha: float = STUDY_ALPHA,
    target: float | None = None,
    weighted: bool = False,
    combine: str = "Stouffer",
) -> FailSafe:
    """Compute a fail-safe N.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    type : str
        `Rosenthal`: studies with a mean z of zero that raise the combined one-sided p value to `alpha`. `Orwin`: with
        a mean effect of zero that lower the mean to `target`. `Rosenberg`: of average weight that raise the two-sided p
        value of the equal-effects mean to `alpha`. `REM`: drawn about zero with the harmonic mean of the variances and
        the tau2 of the effects, that lower the expected random-effects mean (DL) to `target`.
    alpha : float
    target : float, optional
        In units of the measure; half the mean by default. Its sign is the mean's.
    weighted : bool
        Whether Orwin's mean is weighted by 1 / vi.
    combine : `Stouffer` or `Fisher`
        How Rosenthal's p value is combined.

    Returns
    -------
    FailSafe

    Raises
    ------
    ModelError, ImpossibleValueError

    Notes
    -----
    metafor draws the studies of `REM` at random; here the expectation is an integral over their mean (Gauss-Hermite)
    and their scatter (quantiles of chi-squared), on which alone the estimate depends, and so the same every time.
    """
    y, v = check_effects(yi, vi)
    _refuse(type, combine, alpha, target)
    tolerance = FAIL_SAFE_TOLERANCE[0] * len(y) + FAIL_SAFE_TOLERANCE[1]
    pval = meanes = rejrate = None
    if type == "Rosenthal":
        number, pval = (_stouffer if combine == "Stouffer" else _fisher)(y / np.sqrt(v), alpha)
        target = None
    elif type == "Rosenberg":
        number, pval, meanes = _rosenberg(y, 1.0 / v, alpha)
        target = None
    elif type == "Orwin":
        meanes = float(np.average(y, weights=1.0 / v if weighted else None))
        target = _target(target, meanes)
        number = float("inf") if target == 0.0 else max(0.0, len(y) * (meanes - target) / target)
    else:
        number, pval, meanes, target, rejrate = _random_effects(y, v, target, alpha)
    number = number if isinf(number) else float(round(number) if abs(number - round(number)) < WHOLE else ceil(number))
    return FailSafe(
        type=type,
        fsnum=number,
        alpha=None if type == "Orwin" else alpha,
        pval=pval,
        meanes=meanes,
        target=target,
        rejrate=rejrate,
        tolerance=tolerance,
        notes=_notes(number, tolerance, type),
    )


def _refuse(type: str, combine: str, alpha: float, target: float | None) -> None:
    for what, value, known in (("type", type, FAIL_SAFE_TYPES), ("combine", combine, COMBINATIONS)):
        if value not in known:
            raise ModelError(f'{what} "{value}" is not known. Use one of {", ".join(known)}.')
    if not 0.0 < alpha < 0.5:
        raise ModelError(f"alpha is {alpha}; a level of a fail-safe number lies between 0 and 0.5.")
    if target is not None and not np.isfinite(target):
        raise ModelError(f"target is {target}. Give a finite effect.")


def _target(target: float | None, mean: float) -> float:
    """Half the mean, or the target with the sign of the mean."""
    return mean / 2.0 if target is None else float(np.copysign(abs(target), mean)) if target else 0.0


def _stouffer(z: Array, alpha: float) -> tuple[float, float]:
    k, combined = len(z), abs(float(z.sum())) / np.sqrt(len(z))
    return max(0.0, k * float(combined / ndtri(1.0 - alpha)) ** 2 - k), float(ndtr(-combined))


def _fisher(z: Array, alpha: float) -> tuple[float, float]:
    """Every added study has a p value of one half; the least real number of them that reaches `alpha`."""
    from scipy.optimize import brentq

    k, surprise = len(z), -2.0 * float(log_ndtr(-np.abs(z)).sum())

    def combined(added: float) -> float:
        return float(chdtrc(2.0 * (k + added), surprise + 2.0 * np.log(2.0) * added))

    if combined(0.0) >= alpha:
        return 0.0, combined(0.0)
    far = 1.0
    while combined(far) < alpha:
        far *= 2.0
    return float(brentq(lambda added: combined(added) - alpha, 0.0, far, xtol=1e-10)), combined(0.0)


def _rosenberg(y: Array, w: Array, alpha: float) -> tuple[float, float, float]:
    total, sum_w = float((w * y).sum()), float(w.sum())
    missing = (total / float(ndtri(1.0 - alpha / 2.0))) ** 2 - sum_w
    pval = float(2.0 * ndtr(-abs(total) / np.sqrt(sum_w)))
    return max(0.0, len(y) * missing / sum_w), pval, total / sum_w


def _random_effects(
    y: Array, v: Array, target: float | None, alpha: float
) -> tuple[float, float, float, float, float | None]:
    fit = fit_model(y, v, None, method="DL", test="z")
    mean, pval = float(fit.beta[0]), float(fit.pval[0])
    aim = _target(target, mean)
    if aim == 0.0:
        return float("inf"), pval, mean, aim, None
    spread = np.sqrt(1.0 / float((1.0 / v).mean()) + float(fit.tau2)), 1.0 / float((1.0 / v).mean())

    def reached(added: int) -> bool:
        return abs(_expected(y, v, added, spread, alpha)[0]) <= abs(aim)

    if abs(mean) <= abs(aim):
        return 0.0, pval, mean, aim, float(pval <= alpha)
    low, high = 0, 1
    while not reached(high):
        low, high = high, 2 * high
        if high > MAX_ADDED:
            return float("inf"), pval, mean, aim, None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return float(high), pval, mean, aim, _expected(y, v, high, spread, alpha)[1]


def _expected(y: Array, v: Array, added: int, spread: tuple[float, float], alpha: float) -> tuple[float, float]:
    """Expected mean, and share of significant ones, with `added` studies of standard deviation and variance `spread`.

    The estimate depends on the added studies through their mean and their sum of squares only, so that any pattern with
    these stands for all.
    """
    deviation, variance = spread
    node, weight = roots_hermitenorm(MEAN_NODES)
    scatter = np.zeros(1)
    if added > 1:
        tail = (np.arange(SCATTER_NODES) + 0.5) / SCATTER_NODES
        scatter = deviation * np.sqrt(chdtri(added - 1.0, 1.0 - tail))
    pattern = np.arange(added) - (added - 1) / 2.0
    pattern /= max(1.0, float(np.sqrt((pattern**2).sum())))
    centre, wide = (part.ravel() for part in np.meshgrid(deviation / np.sqrt(added) * node, scatter, indexing="ij"))
    share = np.repeat(weight / weight.sum(), len(scatter)) / len(scatter)
    mean = rejected = 0.0
    step = max(1, 2_000_000 // (len(y) + added))
    for start in range(0, len(centre), step):
        rows = slice(start, start + step)
        new = centre[rows, None] + wide[rows, None] * pattern
        effects = np.concatenate([np.broadcast_to(y, (len(new), len(y))), new], axis=1)
        fit = fit_model(effects, np.concatenate([v, np.full(added, variance)]), None, method="DL", test="z")
        mean += float(share[rows] @ fit.beta[:, 0])
        rejected += float(share[rows] @ (fit.pval[:, 0] <= alpha))
    return mean, rejected


def _notes(number: float, tolerance: int, type: str) -> tuple[str, ...]:
    said = [
        "A fail-safe N supposes unpublished studies without an effect on average, and says nothing of how many there "
        "are; it is no evidence against bias (Becker 2005; Cochrane Handbook 13.3.5.8)."
    ]
    if number == 0.0:
        said.append("No study is needed: the effects do not reach the criterion as they are.")
    elif type == "Rosenthal" and number < tolerance:
        said.append(f"{number:g} is below Rosenthal's tolerance of 5 k + 10 = {tolerance}.")
    if type in ("Rosenthal", "Rosenberg"):
        said.append(
            "The studies are combined as if they had one true effect; heterogeneity makes the number too large."
        )
    return tuple(said)
