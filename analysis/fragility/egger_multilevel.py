"""Egger's regression for dependent effects: a multilevel model, tested robustly by cluster.

Rodgers & Pustejovsky (2021), Psychol. Methods 26(2), 141-160 (multilevel meta-regression and sandwich tests of a
funnel's asymmetry).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.covariance import BlockCovariance, group_effects
from analysis.errors import ModelError
from analysis.fragility.small_study import funnel_cautions
from analysis.frequentist import fit_multilevel, robust_fit
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.robust import RobustFit
from analysis.results import Array, Design, Term

# Residuals below this share of the largest effect are rounding error.
EXACT = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class MultilevelEgger:
    """Regression test of a funnel's asymmetry where effects depend on each other.

    Attributes
    ----------
    predictor : str
    b, se, stat, ddf, pval : float
        Slope of the predictor, robust standard error, t test with Satterthwaite degrees of freedom.
    est, est_se, ci_lb, ci_ub : float
        Effect expected of an infinitely precise study, where the predictor vanishes for one.
    fit : MultilevelFit
    robust : RobustFit
    notes : tuple of str
    """

    predictor: str
    b: float
    se: float
    stat: float
    ddf: float
    pval: float
    est: float
    est_se: float
    ci_lb: float
    ci_ub: float
    fit: MultilevelFit
    robust: RobustFit
    notes: tuple[str, ...]


def egger_multilevel(
    yi: ArrayLike,
    V: BlockCovariance | ArrayLike,
    cluster: ArrayLike,
    *,
    predictor: ArrayLike | None = None,
    name: str = "sei",
    levels: Mapping[str, ArrayLike] | None = None,
    kind: str = "CR2",
    method: str = "REML",
    level: float = 95.0,
) -> MultilevelEgger:
    """Regress dependent effects on their standard errors in a multilevel model, with a robust test.

    Parameters
    ----------
    yi : (k,)
        Effects in units of the measure.
    V : BlockCovariance or (k,)
        Sampling covariance, or variances of independent estimates.
    cluster : (k,)
        Study of every effect.
    predictor : (k,), optional
        What stands for precision, called `name`; the standard errors by default. The square root of the inverse
        effective sample size avoids the correlation of a standardised mean difference with its own standard error.
    levels : mapping, optional
        As in `fit_multilevel`; by default studies, and effects within them where any study has several.
    kind : str
        Of robust variance, `vocabulary.ROBUST_KINDS`.
    method : `REML` or `ML`
    level : float
        Per cent.

    Raises
    ------
    ModelError
        A predictor that does not vary, one cluster, or what `fit_multilevel` and `robust_fit` refuse.
    """
    y = np.asarray(yi, dtype=float)
    vi = V.diagonal() if isinstance(V, BlockCovariance) else np.asarray(V, dtype=float)
    if y.ndim != 1 or not len(y) or vi.shape != y.shape or np.shape(cluster) != y.shape:
        raise ModelError(
            f"yi has shape {y.shape}, V belongs to {vi.shape}, cluster has {np.shape(cluster)}. Give one per effect."
        )
    design = _design(np.sqrt(vi) if predictor is None else np.asarray(predictor, dtype=float), name)
    if np.ptp(design.X[:, 1]) <= 1e-9 * np.abs(design.X[:, 1]).max():
        raise ModelError(f"predictor {name} is the same for every effect: asymmetry cannot be tested.")
    fit = fit_multilevel(y, V, design, levels=levels or _levels(cluster, len(y)), method=method, level=level)
    if np.abs(fit.residuals).max() <= EXACT * np.abs(y).max():
        raise ModelError(
            f"the effects lie on a line over {name} without any scatter: there is nothing to test it with."
        )
    robust = robust_fit(fit.beta, fit.names, fit.X, fit.residuals, fit.M, cluster, kind, level, design.terms)
    cautions = funnel_cautions(y, vi, group_effects(cluster).number)
    return MultilevelEgger(
        predictor=name,
        b=float(robust.beta[1]),
        se=float(robust.se[1]),
        stat=float(robust.stat[1]),
        ddf=float(robust.ddf[1]),
        pval=float(robust.pval[1]),
        est=float(robust.beta[0]),
        est_se=float(robust.se[0]),
        ci_lb=float(robust.ci_lb[0]),
        ci_ub=float(robust.ci_ub[0]),
        fit=fit,
        robust=robust,
        notes=tuple(dict.fromkeys((*cautions, *fit.notes, *robust.notes))),
    )


def _design(values: Array, name: str) -> Design:
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ModelError(f"predictor {name} must be one finite number per effect. Correct or exclude the others.")
    return Design(
        X=np.column_stack([np.ones(len(values)), values]),
        names=("intrcpt", name),
        terms=(Term(name=name, columns=(1,)),),
        has_intercept=True,
    )


def _levels(cluster: ArrayLike, k: int) -> dict[str, ArrayLike]:
    """Studies, and effects within them; where no study has two effects they are the same level."""
    levels: dict[str, ArrayLike] = {"study_id": cluster}
    if group_effects(cluster).number < k:
        levels["effect_id"] = np.arange(k)
    return levels
