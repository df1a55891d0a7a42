"""I2 of multilevel and multivariate models: in total, by level, by dimension and by coefficient.

The share of every variance between true effects in the sum of all of them and a typical sampling variance,
`vt = (k - p) / tr P` with `P = W - W X (X'WX)^-1 X'W` and W the inverse of the sampling covariance alone (Nakagawa &
Santos 2012, Evol. Ecol. 26, 1253-1274; Cheung 2014, Psychol. Methods 19, 211-229; Higgins & Thompson's 2002 typical
variance where sampling errors are independent). A dimension has a typical variance of its own, from the diagonal of P
and the residual degrees of freedom of its effects. For coefficients and jointly, the share of their variance under the
model that it would not have without heterogeneity (Jackson, White & Riley 2012, Stat. Med. 31, 3805-3820).
"""

from dataclasses import dataclass

import numpy as np

from analysis.frequentist.mixed_likelihood import Point, evaluate
from analysis.frequentist.mixed_results import MixedModel, MultilevelFit
from analysis.results import Array

# Fewer residual degrees of freedom than this in a dimension are none but for rounding.
NONE_LEFT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedHeterogeneity:
    """I2, per cent; without any effect to judge by, not a number.

    Attributes
    ----------
    vt : float
        Typical sampling variance, squared units of the measure.
    total : float
        Share of all variances between true effects; not a number where dimensions differ in theirs.
    levels : (levels,)
        Share of the variance of every level, `level_names`; where dimensions differ, `total` and `levels` are not
        numbers.
    dimension_vt, dimension_tau2, dimension_total : (q,)
        By dimension of a structure (`inner_names`): its typical sampling variance, the share of its tau2, and that of
        its tau2 and all levels together. Empty without a structure. For CS the shares use the one typical variance of
        all.
    coefficients : (p,)
        Jackson's share in the variance of every coefficient.
    joint : float
        Jackson's share in the joint variance of all, `1 - (det C0 / det C)^(1 / p)`.
    """

    vt: float
    total: float
    level_names: tuple[str, ...]
    levels: Array
    inner_names: tuple[str, ...]
    dimension_vt: Array
    dimension_tau2: Array
    dimension_total: Array
    coefficients: Array
    joint: float


def mixed_heterogeneity(fit: MultilevelFit) -> MixedHeterogeneity:
    """I2 of a fitted model, at the cost of one evaluation of its likelihood."""
    model = fit.model
    plain = evaluate(model.data, np.zeros(model.data.m))
    assert plain is not None
    weights, leverage = _diagonals(model, plain)
    between = float(fit.sigma2.sum())
    vt = model.unit**2 * (fit.k - fit.p) / float(weights.sum())
    shared = fit.structure in (None, "CS")
    tau2 = fit.tau2 if fit.structure != "CS" else np.full(len(fit.inner_names), fit.tau2[0])
    own = np.full(len(tau2), vt) if shared else _by_dimension(model, weights, leverage)
    everything = between + (float(tau2[0]) if fit.structure == "CS" else 0.0)
    whole = everything + vt if shared else np.nan
    variance = np.diag(fit.vb)
    before = np.linalg.inv(model.R) @ plain.inverse @ np.linalg.inv(model.R).T * model.unit**2
    ratio = np.linalg.slogdet(before)[1] - np.linalg.slogdet(fit.vb)[1]
    return MixedHeterogeneity(
        vt=vt,
        total=100.0 * everything / whole,
        level_names=fit.level_names,
        levels=100.0 * fit.sigma2 / whole,
        inner_names=fit.inner_names,
        dimension_vt=own,
        dimension_tau2=100.0 * tau2 / (between + tau2 + own),
        dimension_total=100.0 * (between + tau2) / (between + tau2 + own),
        coefficients=100.0 * (variance - np.diag(before)) / variance,
        joint=max(0.0, -100.0 * float(np.expm1(ratio / fit.p))),
    )


def _diagonals(model: MixedModel, plain: Point) -> tuple[Array, Array]:
    """Diagonals (k,) of P, on the scale of the data, and of the hat matrix."""
    weights, leverage = np.empty(model.data.k), np.empty(model.data.k)
    p = model.data.p
    for stack, W, T in zip(model.data.stacks, plain.W, plain.T, strict=True):
        real = stack.rows >= 0
        projected = T[..., :p] @ plain.inverse
        weights[stack.rows[real]] = (np.diagonal(W, axis1=1, axis2=2) - np.vecdot(projected, T[..., :p]))[real]
        leverage[stack.rows[real]] = np.vecdot(projected, stack.U[..., :p])[real]
    return weights, leverage


def _by_dimension(model: MixedModel, weights: Array, leverage: Array) -> Array:
    """Typical sampling variance (q,) of every dimension; not a number where its effects leave no degree of freedom."""
    structure = model.structure
    assert structure is not None
    codes, q = structure.inner.codes, structure.inner.number
    freedom = np.bincount(codes, 1.0 - leverage, minlength=q)
    totals = np.bincount(codes, weights, minlength=q)
    left = freedom > NONE_LEFT
    shares: Array = np.divide(freedom, totals, out=np.full(q, np.nan), where=left)
    return model.unit**2 * shares
