"""Predictions of a multilevel or multivariate model: means, new effects, and the random effects of what was observed.

With u = D Z' P y the best linear unbiased prediction of random effects of covariance D, the variance of its error is
`D - D Z' P Z D`, `P = W - W X (X'WX)^-1 X'W` (Robinson 1991, Stat. Sci. 6, 15-32; metafor's `ranef`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ModelError
from analysis.frequentist.laws import critical
from analysis.frequentist.mixed_likelihood import Point, evaluate
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.mixed_tests import mixed_contrast
from analysis.results import Array, IntArray, Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomEffects:
    """Predicted random effects of one level, or of the dimensions within the groups of a structure.

    Attributes
    ----------
    name : str
        The level, or `structure`.
    labels : tuple of str
        Group of each; `inner` its dimension, empty for a level.
    k : (n,)
        Effects that each was predicted from directly.
    estimate, se, pi_lb, pi_ub : (n,)
        Deviation from the predicted mean, the standard error of its prediction and limits, in units of the measure;
        the variance components are taken as known.
    ddf : float
        Of the limits; infinite for z.
    """

    name: str
    labels: tuple[str, ...]
    inner: tuple[str, ...]
    k: IntArray
    estimate: Array
    se: Array
    pi_lb: Array
    pi_ub: Array
    ddf: float
    level: float


def mixed_predict(fit: MultilevelFit, X: ArrayLike, *, dimensions: ArrayLike | None = None) -> Prediction:
    """Predict means, and the true effect of a new group of every level, at rows of predictors.

    Parameters
    ----------
    fit : MultilevelFit
    X : (m, p)
        Rows of the design matrix, with the intercept column where the model has one.
    dimensions : (m,) names, or one name for all rows, optional
        Dimension (`inner_names`) of each row, whose tau2 enters the prediction limits. Needed where dimensions differ
        in their variance (UN, HCS, DIAG); without it there are no prediction limits then.

    Returns
    -------
    Prediction
        Limits from the variance of the mean and of all components, `normal` or `t` with the fewest df of the
        coefficients of the row (metafor's `predict` of `rma.mv`); nan and `none` without a dimension.

    Raises
    ------
    ModelError
        Rows or dimensions that do not fit the model.
    """
    mean = mixed_contrast(fit, X)
    tau2 = _new_variance(fit, len(mean.estimate), dimensions)
    reach = critical(fit.level, mean.ddf) * np.sqrt(mean.se**2 + float(fit.sigma2.sum()) + tau2)
    kind = "normal" if fit.test == "z" else "t"
    return Prediction(
        pred=mean.estimate,
        se=mean.se,
        ci_lb=mean.ci_lb,
        ci_ub=mean.ci_ub,
        pi_lb=mean.estimate - reach,
        pi_ub=mean.estimate + reach,
        interval="none" if np.isnan(tau2).all() else kind,
        level=fit.level,
    )


def blups(fit: MultilevelFit) -> tuple[RandomEffects, ...]:
    """Best linear unbiased predictions of every level, outermost first, then of the structure.

    Limits use z, or t with the fit's `dfs`: k - p for `residual`, the number of groups less p for `contain`, at least
    1 (metafor's `ranef`). A structure is predicted where a dimension was observed in a group.
    """
    entries = fit.model.parameters.map(fit.model.at).entries
    point = evaluate(fit.model.data, entries)
    assert point is not None
    found = [_of_level(fit, point, index) for index in range(len(fit.level_names))]
    return (*found, *([] if fit.structure is None else [_of_structure(fit, point, entries)]))


def _new_variance(fit: MultilevelFit, m: int, dimensions: ArrayLike | None) -> Array:
    """Variance (m,) of a new effect around its mean that the structure adds."""
    if fit.structure is None:
        if dimensions is not None:
            raise ModelError("the model has no structure, so rows have no dimension. Leave dimensions out.")
        return np.zeros(m)
    if dimensions is None:
        return np.full(m, fit.tau2[0] if fit.structure == "CS" else np.nan)
    if np.size(dimensions) not in (1, m):
        raise ModelError(f"{np.size(dimensions)} dimensions for {m} rows. Give one per row, or one for all.")
    given = [str(name) for name in np.broadcast_to(np.ravel(np.asarray(dimensions)), m).tolist()]
    unknown = [name for name in given if name not in fit.inner_names]
    if unknown:
        raise ModelError(f'"{unknown[0]}" is no dimension of the model. Use one of {", ".join(fit.inner_names)}.')
    places = [0 if fit.structure == "CS" else fit.inner_names.index(name) for name in given]
    picked: Array = fit.tau2[places]
    return picked


def _of_level(fit: MultilevelFit, point: Point, index: int) -> RandomEffects:
    """By group, sigma2 z'Py and z'Pz, the latter the sum of W over its effects less their part in the design."""
    level, data = fit.model.levels[index], fit.model.data
    p, number = data.p, level.number
    sums, squares = np.zeros((number, p + 1)), np.zeros(number)
    for stack, W, T in zip(data.stacks, point.W, point.T, strict=True):
        real = stack.rows >= 0
        codes = level.codes[stack.rows[real]]
        np.add.at(sums, codes, T[real])
        np.add.at(squares, codes, (stack.K[index] * W).sum(-1)[real])
    spread = squares - np.vecdot(sums[:, :p] @ point.inverse, sums[:, :p])
    sigma2 = float(fit.sigma2[index]) / fit.model.unit**2
    return _predicted(
        fit,
        name=level.name,
        labels=level.labels,
        inner=(),
        k=np.bincount(level.codes, minlength=number),
        estimate=sigma2 * sums[:, p],
        variance=sigma2 - sigma2**2 * spread,
        groups=number,
    )


def _of_structure(fit: MultilevelFit, point: Point, entries: Array) -> RandomEffects:
    """One prediction for every dimension that a group was observed in, taken from its first effect there."""
    data, structure = fit.model.data, fit.model.structure
    assert structure is not None
    first, levels = data.p, len(fit.level_names)
    estimate, variance = np.empty(data.k), np.empty(data.k)
    for stack, W, T in zip(data.stacks, point.W, point.T, strict=True):
        real = stack.rows >= 0
        between = np.tensordot(entries[levels:], stack.K[levels:], 1)
        weighed = between @ T
        spread = ((between @ W) * between).sum(-1) - np.vecdot(
            weighed[..., :first] @ point.inverse, weighed[..., :first]
        )
        estimate[stack.rows[real]] = weighed[..., first][real]
        variance[stack.rows[real]] = (np.diagonal(between, axis1=1, axis2=2) - spread)[real]
    q = structure.inner.number
    both = structure.outer.codes * q + structure.inner.codes
    cells, rows, k = np.unique(both, return_index=True, return_counts=True)
    return _predicted(
        fit,
        name="structure",
        labels=tuple(structure.outer.labels[cell // q] for cell in cells.tolist()),
        inner=tuple(structure.inner.labels[cell % q] for cell in cells.tolist()),
        k=k,
        estimate=estimate[rows],
        variance=variance[rows],
        groups=structure.outer.number,
    )


def _predicted(
    fit: MultilevelFit,
    *,
    name: str,
    labels: tuple[str, ...],
    inner: tuple[str, ...],
    k: IntArray,
    estimate: Array,
    variance: Array,
    groups: int,
) -> RandomEffects:
    ddf = np.inf if fit.test == "z" else float(max((groups if fit.dfs == "contain" else fit.k) - fit.p, 1))
    # A variance that the groups determine fully may round below zero.
    u, se = estimate * fit.model.unit, np.sqrt(np.maximum(variance, 0.0)) * fit.model.unit
    reach = float(critical(fit.level, np.array([ddf]))[0]) * se
    return RandomEffects(
        name=name,
        labels=labels,
        inner=inner,
        k=k,
        estimate=u,
        se=se,
        pi_lb=u - reach,
        pi_ub=u + reach,
        ddf=ddf,
        level=fit.level,
    )
