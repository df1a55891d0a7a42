"""Selection models: the mean effect, had effects been published whatever their p value.

Step functions (Hedges 1992; Vevea & Hedges 1995), weights given beforehand (Vevea & Woods 2005), and the beta weight
function (Citkowicz & Vevea 2017).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, ndtri

from analysis.errors import ModelError, TooFewStudiesError
from analysis.fragility.selection_notes import selection_notes
from analysis.fragility.selection_results import SelectionFit
from analysis.fragility.selection_search import Found, search
from analysis.fragility.selection_setup import (
    Words,
    arrange,
    build_model,
    count_intervals,
    limits_of,
    read_words,
    sign_of,
    starts_of,
    unusable,
)
from analysis.frequentist.linear import Batch
from analysis.frequentist.meta_regression import fit_meta_regression
from analysis.frequentist.random_effects import fit_random_effects
from analysis.frequentist.scoring import typical_variance
from analysis.frequentist.shapes import flat, reshape, reshape_convergence
from analysis.results import Array, Design, Fit, IntArray
from analysis.vocabulary import FIXED_METHODS


def fit_selection(
    yi: ArrayLike,
    vi: ArrayLike,
    X: Design | ArrayLike | None = None,
    *,
    kind: str = "stepfun",
    steps: float | Sequence[float] = (0.025, 1.0),
    delta: float | Sequence[float | None] | None = None,
    alternative: str = "greater",
    method: str = "ML",
    test: str = "z",
    level: float = 95.0,
    mask: ArrayLike | None = None,
) -> SelectionFit:
    """Fit a selection model by maximum likelihood, as metafor's `selmodel`.

    Parameters
    ----------
    yi, vi : (..., k)
        Effects in units of the measure; sampling variances in those units squared, all > 0.
    X : Design or (k, p), optional
        Moderators, intercept column included.
    kind : str
        `stepfun`: one weight per interval of p, the first being 1; `beta`: weight p^(delta1 - 1) (1 - p)^(delta2 - 1).
    steps : float or sequence
        Upper ends of the intervals; 1 is added when missing. One step at .025 is the three-parameter model. One-sided
        p values unless `alternative` is `two.sided`.
    delta : sequence, optional
        Weights given beforehand; None (or not-a-number) where one is to be estimated.
    alternative : str
        Which effects publication favours: `greater`, `less`, or `two.sided` for significant ones of either sign.
    method : str
        `ML`, or one of `vocabulary.FIXED_METHODS` for a homogeneous model (tau2 = 0).
    test : str
        `z`, the only test there is.
    level : float
        Level of intervals, per cent.
    mask : (..., k), optional
        True where an effect takes part.

    Returns
    -------
    SelectionFit
        The highest maximum found from four starts. In a batch, data sets that cannot be fitted are not-a-number.

    Raises
    ------
    TooFewStudiesError
        Fewer effects than parameters.
    ModelError
        An interval without effects, or unknown words.
    ImpossibleValueError, RankDeficientError

    References
    ----------
    .. [1] Hedges (1992), Stat. Sci. 7(2), 246-255.
    .. [2] Vevea & Hedges (1995), Psychometrika 60(3), 419-435.
    .. [3] Vevea & Woods (2005), Psychol. Methods 10(4), 428-443.
    .. [4] Citkowicz & Vevea (2017), Psychol. Methods 22(1), 28-41.
    """
    words = read_words(kind, steps, delta, alternative)
    _refuse_words(method, test, level)
    sign = sign_of(alternative)
    batch = arrange(yi, vi, X, mask, sign)
    homogeneous = method in FIXED_METHODS
    count = count_intervals(batch, words)
    parameters = batch.p + (not homogeneous) + int(np.isnan(words.given).sum())
    _refuse_data(batch, count, words, parameters)
    plain = _unselected(yi, vi, X, method, level, mask)
    start = (sign * flat(plain.beta, 1), flat(plain.tau2, 0))
    found, null = _fit(batch, words, start, homogeneous=homogeneous)
    usable = (batch.k >= parameters) & np.array([not unusable(row, words) for row in count])
    pieces = _estimates(found, batch, words, sign, level)
    pieces |= _fit_statistics(found, null, batch, parameters, flat(plain.loglik, 0), int(np.isnan(words.given).sum()))
    pieces |= _omnibus(pieces["beta"], pieces["vb"], plain.names)
    pieces = {
        name: np.where(usable.reshape(-1, *([1] * (part.ndim - 1))), part, np.nan) for name, part in pieces.items()
    }
    shape = batch.shape
    return SelectionFit(
        **{name: reshape(part, shape) for name, part in pieces.items()},
        kind=kind,
        alternative=alternative,
        method=method,
        test=test,
        level=level,
        steps=words.steps,
        names=plain.names,
        k=reshape(batch.k, shape),
        p=batch.p,
        k_interval=reshape(count, shape),
        given=tuple(bool(one) for one in ~np.isnan(words.given)),
        lrt_df=int(np.isnan(words.given).sum()),
        qm_df=_tested(plain.names)[1],
        unselected=plain,
        convergence=reshape_convergence(found.convergence, shape),
        notes=selection_notes(batch, words, count, found, plain, sign),
    )


def _refuse_words(method: str, test: str, level: float) -> None:
    if method != "ML" and method not in FIXED_METHODS:
        raise ModelError(
            f'method "{method}" is not available in a selection model. Use ML, or EE for no heterogeneity.'
        )
    if test != "z":
        raise ModelError(f'test "{test}" is not available in a selection model. Use z.')
    if not 0.0 < level < 100.0:
        raise ModelError(f"level {level} is not a percentage between 0 and 100. Use for example 95.")


def _refuse_data(batch: Batch, count: IntArray, words: Words, parameters: int) -> None:
    """One data set that cannot be fitted is refused; in a batch it turns into not-a-number."""
    if batch.shape != ():
        return
    if batch.k[0] < parameters:
        raise TooFewStudiesError(
            f"{int(batch.k[0])} effects cannot determine the {parameters} parameters of this selection model. "
            "Use fewer steps, or give weights beforehand."
        )
    problems = unusable(count[0], words)
    if problems:
        raise ModelError("selection model, " + "; ".join(str(one) for one in problems))


def _unselected(
    yi: ArrayLike, vi: ArrayLike, X: Design | ArrayLike | None, method: str, level: float, mask: ArrayLike | None
) -> Fit:
    if X is None:
        return fit_random_effects(yi, vi, method=method, level=level, mask=mask)
    return fit_meta_regression(yi, vi, X, method=method, level=level, mask=mask)


def _fit(batch: Batch, words: Words, start: tuple[Array, Array], *, homogeneous: bool) -> tuple[Found, Found | None]:
    """The model, and the same with tau2 = 0."""
    model = build_model(batch, words)
    beta, tau2 = np.nan_to_num(start[0]), np.nan_to_num(start[1])
    starts = starts_of(batch, beta, tau2, typical_variance(batch), words)
    found = search(model, starts, limits_of(batch, words, homogeneous=homogeneous))
    if homogeneous:
        return found, None
    starts[:, :, batch.p] = 0.0
    return found, search(model, starts[:2], limits_of(batch, words, homogeneous=True))


def _estimates(found: Found, batch: Batch, words: Words, sign: float, level: float) -> dict[str, Array]:
    """Coefficients, tau2 and weights with their standard errors and limits."""
    p, crit = batch.p, float(ndtri(0.5 + level / 200.0))
    back = np.linalg.inv(batch.R)
    beta = sign * (back @ found.theta[:, :p, None])[..., 0]
    vb = back @ found.covariance[:, :p, :p] @ np.swapaxes(back, -1, -2)
    variance = np.diagonal(found.covariance, axis1=1, axis2=2)
    se, spread = np.sqrt(np.diagonal(vb, axis1=1, axis2=2)), np.sqrt(variance)
    tau2, se_tau2 = found.theta[:, p], spread[:, p]
    free = np.isnan(words.given)
    delta = np.where(free, 1.0, words.given) * np.ones((len(beta), 1))
    se_delta = np.full(delta.shape, np.nan)
    delta[:, free], se_delta[:, free] = found.theta[:, p + 1 :], spread[:, p + 1 :]
    return {
        "beta": beta,
        "se": se,
        "vb": vb,
        "stat": beta / se,
        "pval": 2.0 * ndtr(-np.abs(beta / se)),
        "ci_lb": beta - crit * se,
        "ci_ub": beta + crit * se,
        "tau2": tau2,
        "se_tau2": se_tau2,
        "tau2_ci_lb": np.maximum(tau2 - crit * se_tau2, 0.0),
        "tau2_ci_ub": tau2 + crit * se_tau2,
        "delta": delta,
        "se_delta": se_delta,
        "delta_pval": 2.0 * ndtr(-np.abs((delta - 1.0) / se_delta)),
        "delta_ci_lb": np.maximum(delta - crit * se_delta, 0.0),
        "delta_ci_ub": delta + crit * se_delta,
    }


def _fit_statistics(
    found: Found, null: Found | None, batch: Batch, parameters: int, unselected: Array, df: int
) -> dict[str, Array]:
    """Likelihoods and likelihood-ratio tests; what cannot be tested is not-a-number."""
    loglik = found.loglik
    deviance = -2.0 * loglik
    lrt = np.maximum(2.0 * (loglik - unselected), 0.0)
    lrt_tau2 = np.full(loglik.shape, np.nan) if null is None else np.maximum(2.0 * (loglik - null.loglik), 0.0)
    most = np.maximum(batch.k, parameters + 2)
    return {
        "loglik": loglik,
        "deviance": deviance,
        "aic": deviance + 2.0 * parameters,
        "bic": deviance + parameters * np.log(batch.k),
        "aicc": deviance + 2.0 * parameters * most / (most - parameters - 1),
        "lrt": lrt,
        "lrt_pval": chdtrc(float(df), lrt) if df else np.full(lrt.shape, np.nan),
        "lrt_tau2": lrt_tau2,
        "lrt_tau2_pval": chdtrc(1.0, lrt_tau2),
    }


def _tested(names: tuple[str, ...]) -> tuple[list[int], int]:
    """Which coefficients the omnibus test takes: all but the intercept, or all where there is nothing else."""
    columns = [place for place, name in enumerate(names) if name != "intrcpt" or len(names) == 1]
    return columns, len(columns)


def _omnibus(beta: Array, vb: Array, names: tuple[str, ...]) -> dict[str, Array]:
    columns, df = _tested(names)
    part, variance = beta[:, columns], vb[:, columns][:, :, columns]
    good = np.isfinite(variance).all((1, 2))
    variance = np.where(good[:, None, None], variance, np.eye(df))
    stat = np.where(good, np.vecdot(part, np.linalg.solve(variance, part[..., None])[..., 0]), np.nan)
    return {"qm": stat, "qm_pval": chdtrc(float(df), stat)}
