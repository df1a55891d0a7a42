"""Averaging over models with and without an effect, heterogeneity and publication bias, by quadrature.

Robust Bayesian meta-analysis of Maier, Bartos & Wagenmakers (2023), Psychol. Methods 28(1), 107-122, with the ensemble
of Bartos, Maier, Wagenmakers, Doucouliagos & Stanley (2023), Res. Synth. Methods 14(1), 99-116: six weight functions,
PET and PEESE. Marginal likelihoods are integrals over at most five parameters and carry no Monte Carlo error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from analysis.errors import ModelError
from analysis.fragility.averaging_nodes import (
    SPIKE,
    Grid,
    mean_grid,
    plain_log_likelihood,
    regression_log_likelihood,
    tau_grid,
    weighted_log_likelihood,
)
from analysis.frequentist.linear import build_batch
from analysis.results import Array, BoolArray
from analysis.vocabulary import MIN_K_SELECTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """One way in which publication may distort: `steps` of p (`two_sided` or not), or `slope` on sei or vi.

    `prior_prob` is the prior probability of the way, all of them and no bias adding up to one.
    """

    name: str
    prior_prob: float
    steps: tuple[float, ...] = ()
    two_sided: bool = False
    slope: str = ""


# The default ensemble of Bartos et al. (2023), RoBMA-PSMA.
ENSEMBLE: tuple[Bias, ...] = (
    Bias(name="two-sided .05", prior_prob=1 / 24, steps=(0.05, 1.0), two_sided=True),
    Bias(name="two-sided .05 .10", prior_prob=1 / 24, steps=(0.05, 0.1, 1.0), two_sided=True),
    Bias(name="one-sided .05", prior_prob=1 / 24, steps=(0.05, 1.0)),
    Bias(name="one-sided .025 .05", prior_prob=1 / 24, steps=(0.025, 0.05, 1.0)),
    Bias(name="one-sided .05 .50", prior_prob=1 / 24, steps=(0.05, 0.5, 1.0)),
    Bias(name="one-sided .025 .05 .50", prior_prob=1 / 24, steps=(0.025, 0.05, 0.5, 1.0)),
    Bias(name="PET", prior_prob=1 / 8, slope="sei"),
    Bias(name="PEESE", prior_prob=1 / 8, slope="vi"),
)
# Scales of the half-Cauchy priors of the slopes of PET and PEESE (same source).
SLOPE_SCALES = {"sei": 1.0, "vi": 5.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasModel:
    """One model: what it holds, its probabilities, its log marginal likelihood and its posterior mean."""

    effect: bool
    heterogeneity: bool
    bias: str
    prior_prob: float
    log_ml: float
    posterior_prob: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragedSelection:
    """The mean effect averaged over all models, and the evidence for each ingredient.

    Attributes
    ----------
    mean, sd, ci_lb, ci_ub : of the mean effect over all models; it is zero with probability `p_zero`.
    mean_given_effect, ci_lb_given_effect, ci_ub_given_effect : over models with an effect.
    log_bf_effect, log_bf_heterogeneity, log_bf_bias : logs of posterior over prior odds of the models that hold it.
    """

    level: float
    k: int
    mean: float
    sd: float
    ci_lb: float
    ci_ub: float
    p_zero: float
    mean_given_effect: float
    ci_lb_given_effect: float
    ci_ub_given_effect: float
    log_bf_effect: float
    log_bf_heterogeneity: float
    log_bf_bias: float
    models: tuple[BiasModel, ...]
    notes: tuple[str, ...]


def average_selection(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    mu_sd: float = 1.0,
    tau_prior: tuple[float, float] = (1.0, 0.15),
    biases: Sequence[Bias] = ENSEMBLE,
    alternative: str = "greater",
    level: float = 95.0,
) -> AveragedSelection:
    """Average over {effect, none} x {heterogeneity, none} x {no bias, each of `biases`}.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure (the priors are made for standardised mean differences); sampling variances.
    mu_sd : float
        Standard deviation of the normal prior of an effect.
    tau_prior : (shape, scale)
        Inverse gamma prior of tau (van Erp, Verhagen, Grasman & Wagenmakers 2017, J. Open Psychol. Data 5, 4).
    biases : sequence of Bias
        Ways of bias with their prior probabilities; what is left to one is the probability of none.
    alternative : str
        `greater` or `less`: the sign that publication favours.

    Returns
    -------
    AveragedSelection

    Raises
    ------
    ModelError, ImpossibleValueError
    """
    none = 1.0 - sum(bias.prior_prob for bias in biases)
    if alternative not in ("greater", "less") or min(mu_sd, *tau_prior) <= 0.0 or not 0.0 < level < 100.0:
        raise ModelError("alternative is greater or less, scales of priors are > 0, level lies in (0, 100). Mend them.")
    if not biases or not 0.0 < none < 1.0:
        raise ModelError("prior probabilities of the biases must leave some for no bias. Make them add up to below 1.")
    sign = -1.0 if alternative == "less" else 1.0
    batch = build_batch(yi, vi)
    if batch.shape != ():
        raise ModelError("average_selection takes one data set. Give one row of effects.")
    y, v = sign * batch.y[0], batch.v[0]
    mean, tau = mean_grid(y, v, mu_sd), tau_grid(y, v, *tau_prior)
    ways = (Bias(name="none", prior_prob=none), *biases)
    plan = [(effect, spread, bias) for effect in (False, True) for spread in (False, True) for bias in ways]
    logs = [
        _log_posterior(y, v, (mean if effect else SPIKE, tau if spread else SPIKE), bias)
        for effect, spread, bias in plan
    ]
    return _average(plan, logs, mean, sign, level, len(y))


def _log_posterior(y: Array, v: Array, grids: tuple[Grid, Grid], bias: Bias) -> Array:
    """Log of prior times likelihood at the nodes of the mean, tau and all else summed out, (M,)."""
    if bias.slope:
        x = np.sqrt(v) if bias.slope == "sei" else v
        loglik = regression_log_likelihood(y, v, grids, x, SLOPE_SCALES[bias.slope])
    elif bias.steps:
        z = y / np.sqrt(v)
        p = 2.0 * ndtr(-np.abs(z)) if bias.two_sided else ndtr(-z)
        own = np.searchsorted(np.array(bias.steps), p, side="left")
        loglik = weighted_log_likelihood(y, v, grids, bias.steps, bias.two_sided, own)
    else:
        loglik = plain_log_likelihood(y, v, grids[0].value, grids[1].value)
    joint = loglik + grids[0].log_weight[:, None] + grids[1].log_weight
    return np.asarray(np.logaddexp.reduce(joint, axis=1))


def _average(
    plan: Sequence[tuple[bool, bool, Bias]], logs: Sequence[Array], mean: Grid, sign: float, level: float, k: int
) -> AveragedSelection:
    log_ml = np.array([np.logaddexp.reduce(one) for one in logs])
    prior = np.array([0.25 * bias.prior_prob for _, _, bias in plan])
    posterior = np.exp(log_ml + np.log(prior) - np.logaddexp.reduce(log_ml + np.log(prior)))
    mass = np.zeros(len(mean.value))
    means = np.zeros(len(plan))
    for place, (effect, _, _) in enumerate(plan):
        if effect:
            share = np.exp(logs[place] - log_ml[place])
            mass += posterior[place] * share
            means[place] = share @ mean.value
    p_zero = 1.0 - float(mass.sum())
    average, second = float(mass @ mean.value), float(mass @ mean.value**2)
    tail = 0.5 - level / 200.0
    ends = sorted(sign * _quantile(mean.value, mass, p_zero, prob) for prob in (tail, 1.0 - tail))
    given = sorted(sign * _quantile(mean.value, mass / mass.sum(), 0.0, prob) for prob in (tail, 1.0 - tail))
    holds = [np.array([bool(part) for part in column]) for column in zip(*plan, strict=True)]
    holds[2] = np.array([bias.name != "none" for _, _, bias in plan])
    factors = [_log_bf(prior, log_ml, hold) for hold in holds]
    models = tuple(
        BiasModel(
            effect=effect,
            heterogeneity=spread,
            bias=bias.name,
            prior_prob=float(prior[place]),
            log_ml=float(log_ml[place]),
            posterior_prob=float(posterior[place]),
            mean=sign * float(means[place]),
        )
        for place, (effect, spread, bias) in enumerate(plan)
    )
    return AveragedSelection(
        level=level,
        k=k,
        mean=sign * average,
        sd=float(np.sqrt(max(second - average**2, 0.0))),
        ci_lb=ends[0],
        ci_ub=ends[1],
        p_zero=p_zero,
        mean_given_effect=sign * average / float(mass.sum()),
        ci_lb_given_effect=given[0],
        ci_ub_given_effect=given[1],
        log_bf_effect=factors[0],
        log_bf_heterogeneity=factors[1],
        log_bf_bias=factors[2],
        models=models,
        notes=_notes(k),
    )


def _log_bf(prior: Array, log_ml: Array, hold: BoolArray) -> float:
    """Log of posterior odds over prior odds of the models that hold an ingredient."""
    sides = [
        np.logaddexp.reduce(log_ml[side] + np.log(prior[side])) - np.log(prior[side].sum()) for side in (hold, ~hold)
    ]
    return float(sides[0] - sides[1])


def _quantile(value: Array, mass: Array, p_zero: float, prob: float) -> float:
    """Quantile of a law with density on nodes, and probability `p_zero` at zero.

    The sum of equal steps up to the middle between two nodes is their distribution function there to second order; a
    monotone cubic through it inverts it.
    """
    from scipy.interpolate import PchipInterpolator

    used = mass > 1e-14 * mass.max()
    node, part = value[used], mass[used]
    middle = 0.5 * (node[1:] + node[:-1])
    below = np.cumsum(part)[:-1]
    law = PchipInterpolator(middle, below)
    at_zero = float(np.clip(law(0.0), 0.0, 1.0)) if middle[0] < 0.0 < middle[-1] else float(mass[value < 0.0].sum())
    if at_zero <= prob <= at_zero + p_zero and p_zero > 0.0:
        return 0.0
    target = prob if prob < at_zero or p_zero == 0.0 else prob - p_zero
    return float(np.interp(target, below, middle)) if len(middle) < 4 else _invert(law, middle, target)


def _invert(law: Callable[[float], Any], middle: Array, target: float) -> float:
    low, high = float(middle[0]), float(middle[-1])
    for _ in range(60):
        centre = 0.5 * (low + high)
        low, high = (centre, high) if float(law(centre)) < target else (low, centre)
    return 0.5 * (low + high)


def _notes(k: int) -> tuple[str, ...]:
    said = ["The prior of an effect is made for standardised mean differences; on other scales give its deviation."]
    if k < MIN_K_SELECTION:
        said.append(f"{k} effects: below {MIN_K_SELECTION} the models of bias can hardly be told apart.")
    return tuple(said)
