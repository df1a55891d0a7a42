"""Hat values and residuals of a multilevel model: raw, standardised within the fit, and deleted.

As metafor's `hatvalues`, `rstandard` and `rstudent` for `rma.mv`, by effect and, as a chi-squared statistic `X2` of all
residuals of a cluster together, by cluster (Viechtbauer & Cheung 2010, Res. Synth. Methods 1, 112-125).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from analysis.covariance import BlockCovariance, Clusters
from analysis.frequentist.mixed_deletion import LeaveOneOut
from analysis.frequentist.mixed_likelihood import evaluate
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.mixed_sets import connected, entries_of, gather, places, set_sizes, sets_of
from analysis.results import Array, IntArray

# Residuals of a cluster whose covariance has a smaller share of its largest eigenvalue than this say nothing.
SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """Residuals by effect and by cluster.

    Attributes
    ----------
    kind : str
        `standardised` (of the model that holds the effect) or `studentised` (of the model without its set).
    resid, se, z : (k,)
        In units of the measure; `z` is their quotient.
    labels : tuple of J strings
        Clusters, in order of first appearance.
    X2, X2_pval : (J,)
        Chi-squared statistic of a cluster's residuals on `k_cluster` degrees of freedom, and its p value; not a number
        where their covariance is singular.
    k_cluster : (J,)
        Effects of every cluster.
    """

    kind: str
    resid: Array
    se: Array
    z: Array
    labels: tuple[str, ...]
    X2: Array
    X2_pval: Array
    k_cluster: IntArray


def hat_values(fit: MultilevelFit) -> Array:
    """Diagonal of `X (X'WX)^-1 X'W`, (k,): how far an effect pulls its own predicted mean."""
    point = evaluate(fit.model.data, entries_of(fit))
    assert point is not None
    p, hat = fit.p, np.empty(fit.k)
    for stack, T in zip(fit.model.data.stacks, point.T, strict=True):
        real = stack.rows >= 0
        hat[stack.rows[real]] = ((stack.U[..., :p] @ point.inverse) * T[..., :p]).sum(-1)[real]
    return hat


def rstandard(fit: MultilevelFit, cluster: ArrayLike | None = None) -> Residuals:
    """Internally standardised residuals, of covariance `M - X (X'WX)^-1 X'`.

    Parameters
    ----------
    fit : MultilevelFit
    cluster : (k,), optional
        Whose residuals are tested together; every effect by itself without.

    Raises
    ------
    ModelError
        `cluster` that does not fit the effects, or holds all of them in one.
    """
    clusters, labels = sets_of(fit, cluster)
    data, entries = connected(fit, clusters), entries_of(fit)
    whole = [stack.V + np.tensordot(entries, stack.K, 1) for stack in data.stacks]
    blocks = []
    for rows in clusters.rows:
        X = fit.X[rows]
        block = -(X @ fit.vb @ np.swapaxes(X, 1, 2))
        for place in places(data, rows):
            block[place.members] += gather(place, whole) * fit.model.unit**2
        blocks.append(block)
    return _table("standardised", labels, fit.residuals, BlockCovariance(clusters=clusters, blocks=tuple(blocks)))


def rstudent(left: LeaveOneOut) -> Residuals:
    """Externally studentised (deleted) residuals of what `leave_one_out` left out."""
    return _table("studentised", left.labels, left.resid, left.resid_cov)


def _table(kind: str, labels: tuple[str, ...], resid: Array, covariance: BlockCovariance) -> Residuals:
    clusters = covariance.clusters
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.sqrt(np.maximum(covariance.diagonal(), 0.0))
        z = np.where(se > 0.0, resid / se, np.nan)
    X2, sizes = _chi_squared(clusters, resid, covariance), set_sizes(clusters)
    return Residuals(
        kind=kind,
        resid=resid,
        se=se,
        z=z,
        labels=labels,
        X2=X2,
        X2_pval=chdtrc(sizes.astype(float), X2),
        k_cluster=sizes,
    )


def _chi_squared(clusters: Clusters, resid: Array, covariance: BlockCovariance) -> Array:
    found = np.full(clusters.number, np.nan)
    for rows, block in zip(clusters.rows, covariance.blocks, strict=True):
        good = np.flatnonzero(np.isfinite(block).all((1, 2)))
        values, vectors = np.linalg.eigh(block[good])
        good, vectors, values = _regular(good, values, vectors)
        turned = (np.swapaxes(vectors, 1, 2) @ resid[rows[good]][..., None])[..., 0]
        found[clusters.codes[rows[good, 0]]] = (turned**2 / values).sum(1)
    return found


def _regular(index: IntArray, values: Array, vectors: Array) -> tuple[IntArray, Array, Array]:
    """Those whose covariance can be inverted."""
    fine = values[:, 0] > SINGULAR * np.maximum(values[:, -1], 0.0)
    return index[fine], vectors[fine], values[fine]
