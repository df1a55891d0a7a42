"""A fitted model without each effect, and without each study: every diagnostic by set, whatever the model."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import chdtr

from analysis.covariance import BlockCovariance, diagonal_covariance
from analysis.errors import ToolkitError
from analysis.fragility.influence import baujat
from analysis.fragility.influence import influence as influence_independent
from analysis.fragility.leave_clusters import influence_of_clusters
from analysis.fragility.leave_out import leave1out
from analysis.frequentist import robust_fit
from analysis.frequentist.mixed_deletion import LeaveOneOut
from analysis.frequentist.mixed_influence import Influence, influence
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.mixed_without import covariances_without, i2_without
from analysis.models.dependent import DependentModel
from analysis.models.estimated import EstimatedModel, column_of
from analysis.results import Array, BoolArray, Fit
from analysis.vocabulary import MAX_COOK_PROBABILITY, MAX_DFBETAS, MAX_HAT

# Above so many effects the variances of a model with several levels are held when single effects are left out: a
# climb each would take minutes, and one effect of so many hardly moves them.
MAX_REESTIMATED = 200
# What arithmetic raises on effects that a fit survived but not a deletion: variances many powers of ten apart.
BROKEN = (np.linalg.LinAlgError, ZeroDivisionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A model of k effects without each of J sets of them; not a number where it cannot be fitted without one.

    Attributes
    ----------
    keep : (J, k)
        False for the effects that are left out.
    beta, ci_lb, ci_ub, pval, dfbs : (J, p)
        Coefficients without the set and how far they moved.
    tau2, i2 : (J,)
        Total variance between true effects, and its share in per cent.
    columns : diagnostics by the names of the tables, (J,) each.
    notes : tuple of str
    """

    keep: BoolArray
    beta: Array
    ci_lb: Array
    ci_ub: Array
    pval: Array
    dfbs: Array
    tau2: Array
    i2: Array
    columns: dict[str, Any]
    notes: tuple[str, ...]


def without_effects(model: EstimatedModel) -> Deletion:
    """The model without each effect.

    Raises
    ------
    ModelError
        A model that has nothing to spare.
    """
    return _one_of_several_levels(model) if isinstance(model, DependentModel) else _one_independent(model)


def without_studies(model: EstimatedModel) -> Deletion:
    """The model without each study, all its effects at once; errors as `without_effects`."""
    if isinstance(model, DependentModel):
        return _study_of_several_levels(model)
    studies = column_of(model.effects, "study_id", model.row.name, "study")
    found = influence_of_clusters(*_numbers(model), studies, _design(model), **options(model), level=model.row.level)
    columns = {
        "rstudent": _largest(found.rstudent, found.keep), "X2": found.X2, "X2_pval": found.X2_pval,
        "cook_d": found.cook_d, "baujat_x": found.baujat_x, "baujat_y": found.baujat_y,
    }  # fmt: skip
    return _independent(model, found.fits, found.keep, found.dfbs, columns, found.notes)


def options(model: EstimatedModel) -> dict[str, Any]:
    """Estimator, test and weights, as the kernels of independent effects take them."""
    weights = model.numbers(model.row.weights) if model.row.weights else None
    return {"method": model.row.method, "test": model.row.test, "weights": weights}


def _numbers(model: EstimatedModel) -> tuple[Array, Array]:
    return model.numbers("yi"), model.numbers("vi")


def _design(model: EstimatedModel) -> Any:
    return model.design.design if model.design else None


def _one_independent(model: EstimatedModel) -> Deletion:
    data, chosen = (*_numbers(model), _design(model)), options(model)
    found = influence_independent(*data, **chosen)
    plot = baujat(*data, **chosen)
    left = leave1out(*data, **chosen, level=model.row.level)
    columns = {
        name: getattr(found, name)
        for name in ("rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "qe_del", "hat", "weight", "is_infl")
    }
    columns |= {"baujat_x": plot.x, "baujat_y": plot.y}
    keep = ~np.eye(len(model.effects), dtype=bool)
    return _independent(model, left.fits, keep, found.dfbs, columns, found.notes)


def _independent(
    model: EstimatedModel, fits: Fit, keep: BoolArray, dfbs: Array, columns: dict[str, Any], notes: tuple[str, ...]
) -> Deletion:
    found = Deletion(
        keep=keep,
        beta=fits.beta,
        ci_lb=fits.ci_lb,
        ci_ub=fits.ci_ub,
        pval=fits.pval,
        dfbs=dfbs,
        tau2=fits.tau2,
        i2=fits.i2,
        columns=columns,
        notes=notes,
    )
    vi = model.numbers("vi")
    return make_intervals_robust(
        model, found, (diagonal_covariance(vi[own] + tau2) for own, tau2 in zip(keep, fits.tau2, strict=True))
    )


def make_intervals_robust(model: EstimatedModel, found: Deletion, covariances: Iterable[BlockCovariance]) -> Deletion:
    """Put the cluster-robust variance of what is left in the place of the model's own, where the model has one.

    `covariances` are those of the effects that are left, one per set; without a robust variance none is computed.
    """
    if model.robust is None:
        return found
    cluster = column_of(model.effects, model.row.cluster, model.row.name, "cluster")
    yi, X = model.numbers("yi"), model.matrix
    limits: dict[str, Any] = {name: np.full(found.beta.shape, np.nan) for name in ("ci_lb", "ci_ub", "pval")}
    failed: list[str] = []
    for one, (own, beta, covariance) in enumerate(zip(found.keep, found.beta, covariances, strict=True)):
        if not np.isfinite(beta).all():
            continue
        try:
            fit = robust_fit(
                beta, model.fit.names, X[own], yi[own] - X[own] @ beta, covariance, cluster[own],
                kind=model.robust.kind, level=model.row.level,
            )  # fmt: skip
        except ToolkitError as error:
            failed.append(str(error))
            continue
        except BROKEN:
            failed.append("what is left is too close to singular to compute with.")
            continue
        for name, values in limits.items():
            values[one] = getattr(fit, name)
    said = tuple(f"Some fits have no robust interval: {sentence}" for sentence in list(dict.fromkeys(failed))[:3])
    return replace(found, **limits, notes=(*found.notes, *said))


def _one_of_several_levels(model: DependentModel) -> Deletion:
    fit, anew = model.fit, len(model.effects) <= MAX_REESTIMATED
    found = influence(fit, _names(model), reestimate=anew)
    total = total_variance(fit, found.left)
    columns = {
        **_shared(found), "rstudent": found.residuals.z, "dffits": np.full(fit.k, np.nan), "cov_r": found.cov_ratio,
        "tau2_del": total, "qe_del": found.left.qe, "hat": found.hat, "weight": model.weights,
        "is_infl": _flags(found, fit),
    }  # fmt: skip
    said = () if anew else (
        f"{fit.k} effects are more than {MAX_REESTIMATED}: leaving out single effects, the variances are held at those "
        "of all effects.",
    )  # fmt: skip
    return _of_several_levels(model, found, total, i2_without(fit, total), columns, said)


def _study_of_several_levels(model: DependentModel) -> Deletion:
    fit = model.fit
    found = influence(fit, column_of(model.effects, "study_id", model.row.name, "study"))
    columns = {
        **_shared(found), "rstudent": _largest(found.residuals.z, _kept(found.left)), "X2": found.residuals.X2,
        "X2_pval": found.residuals.X2_pval,
    }  # fmt: skip
    total = total_variance(fit, found.left)
    return _of_several_levels(model, found, total, np.full(len(total), np.nan), columns, ())


def _of_several_levels(
    model: DependentModel, found: Influence, total: Array, i2: Array, columns: dict[str, Any], said: tuple[str, ...]
) -> Deletion:
    left = found.left
    result = Deletion(
        keep=_kept(left),
        beta=left.beta,
        ci_lb=left.ci_lb,
        ci_ub=left.ci_ub,
        pval=left.pval,
        dfbs=found.dfbetas,
        tau2=total,
        i2=i2,
        columns=columns,
        notes=(*left.notes, *said),
    )
    return make_intervals_robust(model, result, covariances_without(model.fit, left))


def _shared(found: Influence) -> dict[str, Any]:
    return {"cook_d": found.cooks_distance, "baujat_x": found.baujat.x, "baujat_y": found.baujat.y}


def _kept(left: LeaveOneOut) -> BoolArray:
    return np.asarray(left.clusters.codes != np.arange(left.clusters.number)[:, None])


def _names(model: EstimatedModel) -> Any:
    """What single effects are called in notes: labels where each has its own, else identifiers, else their places."""
    for column in ("slab", "effect_id"):
        names = [str(cell) for cell in model.column(column)]
        if len(set(names)) == len(names):
            return np.array(names)
    return None


def _largest(values: Array, keep: BoolArray) -> Array:
    """The largest in absolute value of each set left out, (J,), with its sign."""
    found = np.full(len(keep), np.nan)
    for one, own in enumerate(~keep):
        inside = values[own]
        if np.isfinite(inside).any():
            found[one] = inside[np.nanargmax(np.abs(inside))]
    return found


def total_variance(fit: MultilevelFit, left: LeaveOneOut) -> Array:
    """Sum of the variances of all levels without each set, (J,); not a number where dimensions differ in theirs."""
    if fit.structure in ("UN", "HCS", "DIAG"):
        return np.full(len(left.beta), np.nan)
    total: Array = left.sigma2.sum(-1)
    return total if left.G is None else total + left.G[:, 0, 0]


def _flags(found: Influence, fit: MultilevelFit) -> BoolArray:
    """The rules of `fragility.influence`, but that of DFFITS, which models with several levels have not."""
    far = np.where(np.isfinite(found.cooks_distance), found.cooks_distance, 0.0)
    return np.asarray(
        (chdtr(float(fit.p), far) > MAX_COOK_PROBABILITY)
        | (found.hat > MAX_HAT * fit.p / fit.k)
        | (np.abs(found.dfbetas) > MAX_DFBETAS).any(-1)
    )
