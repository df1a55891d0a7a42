"""Whether an answer depends on the correlation of sampling errors within studies that had to be assumed.

Two models side by side: correlated and hierarchical effects (Pustejovsky & Tipton 2022, Prev. Sci. 23, 425-438), whose
sampling covariance has one rho within studies and random intercepts of study and effect; and one composite per study
(Borenstein et al. 2009, chapter 24) under random effects. Both have model-based inference, and cluster-robust
inference, which stays valid where rho is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.covariance import diagonal_covariance
from analysis.errors import ConfigError, ModelError, ToolkitError
from analysis.frequentist.meta_regression import fit_meta_regression
from analysis.frequentist.multilevel import fit_multilevel
from analysis.frequentist.robust import RobustFit, robust_fit
from analysis.measures.composite import composite
from analysis.measures.vcalc import vcalc
from analysis.results import Array, Design

RHOS = tuple(round(0.1 * step, 1) for step in range(10))
MODELS = ("che", "aggregated")
# Numbers per coefficient, numbers per rho.
BY_COEFFICIENT = ("beta", "se", "pval", "ci_lb", "ci_ub")
BY_COEFFICIENT_ROBUST = ("robust_se", "robust_stat", "robust_ddf", "robust_pval", "robust_ci_lb", "robust_ci_ub")
BY_RHO = ("qe", "qe_pval", "loglik", "omnibus_stat", "omnibus_ddf", "omnibus_pval")

type Values = dict[str, Array | float]


class _Table(NamedTuple):
    """Effects, variances, studies and clusters of the robust variance, (k,), and their design."""

    y: Array
    v: Array
    study: Array
    outer: Array
    design: Design


class _Choices(NamedTuple):
    robust: str
    method: str
    test: str
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptModel:
    """One model at R values of rho; not a number where it could not be fitted.

    Attributes
    ----------
    model : str
        `che` or `aggregated`.
    names, level_names : tuple of str
        Coefficients; variance components.
    k, n_clusters : int
        Effects (studies for `aggregated`) and clusters of the robust inference.
    beta, se, pval, ci_lb, ci_ub : (R, p)
        In units of the measure, inference as the model has it.
    robust_se, robust_stat, robust_ddf, robust_pval, robust_ci_lb, robust_ci_ub : (R, p)
        Cluster-robust: t with Satterthwaite degrees of freedom.
    sigma2 : (R, levels)
        Variances of the levels; between-study variance for `aggregated`.
    qe, qe_pval, loglik : (R,)
        Test of residual heterogeneity; log-likelihood, restricted for REML, which tells values of rho apart only for
        `che`, where the data are the same.
    omnibus_stat, omnibus_ddf, omnibus_pval : (R,)
        Approximate Hotelling test of all moderators; not a number without any.
    notes : tuple of str
        Of every rho at which something must be said.
    """

    model: str
    names: tuple[str, ...]
    level_names: tuple[str, ...]
    k: int
    n_clusters: int
    beta: Array
    se: Array
    pval: Array
    ci_lb: Array
    ci_ub: Array
    robust_se: Array
    robust_stat: Array
    robust_ddf: Array
    robust_pval: Array
    robust_ci_lb: Array
    robust_ci_ub: Array
    sigma2: Array
    qe: Array
    qe_pval: Array
    loglik: Array
    omnibus_stat: Array
    omnibus_ddf: Array
    omnibus_pval: Array
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RhoSweep:
    """Models over `rhos` (R,), with robust variances of `kind`; `notes` say what was left out and why."""

    rhos: Array
    kind: str
    method: str
    test: str
    level: float
    models: tuple[SweptModel, ...]
    notes: tuple[str, ...]


def rho_sweep(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: ArrayLike,
    design: Design | None = None,
    *,
    rhos: Sequence[float] | Array = RHOS,
    levels: Mapping[str, ArrayLike] | None = None,
    models: Sequence[str] = MODELS,
    robust: str = "CR2",
    robust_cluster: ArrayLike | None = None,
    method: str = "REML",
    test: str = "z",
    level: float = 95.0,
) -> RhoSweep:
    """Fit the models at every rho.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure, and their sampling variances.
    cluster : (k,)
        Study of every effect: within it sampling errors correlate by rho.
    design : Design, optional
        Moderators; an intercept alone without.
    rhos : R numbers
        Correlations, each between -1 and 1.
    levels : mapping of name to (k,) identifiers, optional
        Random intercepts of `che`, outermost first; study and effect unless given.
    models : of `che`, `aggregated`
    robust : str
        Kind of robust variance, of `ROBUST_KINDS`.
    robust_cluster : (k,), optional
        Clusters of the robust variance where they are coarser than studies; each must hold its studies whole.
    method, test, level
        As in `fit_multilevel`.

    Returns
    -------
    RhoSweep
        A rho at which V is not positive definite, or the model cannot be fitted, has nan and a note. `aggregated` is
        left out, and a note says so, where a moderator differs within a study.

    Raises
    ------
    ConfigError
        Unknown models or rhos that are no correlations.
    ToolkitError
        What a model raises, where it does so at every rho.
    """
    given = np.asarray(rhos, dtype=float).reshape(-1)
    _refuse_choices(given, models)
    y, v, study = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float), np.asarray(cluster)
    if not (y.ndim == 1 and y.shape == v.shape == study.shape):
        raise ModelError(f"yi, vi and cluster have shapes {y.shape}, {v.shape}, {study.shape}. Give one per effect.")
    plan = design or Design(X=np.ones((len(y), 1)), names=("intrcpt",), terms=(), has_intercept=True)
    outer = study if robust_cluster is None else np.asarray(robust_cluster)
    table, choices = _Table(y, v, study, outer, plan), _Choices(robust, method, test, level)
    found, notes = [], []
    if "che" in models:
        nested, said = _levels(study, levels)
        notes += said
        found.append(_sweep_che(table, given, nested, choices))
    varying = _varying(plan, study)
    if "aggregated" in models and varying:
        notes.append(f"{', '.join(varying)} differs within a study, so there is no aggregated model of it.")
    elif "aggregated" in models:
        found.append(_sweep_aggregated(table, given, choices))
    return RhoSweep(
        rhos=given, kind=robust, method=method, test=test, level=level, models=tuple(found), notes=tuple(notes)
    )


def _refuse_choices(rhos: Array, models: Sequence[str]) -> None:
    unknown = [one for one in models if one not in MODELS]
    if unknown or not models:
        raise ConfigError(f"models {', '.join(unknown) or 'are none'}. Give some of {', '.join(MODELS)}.")
    if not len(rhos) or not (np.abs(rhos) <= 1.0).all():
        raise ConfigError(f"rhos are {rhos.tolist()}. Give correlations, each between -1 and 1.")


def _levels(study: Array, levels: Mapping[str, ArrayLike] | None) -> tuple[Mapping[str, ArrayLike], list[str]]:
    if levels is not None:
        return levels, []
    if len(np.unique(study)) == len(study):
        return {"study_id": study}, ["Every study has one effect: rho plays no part, and there is one level."]
    return {"study_id": study, "effect_id": np.arange(len(study))}, []


def _varying(design: Design, study: Array) -> list[str]:
    """Columns of the design that differ within a study."""
    _, first, codes = np.unique(study, return_index=True, return_inverse=True)
    same = (design.X[first][codes.reshape(-1)] == design.X).all(0)
    return [name for name, one in zip(design.names, same, strict=True) if not one]


def _sweep_che(table: _Table, rhos: Array, levels: Mapping[str, ArrayLike], choices: _Choices) -> SweptModel:
    y, v, study, outer, design = table
    robust, method, test, level = choices

    def fit(rho: float) -> tuple[Values, tuple[str, ...]]:
        V = vcalc(v, study, rho=rho).covariance
        model = fit_multilevel(y, V, design, levels=levels, method=method, test=test, level=level)
        sandwich = robust_fit(model.beta, model.names, model.X, model.residuals, model.M, outer, robust, level)
        values: Values = {name: getattr(model, name) for name in (*BY_COEFFICIENT, "sigma2", "qe", "qe_pval", "loglik")}
        return values | _robust_values(sandwich), model.notes + model.convergence.at_boundary + sandwich.notes

    return _collect("che", fit, rhos, design.names, tuple(levels), (len(y), len(np.unique(outer))))


def _sweep_aggregated(table: _Table, rhos: Array, choices: _Choices) -> SweptModel:
    y, v, study, outer, design = table
    robust, method, test, level = choices
    first = np.sort(np.unique(study, return_index=True)[1])
    X, groups = design.X[first], outer[first]

    def fit(rho: float) -> tuple[Values, tuple[str, ...]]:
        one = composite(y, v, study, rho=rho)
        model = fit_meta_regression(one.yi, one.vi, X, method=method, test=test, level=level, names=design.names)
        marginal = diagonal_covariance(one.vi + float(model.tau2))
        sandwich = robust_fit(model.beta, model.names, X, one.yi - X @ model.beta, marginal, groups, robust, level)
        values: Values = {name: getattr(model, name) for name in (*BY_COEFFICIENT, "qe", "qe_pval", "loglik")}
        values["sigma2"] = np.reshape(model.tau2, (1,))
        return values | _robust_values(sandwich), model.notes + sandwich.notes

    return _collect("aggregated", fit, rhos, design.names, ("study_id",), (len(first), len(np.unique(groups))))


def _robust_values(fit: RobustFit) -> Values:
    test = fit.omnibus
    values: Values = {f"robust_{name}": getattr(fit, name) for name in ("se", "stat", "ddf", "pval", "ci_lb", "ci_ub")}
    for name in ("stat", "ddf", "pval"):
        values[f"omnibus_{name}"] = np.nan if test is None else float(getattr(test, name))
    return values


def _collect(
    model: str,
    fit: Callable[[float], tuple[Values, tuple[str, ...]]],
    rhos: Array,
    names: tuple[str, ...],
    level_names: tuple[str, ...],
    counts: tuple[int, int],
) -> SweptModel:
    """The fits at all rhos, side by side; the error of the first where every one fails."""
    wide = dict.fromkeys((*BY_COEFFICIENT, *BY_COEFFICIENT_ROBUST), len(names)) | {"sigma2": len(level_names)}
    table: dict[str, Array] = {name: np.full((len(rhos), size), np.nan) for name, size in wide.items()}
    table |= {name: np.full(len(rhos), np.nan) for name in BY_RHO}
    said: list[str] = []
    failed: list[ToolkitError] = []
    for index, rho in enumerate(rhos):
        try:
            values, notes = fit(float(rho))
        except ToolkitError as error:
            failed.append(error)
            said.append(f"rho {rho:g}: {error}")
            continue
        for name, value in values.items():
            table[name][index] = value
        said += [f"rho {rho:g}: {note}" for note in notes]
    if len(failed) == len(rhos):
        raise failed[0]
    return SweptModel(
        model=model,
        names=names,
        level_names=level_names,
        k=counts[0],
        n_clusters=counts[1],
        **table,
        notes=tuple(said),
    )
