"""Tests, intervals and fit statistics around the variance components of a mixed model."""

from typing import Any

import numpy as np
from scipy.special import chdtrc, fdtrc

from analysis.covariance import BlockCovariance
from analysis.frequentist.laws import critical, two_sided
from analysis.frequentist.mixed_likelihood import LOG_2PI, Point, evaluate
from analysis.frequentist.mixed_optimiser import Optimum
from analysis.frequentist.mixed_results import MixedConvergence, MixedModel, MultilevelFit
from analysis.frequentist.structures import SINGULAR
from analysis.results import Array

# A variance between dimensions below this share of that of the effects is zero, reached by a factor that is not.
NOTHING = 1e-16


def assemble(
    model: MixedModel,
    optimum: Optimum,
    *,
    X: Array,
    y: Array,
    V: BlockCovariance,
    names: tuple[str, ...],
    method: str,
    test: str,
    dfs: str,
    level: float,
    notes: tuple[str, ...],
) -> MultilevelFit:
    """Everything that follows from the optimum, in the units of the effects."""
    point: Point = optimum.summit.at
    back = np.linalg.inv(model.R)
    beta, vb = back @ point.b * model.unit, back @ point.inverse @ back.T * model.unit**2
    ddf = freedom(model, X, test, dfs)
    components = _components(model, optimum)
    return MultilevelFit(
        method=method,
        test=test,
        dfs=dfs,
        level=level,
        names=names,
        k=len(y),
        p=X.shape[1],
        **_tests(beta, vb, ddf, level, names),
        **components,
        **_heterogeneity(model),
        **_fit_statistics(model, point, method),
        X=X,
        residuals=y - X @ beta,
        V=V,
        M=marginal(model, V, optimum),
        convergence=_convergence(model, optimum, components),
        model=model,
        notes=notes,
    )


def freedom(model: MixedModel, X: Array, test: str, dfs: str) -> Array:
    """Denominator degrees of freedom of every coefficient, (p,)."""
    k, p = X.shape
    if test == "z":
        return np.full(p, np.inf)
    least = np.full(p, k)
    if dfs == "contain":
        groupings = list(model.levels)
        if model.structure is not None:
            groupings.append(model.structure.outer)
        for grouping in groupings:
            _, first = np.unique(grouping.codes, return_index=True)
            constant = (X[first][grouping.codes] == X).all(0)
            least = np.where(constant, np.minimum(least, grouping.number), least)
    spare: Array = np.maximum(least - p, 1).astype(float)
    return spare


def _tests(beta: Array, vb: Array, ddf: Array, level: float, names: tuple[str, ...]) -> dict[str, Any]:
    se = np.sqrt(np.diag(vb))
    stat, reach = beta / se, critical(level, ddf) * se
    tested = [index for index, name in enumerate(names) if name != "intrcpt"] or list(range(len(beta)))
    m = len(tested)
    qm, least = (
        float(beta[tested] @ np.linalg.solve(vb[np.ix_(tested, tested)], beta[tested])),
        float(ddf[tested].min()),
    )
    if np.isfinite(least):
        qm, qm_pval = qm / m, float(fdtrc(float(m), least, qm / m))
    else:
        qm_pval = float(chdtrc(float(m), qm))
    return {
        "beta": beta,
        "se": se,
        "vb": vb,
        "stat": stat,
        "ddf": ddf,
        "pval": two_sided(stat, ddf),
        "ci_lb": beta - reach,
        "ci_ub": beta + reach,
        "qm": qm,
        "qm_df": m,
        "qm_ddf": least,
        "qm_pval": qm_pval,
    }


def _components(model: MixedModel, optimum: Optimum) -> dict[str, Any]:
    parameters, structure = model.parameters, model.structure
    entries = parameters.map(optimum.summit.parameters).entries * model.unit**2
    G = None if structure is None else _cleared(parameters.between(entries), model.unit**2)
    tau2 = rho = np.empty(0)
    if structure is not None and G is not None:
        tau2 = np.diag(G)[:1].copy() if structure.kind == "CS" else np.diag(G).copy()
        pairs = [] if structure.kind == "DIAG" else structure.pairs
        with np.errstate(invalid="ignore", divide="ignore"):
            rho = np.clip([G[a, b] / np.sqrt(G[a, a] * G[b, b]) for a, b in pairs], -1.0, 1.0)
        if structure.kind in ("CS", "HCS"):
            # One correlation that no pair of variances above zero bears is not determined.
            rho = optimum.summit.parameters[-1:].copy() if np.isfinite(rho).any() else np.full(1, np.nan)
    return {
        "level_names": tuple(one.name for one in model.levels),
        "groups": tuple(one.number for one in model.levels),
        "sigma2": entries[: parameters.levels],
        "structure": parameters.kind,
        "inner_names": () if structure is None else structure.inner.labels,
        "G": G,
        "tau2": tau2,
        "rho": rho,
    }


def _cleared(G: Array, scale: float) -> Array:
    """G without variances that are rounding of zero beside `scale`, the variance of the effects."""
    kept = np.diag(G) > NOTHING * scale
    return np.where(np.outer(kept, kept), G, 0.0)


def _heterogeneity(model: MixedModel) -> dict[str, Any]:
    plain = evaluate(model.data, np.zeros(model.data.m))
    assert plain is not None
    df = model.data.k - model.data.p
    return {"qe": plain.rss, "qe_df": df, "qe_pval": float(chdtrc(float(df), plain.rss))}


def _fit_statistics(model: MixedModel, point: Point, method: str) -> dict[str, Any]:
    """Log-likelihood, deviance, AIC, BIC, AICc as `fitstats` of metafor: restricted ones for REML."""
    data, parameters = model.data, model.parameters
    restricted = method == "REML"
    n = data.k - data.p if restricted else data.k
    lower, upper = parameters.bounds()
    count = data.p + int((upper > lower).sum())
    loglik = point.loglik - n * float(np.log(model.unit))
    deviance = -2.0 * loglik
    if not restricted:
        plain = evaluate(data, np.zeros(data.m))
        assert plain is not None
        saturated = -0.5 * (data.k * LOG_2PI + plain.log_det) - data.k * float(np.log(model.unit))
        deviance = -2.0 * (loglik - saturated)
    floor = max(n, count + 2)
    return {
        "loglik": loglik,
        "deviance": deviance,
        "aic": -2.0 * loglik + 2.0 * count,
        "bic": -2.0 * loglik + count * float(np.log(n)),
        "aicc": -2.0 * loglik + 2.0 * count * floor / (floor - count - 1.0),
        "parameters": count,
    }


def marginal(model: MixedModel, V: BlockCovariance, optimum: Optimum) -> BlockCovariance:
    """M = V + the random effects' covariance, in the blocks of V."""
    entries = model.parameters.map(optimum.summit.parameters).entries * model.unit**2
    parts: dict[int, Array] = {}
    sizes = [block.shape[1] for block in V.blocks]
    for stack in model.data.stacks:
        added = np.tensordot(entries, stack.K, 1)
        real = (stack.rows >= 0).sum(1)
        for index, n in enumerate(sizes):
            here = real == n
            if here.any():
                parts[index] = V.blocks[index] + added[here][:, :n, :n]
    return BlockCovariance(clusters=V.clusters, blocks=tuple(parts[index] for index in range(len(sizes))))


def _convergence(model: MixedModel, optimum: Optimum, components: dict[str, Any]) -> MixedConvergence:
    summit, (lower, upper) = optimum.summit, model.parameters.bounds()
    g = summit.local.gradient
    inside = (summit.parameters > lower) & (summit.parameters < upper)
    score = np.abs(g * np.maximum(np.abs(summit.parameters), 1e-6))[inside]
    said = [
        f"sigma2 of {one.name} is zero, its lower limit"
        for one, value in zip(model.levels, components["sigma2"], strict=True)
        if value == 0.0
    ]
    G = components["G"]
    if G is not None:
        largest = max(float(np.diag(G).max()), np.finfo(float).tiny)
        said += [
            f"tau2 of {name} is zero, its lower limit"
            for name, value in zip(components["inner_names"], np.diag(G), strict=True)
            if value <= SINGULAR * largest
        ]
        if not said and np.linalg.eigvalsh(G)[0] <= SINGULAR * largest:
            said.append("the between-study covariance is singular: a correlation, or a combination, is at its limit")
    return MixedConvergence(
        converged=summit.converged,
        gradient=float(score.max(initial=0.0)),
        iterations=optimum.iterations,
        starts=optimum.starts,
        agreed=optimum.agreed,
        lesser=tuple(height - summit.height for height in optimum.lesser),
        at_boundary=tuple(said),
    )
