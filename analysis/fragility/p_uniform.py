"""p-uniform*: mean and heterogeneity from effects conditioned on being significant or not.

van Aert & van Assen (2021), "Correcting for publication bias in a meta-analysis with the p-uniform* method"
(doi:10.31222/osf.io/zqjr9). Each effect contributes its density on its own side of its critical value. It is the
likelihood of a step selection model with one step, less what the number of significant effects says; so no weight has
to be estimated, and none has to be the same for all studies.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, chdtri, ndtri

from analysis.errors import ModelError, TooFewStudiesError
from analysis.fragility.selection_likelihood import SelectionModel
from analysis.fragility.selection_notes import about_maxima
from analysis.fragility.selection_optimiser import Limits, climb
from analysis.fragility.selection_search import Found, search
from analysis.fragility.selection_setup import arrange, sign_of
from analysis.fragility.selection_weights import OwnInterval
from analysis.frequentist.linear import Batch
from analysis.frequentist.random_effects import fit_random_effects
from analysis.frequentist.scoring import typical_variance
from analysis.frequentist.shapes import reshape_convergence
from analysis.results import Array, Convergence, Fit
from analysis.vocabulary import MAX_I2_P_VALUES, MIN_K_SELECTION, STUDY_ALPHA

# How many ranges of the effects beyond the outermost one the mean is looked for, and tau2 (in squared ranges).
REACH = 10.0
# Points per round of the search for a limit, and rounds: each narrows the bracket by the number of points.
GRID, ROUNDS = 16, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PUniformStar:
    """What p-uniform* finds.

    Attributes
    ----------
    beta, ci_lb, ci_ub : mean effect, limits by inverting the likelihood-ratio test; infinite where it never rejects.
        Where the likelihood has no maximum there is no estimate, and a note says so.
    se : from the observed information; the limits do not rest on it.
    stat, pval : likelihood-ratio test of a mean of zero, chi-squared on one degree of freedom.
    tau2, tau2_ci_lb, tau2_ci_ub : heterogeneity, limits in the same way.
    lrt_tau2, lrt_tau2_pval : likelihood-ratio test of tau2 = 0.
    lrt_bias, lrt_bias_pval : test of no publication bias: whether the random-effects estimates (Paule-Mandel) are as
        likely, chi-squared on two degrees of freedom.
    k, k_significant : effects, and those significant in the direction of `alternative`.
    """

    alternative: str
    alpha: float
    level: float
    k: int
    k_significant: int
    beta: float
    se: float
    ci_lb: float
    ci_ub: float
    stat: float
    pval: float
    tau2: float
    tau2_ci_lb: float
    tau2_ci_ub: float
    lrt_tau2: float
    lrt_tau2_pval: float
    lrt_bias: float
    lrt_bias_pval: float
    loglik: float
    convergence: Convergence
    notes: tuple[str, ...] = ()


def p_uniform_star(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    alternative: str = "greater",
    alpha: float = STUDY_ALPHA,
    level: float = 95.0,
) -> PUniformStar:
    """Estimate mean and heterogeneity by p-uniform*, maximum likelihood.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared, all > 0.
    alternative : str
        `greater` or `less`: the sign of effects that were easier to publish when significant.
    alpha : float
        Two-sided level of the tests in the studies: critical values are at its half.
    level : float
        Level of intervals, per cent.

    Returns
    -------
    PUniformStar

    Raises
    ------
    TooFewStudiesError
        One effect.
    ModelError, ImpossibleValueError
    """
    if alternative not in ("greater", "less"):
        raise ModelError(f'alternative "{alternative}" is not available in p-uniform*. Use greater or less.')
    if not 0.0 < alpha < 1.0 or not 0.0 < level < 100.0:
        raise ModelError(f"alpha {alpha} and level {level} must lie in (0, 1) and (0, 100). Use .05 and 95.")
    sign = sign_of(alternative)
    batch = arrange(yi, vi, None, None, sign)
    if batch.shape != ():
        raise ModelError("p_uniform_star takes one data set. Give one row of effects.")
    if batch.k[0] < 2:
        raise TooFewStudiesError("p-uniform* estimates a mean and a variance. Give at least 2 effects.")
    plain = fit_random_effects(batch.y[0], batch.v[0], method="PM")
    model = conditional_model(batch, alpha)
    return _report(model, plain, sign, alternative, alpha, level)


def conditional_model(batch: Batch, alpha: float) -> SelectionModel:
    """The likelihood that conditions every effect on its side of the critical value."""
    cut, sei = float(-ndtri(alpha / 2.0)), np.sqrt(batch.v)
    side = np.where(batch.y > cut * sei, -1.0, 1.0)
    return SelectionModel(batch=batch, weights=OwnInterval(cut=cut, sei=sei, side=side))


def _bounds(batch: Batch) -> Limits:
    """Where the maximum is looked for: without non-significant effects there may be none."""
    low, high = float(batch.y.min()), float(batch.y.max())
    width = high - low + float(np.sqrt(batch.v.max()))
    return Limits(np.array([low - REACH * width, 0.0]), np.array([high + REACH * width, (REACH * width) ** 2]))


def _report(
    model: SelectionModel, plain: Fit, sign: float, alternative: str, alpha: float, level: float
) -> PUniformStar:
    batch, limits = model.batch, _bounds(model.batch)
    mean, tau2, scale = float(np.ravel(plain.beta)[0]), float(plain.tau2), float(typical_variance(batch)[0])
    starts = np.array([[mean, tau2 + 0.1 * scale], [0.5 * mean, tau2 + scale], [0.0, 0.0], [mean, 4.0 * tau2]])
    found = search(model, starts[:, None, :], limits)
    peak, best = float(found.loglik[0]), found.theta[0]
    astray = _astray(best, limits)
    profile = [_profile(model, best, limits, place) for place in (0, 1)]
    drop = 0.5 * float(chdtri(1.0, 1.0 - level / 100.0))
    ends = [_limit(profile[0], best[0], peak - drop, float(edge[0])) for edge in limits]
    lower, upper = sorted(sign * end for end in ends)
    tau2_lower = _limit(profile[1], best[1], peak - drop, 0.0)
    ratio = [2.0 * max(peak - float(profile[place](np.zeros(1))[0]), 0.0) for place in (0, 1)]
    bias = 2.0 * max(peak - float(model.at(np.array([[mean, tau2]])).loglik[0]), 0.0)
    return PUniformStar(
        alternative=alternative,
        alpha=alpha,
        level=level,
        k=int(batch.k[0]),
        k_significant=_significant(model),
        beta=float("nan") if astray else sign * float(best[0]),
        se=float(np.sqrt(found.covariance[0, 0, 0])),
        ci_lb=lower,
        ci_ub=upper,
        stat=ratio[0],
        pval=float(chdtrc(1.0, ratio[0])),
        tau2=float("nan") if astray else float(best[1]),
        tau2_ci_lb=tau2_lower if np.isfinite(tau2_lower) else 0.0,
        tau2_ci_ub=_limit(profile[1], best[1], peak - drop, float(limits.upper[1])),
        lrt_tau2=ratio[1],
        lrt_tau2_pval=float(chdtrc(1.0, ratio[1])),
        lrt_bias=bias,
        lrt_bias_pval=float(chdtrc(2.0, bias)),
        loglik=peak,
        convergence=reshape_convergence(found.convergence, ()),
        notes=_notes(model, found, limits, plain, sign),
    )


def _significant(model: SelectionModel) -> int:
    assert isinstance(model.weights, OwnInterval)
    return int((model.weights.side < 0.0).sum())


def _profile(model: SelectionModel, best: Array, limits: Limits, place: int) -> Callable[[Array], Array]:
    """The log-likelihood at given values (G,) of one parameter, the other at its best."""

    def at(values: Array) -> Array:
        number, starts = len(values), np.repeat(best[None, :], 2 * len(values), axis=0)
        starts[number:, 1] = 2.0 * best[1] + float(typical_variance(model.batch)[0])
        starts[number:, 0] = 0.5 * best[0]
        starts[:, place] = np.tile(values, 2)
        held = Limits(np.tile(limits.lower, (2 * number, 1)), np.tile(limits.upper, (2 * number, 1)))
        held.lower[:, place] = held.upper[:, place] = starts[:, place]
        ends = climb(model.take(np.zeros(2 * number, dtype=int)), starts, held)
        return np.asarray(ends.point.loglik.reshape(2, number).max(0))

    return at


def _limit(profile: Callable[[Array], Array], start: float, level: float, edge: float) -> float:
    """The value nearest to `start`, towards `edge`, where the profile falls to `level`; infinite if it never does."""
    share = np.geomspace(1e-6, 1.0, 4 * GRID)
    inner, outer = start, edge
    for count in range(ROUNDS):
        values = inner + (outer - inner) * (share if count == 0 else np.arange(1, GRID + 1) / GRID)
        below = profile(values) < level
        if not below.any():
            return float(np.copysign(np.inf, edge - start)) if count == 0 else float(outer)
        first = int(below.argmax())
        inner, outer = (values[first - 1] if first else inner), values[first]
        if abs(outer - inner) <= 1e-13 * max(abs(outer), abs(inner)):
            break
    return float(0.5 * (inner + outer))


def _astray(theta: Array, limits: Limits) -> bool:
    return bool(theta[0] in (limits.lower[0], limits.upper[0]) or theta[1] == limits.upper[1])


def _notes(model: SelectionModel, found: Found, limits: Limits, plain: Fit, sign: float) -> tuple[str, ...]:
    k, significant = int(model.batch.k[0]), _significant(model)
    said = []
    if k < MIN_K_SELECTION:
        said.append(f"{k} effects: below {MIN_K_SELECTION} a selection model often goes astray.")
    if significant in (0, k):
        which = "No effect is" if significant == 0 else "All effects are"
        said.append(f"{which} significant: the estimate then rests on tails of one side alone and is imprecise.")
    if not found.convergence.converged[0]:
        said.append("The likelihood did not settle at a maximum: the estimates are where the search stopped.")
    if _astray(found.theta[0], limits):
        said.append("The likelihood keeps rising far away from the effects: there is no estimate.")
    said += about_maxima(found, sign)
    if float(np.ravel(plain.beta)[0]) < 0.0:
        said.append("The mean is opposite to the sign that publication is taken to favour.")
    if float(plain.i2) >= MAX_I2_P_VALUES and significant == k:
        said.append(
            f"I2 is {float(plain.i2):.0f} %: from {MAX_I2_P_VALUES:.0f} % on, significant effects alone overestimate "
            "the mean."
        )
    return tuple(said)
