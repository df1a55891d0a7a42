"""From effects and the words of a selection model to a likelihood, its bounds and its starts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from analysis.errors import ModelError, Problem
from analysis.fragility.selection_beta import P_NEAREST, BetaWeights
from analysis.fragility.selection_likelihood import SelectionModel
from analysis.fragility.selection_optimiser import Limits
from analysis.fragility.selection_weights import StepWeights, Weights, cells_of
from analysis.frequentist.linear import Batch, build_batch
from analysis.results import Array, Design, IntArray
from analysis.vocabulary import SELECTION_ALTERNATIVES, SELECTION_KINDS

# Bounds of weights relative to the first interval, and of the powers of a beta weight function: those of metafor,
# where the lower one of a step is zero.
STEP_BOUNDS, BETA_BOUNDS = (1e-8, 100.0), (1e-5, 100.0)
# Starts: share of the unselected mean, of the unselected tau2, added share of a typical variance, weight (per step).
STARTS = ((1.0, 1.0, 0.0, 1.0), (0.5, 0.5, 0.1, 0.4), (0.0, 1.0, 1.0, 0.1), (1.2, 0.0, 0.01, 2.0))


class Words(NamedTuple):
    """A selection model in words: kind, steps (ascending, the last 1; empty for beta), given parameters, direction."""

    kind: str
    steps: tuple[float, ...]
    given: Array
    alternative: str


def read_words(
    kind: str, steps: float | Sequence[float], delta: float | Sequence[float | None] | None, alternative: str
) -> Words:
    """Check the words of a selection model.

    Raises
    ------
    ModelError
        Unknown words, steps outside (0, 1], weights of another number than intervals or below zero.
    """
    if kind not in SELECTION_KINDS:
        raise ModelError(f'selection model "{kind}" is not known. Use one of {", ".join(SELECTION_KINDS)}.')
    if alternative not in SELECTION_ALTERNATIVES:
        raise ModelError(f'alternative "{alternative}" is not known. Use one of {", ".join(SELECTION_ALTERNATIVES)}.')
    cut = _read_steps(steps) if kind == "stepfun" else ()
    given = _read_delta(delta, len(cut) if cut else 2)
    if kind == "stepfun":
        if not np.isnan(given[0]) and given[0] != 1.0:
            raise ModelError(
                f"delta starts with {given[0]:g}; weights are relative to the first interval. Divide all by it."
            )
        given[0] = 1.0
    elif (given <= 0.0).any():
        raise ModelError("delta of a beta selection model holds values that are not > 0. Give positive powers.")
    return Words(kind, cut, given, alternative)


def _read_steps(steps: float | Sequence[float]) -> tuple[float, ...]:
    values = np.unique(np.atleast_1d(np.asarray(steps, dtype=float)))
    if not len(values) or not np.isfinite(values).all() or values[0] <= 0.0 or values[-1] > 1.0:
        raise ModelError(f"steps {steps} do not all lie above 0 and up to 1. Give p values such as (0.025, 1).")
    if values[-1] < 1.0:
        values = np.append(values, 1.0)
    if len(values) < 2:
        raise ModelError("steps hold one interval, 0 to 1, so that nothing is selected. Add a step such as 0.025.")
    return tuple(float(value) for value in values)


def _read_delta(delta: float | Sequence[float | None] | None, number: int) -> Array:
    if delta is None:
        return np.full(number, np.nan)
    listed = list(delta) if isinstance(delta, Sequence | np.ndarray) else [delta] * number
    given = np.array([np.nan if one is None else float(one) for one in listed])
    if len(given) != number:
        raise ModelError(f"delta has {len(given)} values for {number} parameters. Give one each, None to estimate it.")
    if (given < 0.0).any() or np.isinf(given).any():
        raise ModelError(
            "delta holds values that are below 0 or infinite. Give weights relative to the first interval."
        )
    return given


def sign_of(alternative: str) -> float:
    """-1 when selection favours negative effects: the model then works on turned ones."""
    return -1.0 if alternative == "less" else 1.0


def arrange(yi: ArrayLike, vi: ArrayLike, X: Design | ArrayLike | None, mask: ArrayLike | None, sign: float) -> Batch:
    """Effects, turned by `sign`, and their design as a batch."""
    matrix = X.X if isinstance(X, Design) else X
    if matrix is not None and np.ndim(matrix) < 2:
        raise ModelError(f"X has shape {np.shape(matrix)}; give one row per effect, intercept column included.")
    return build_batch(sign * np.asarray(yi, dtype=float), vi, matrix, mask)


def p_values(batch: Batch, two_sided: bool) -> Array:
    """The p values, (B, k), as they decide on publication."""
    z = batch.y / np.sqrt(batch.v)
    return np.asarray(2.0 * ndtr(-np.abs(z)) if two_sided else ndtr(-z))


def build_weights(batch: Batch, words: Words) -> Weights:
    """The weight function applied to the effects of a batch."""
    two_sided = words.alternative == "two.sided"
    sei = np.sqrt(batch.v)
    if words.kind == "stepfun":
        own = np.searchsorted(np.array(words.steps), p_values(batch, two_sided), side="left")
        cells = cells_of(words.steps, two_sided)
        return StepWeights(cells=cells, given=words.given, sei=sei, own=np.minimum(own, len(words.steps) - 1))
    p = p_values(batch, two_sided)
    q = 1.0 - p if two_sided else ndtr(batch.y / sei)
    # p is kept between its nearest values to 0 and 1, and 1 - p with it.
    log_p, log_q = (np.log(np.clip(one, P_NEAREST, 1.0 - P_NEAREST)) for one in (p, q))
    return BetaWeights(two_sided=two_sided, given=words.given, sei=sei, log_p=log_p, log_q=log_q)


def count_intervals(batch: Batch, words: Words) -> IntArray:
    """Effects in every interval of p, (B, N); without intervals (B, 0)."""
    if not words.steps:
        return np.zeros((len(batch.y), 0), dtype=int)
    p = p_values(batch, words.alternative == "two.sided")
    own = np.searchsorted(np.array(words.steps), p, side="left")
    taken = np.ones(own.shape) if batch.m is None else batch.m
    return np.stack([((own == j) * taken).sum(1) for j in range(len(words.steps))], axis=1).astype(int)


def unusable(count: IntArray, words: Words) -> tuple[Problem, ...]:
    """What keeps one data set with these counts (N,) from being fitted, in words."""
    problems = []
    for j, (step, given) in enumerate(zip(words.steps, words.given, strict=len(words.steps) > 0)):
        last = words.steps[j - 1] if j else 0.0
        interval = f"interval {last:g} < p <= {step:g}"
        if count[j] == 0 and (np.isnan(given) or j == 0) and np.isnan(words.given).any():
            remedy = "Drop a step, or give the weight beforehand."
            problems.append(Problem(interval, "no effect has such a p value, so that its weight is unknown.", remedy))
        if count[j] > 0 and given == 0.0:
            problems.append(Problem(interval, "its weight is 0, but effects lie in it.", "Give a weight above 0."))
    return tuple(problems)


def limits_of(batch: Batch, words: Words, *, homogeneous: bool) -> Limits:
    """Bounds of the parameters; `homogeneous` holds tau2 at zero."""
    free = int(np.isnan(words.given).sum())
    low, high = STEP_BOUNDS if words.kind == "stepfun" else BETA_BOUNDS
    lower = np.concatenate([np.full(batch.p, -np.inf), [0.0], np.full(free, low)])
    upper = np.concatenate([np.full(batch.p, np.inf), [0.0 if homogeneous else np.inf], np.full(free, high)])
    return Limits(lower, upper)


def starts_of(batch: Batch, beta: Array, tau2: Array, scale: Array, words: Words) -> Array:
    """Where to start, (S, B, q), from the unselected coefficients (B, p) and tau2 (B,); `scale` a typical variance."""
    b = beta[..., 0:1] if batch.constant else (batch.R @ beta[..., None])[..., 0]
    places = np.flatnonzero(np.isnan(words.given))
    made = []
    for mean, share, extra, weight in STARTS[: 4 if len(places) else 3]:
        delta = (
            weight ** np.maximum(places, 1)
            if words.kind == "stepfun"
            else np.maximum(weight, 0.3) * np.ones(len(places))
        )
        delta = np.clip(delta, 0.01, 5.0)
        rows = [mean * b, (share * tau2 + extra * scale)[:, None], np.broadcast_to(delta, (len(b), len(places)))]
        made.append(np.concatenate(rows, axis=1))
    return np.stack(made)


def build_model(batch: Batch, words: Words) -> SelectionModel:
    """The likelihood of a batch under a selection model."""
    return SelectionModel(batch=batch, weights=build_weights(batch, words))
