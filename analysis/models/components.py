"""Variances and correlations of true effects of a multilevel or multivariate model, and its fit as plain fields."""

import math
from typing import Any

import numpy as np

from analysis.errors import ConvergenceError
from analysis.frequentist import component_names, profile_interval
from analysis.frequentist.mixed_heterogeneity import mixed_heterogeneity
from analysis.frequentist.mixed_prediction import blups
from analysis.frequentist.mixed_results import ComponentInterval, MultilevelFit
from analysis.models.fitted import Record, finite
from analysis.results import Prediction

# Fields of the fit that JSON holds as they are.
PLAIN = (
    *("method", "test", "level", "names", "k", "p", "beta", "se", "vb", "stat", "ddf", "pval", "ci_lb", "ci_ub"),
    *("structure", "qe", "qe_df", "qe_pval", "qm", "qm_df", "qm_ddf", "qm_pval"),
    *("loglik", "deviance", "aic", "bic", "aicc", "parameters"),
)


def build_components(fit: MultilevelFit) -> list[Record]:
    """One row per variance of a level, variance of a dimension and correlation of two dimensions."""
    shares = mixed_heterogeneity(fit)
    limits = {name: _interval(fit, name) for name in component_names(fit)}
    rows = [
        _row(fit, "sigma2", name, fit.sigma2[index], limits.get(f"sigma2[{name}]"), shares.levels[index], groups)
        for index, (name, groups) in enumerate(zip(fit.level_names, fit.groups, strict=True))
    ]
    if fit.structure is None:
        return rows
    if fit.structure == "CS":
        share = shares.dimension_tau2[0]
        rows.append(_row(fit, "tau2", "every dimension", fit.tau2[0], limits.get("tau2"), share))
    else:
        rows += [
            _row(fit, "tau2", name, fit.tau2[index], limits.get(f"tau2[{name}]"), shares.dimension_tau2[index])
            for index, name in enumerate(fit.inner_names)
        ]
    return rows + _correlations(fit, limits)


def _correlations(fit: MultilevelFit, limits: dict[str, ComponentInterval | None]) -> list[Record]:
    if len(fit.rho) == 1 and "rho" in limits:
        return [_row(fit, "rho", "every pair", fit.rho[0], limits["rho"])]
    found = [name for name in limits if name.startswith("rho[")]
    return [
        _row(fit, "rho", name.removeprefix("rho[").removesuffix("]"), value, limits[name])
        for name, value in zip(found, fit.rho, strict=True)
    ]


def _row(
    fit: MultilevelFit,
    component: str,
    name: str,
    estimate: float,
    limits: ComponentInterval | None,
    share: float = math.nan,
    groups: int | None = None,
) -> Record:
    variance = component != "rho"
    return {
        "component": component,
        "level_name": name,
        "groups": groups,
        "estimate": finite(float(estimate)),
        "sd": finite(float(estimate) ** 0.5) if variance else None,
        "ci_lb": None if limits is None else finite(limits.lb),
        "ci_ub": None if limits is None else finite(limits.ub),
        "i2": finite(float(share)),
        "at_boundary": bool(estimate <= 0.0) if variance else bool(abs(estimate) >= 1.0),
        "method": f"{fit.method}/PL" if limits is not None else fit.method,
        "level": fit.level,
    }


def _interval(fit: MultilevelFit, name: str) -> ComponentInterval | None:
    """Limits of one component; None where the likelihood does not settle beside it."""
    try:
        return profile_interval(fit, name)
    except ConvergenceError:
        return None


def build_blups(fit: MultilevelFit) -> list[Record]:
    """One row per predicted random effect: the deviation of a group from its mean."""
    return [
        {
            "level_name": found.name,
            "group": label,
            "dimension": found.inner[index] if found.inner else None,
            "k": int(found.k[index]),
            "estimate": float(found.estimate[index]),
            "se": finite(float(found.se[index])),
            "pi_lb": finite(float(found.pi_lb[index])),
            "pi_ub": finite(float(found.pi_ub[index])),
            "level": found.level,
        }
        for found in blups(fit)
        for index, label in enumerate(found.labels)
    ]


def build_fields(fit: MultilevelFit, limits: Prediction | None) -> dict[str, Any]:
    """The fit in metafor's words; `sigma2` and `i2` by level, `tau2` the variance of all levels together."""
    shares = mixed_heterogeneity(fit)
    by_level = dict(zip(fit.level_names, shares.levels, strict=True))
    one = fit.structure in (None, "CS")
    steps = fit.convergence
    return {
        **{name: getattr(fit, name) for name in PLAIN},
        "dist": fit.test,
        "sigma2": dict(zip(fit.level_names, fit.sigma2, strict=True)),
        "groups": dict(zip(fit.level_names, fit.groups, strict=True)),
        "tau2": float(fit.sigma2.sum() + fit.tau2[:1].sum()) if one else None,
        "se_tau2": None,
        "tau2_by_dimension": dict(zip(fit.inner_names, np.diag(fit.G), strict=True)) if fit.G is not None else None,
        "G": fit.G,
        "rho": fit.rho if fit.structure else None,
        "i2": {"total": shares.total, **by_level, **dict(zip(shares.inner_names, shares.dimension_tau2, strict=True))},
        "vt": shares.vt,
        "h2": None,
        "r2": None,
        "pi_lb": None if limits is None else limits.pi_lb[0],
        "pi_ub": None if limits is None else limits.pi_ub[0],
        "pi_kind": None if limits is None else limits.interval,
        "convergence": {
            "converged": steps.converged,
            "iterations": steps.iterations,
            "at_boundary": bool(steps.at_boundary),
            "components_at_boundary": list(steps.at_boundary),
            "gradient": steps.gradient,
            "starts": steps.starts,
            "agreed": steps.agreed,
            "lesser_optima": list(steps.lesser),
        },
    }
