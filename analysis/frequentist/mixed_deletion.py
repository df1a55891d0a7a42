"""A multilevel model without one effect, or one cluster of effects, at a time.

With the variances held, leaving out a set D is adding an indicator for each of its effects: with W the inverse of the
marginal covariance, `P = W - W X B X'W`, `B = (X'WX)^-1` and `g = (P_DD)^-1 (P y)_D`, the coefficients become
`beta - B X'W_D g` and their covariance `B + B X'W_D (P_DD)^-1 W_D'X B` (Cook & Weisberg 1982, Residuals and Influence
in Regression, chapter 3; for mixed models Haslett 1999, J. R. Stat. Soc. B 61, 603-609). All sets are one batch. With
the variances estimated anew, each set is one climb from the optimum of all effects, and more from a first fit's starts
where that may have missed the top.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from analysis.covariance import BlockCovariance, Clusters
from analysis.frequentist.laws import critical, two_sided
from analysis.frequentist.mixed_assembly import freedom
from analysis.frequentist.mixed_likelihood import MixedData, Point, evaluate
from analysis.frequentist.mixed_refits import refit
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.mixed_sets import Place, connected, entries_of, gather, places, reduced, set_sizes, sets_of
from analysis.results import Array, BoolArray, IntArray

# A set whose effects the design fits to within this share of their variance holds a coefficient alone.
ALONE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveOneOut:
    """What the model says without each of J sets of effects; not a number where it cannot be fitted without one.

    Attributes
    ----------
    labels : tuple of J strings
        Identifier of every set (1 to k for single effects), in the order of `clusters.codes`.
    clusters : Clusters
        Which effects are left out together.
    reestimate : bool
        Whether the variances were estimated anew without the set.
    k_out : (J,)
        Effects left out.
    beta, se, stat, ddf, pval, ci_lb, ci_ub : (J, p)
        Coefficients without the set, in units of the measure, tested as the fit tested them.
    vb : (J, p, p)
        Their covariance.
    vb_all : (J, p, p)
        Covariance of the coefficients of all effects, at the variances found without the set.
    sigma2 : (J, levels)
    G : (J, q, q) or None
        Between-study covariance of a structure.
    qe, qe_df, qe_pval : (J,)
    resid : (k,)
        Deleted residuals: effects less their means predicted without their set.
    resid_cov : BlockCovariance
        `M_DD + X_D vb X_D'`, the covariance of the deleted residuals of each set. As metafor's, it takes the set to
        be independent of what is left, which holds for whole clusters only.
    converged : (J,)
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    clusters: Clusters
    reestimate: bool
    level: float
    k_out: IntArray
    beta: Array
    se: Array
    stat: Array
    ddf: Array
    pval: Array
    ci_lb: Array
    ci_ub: Array
    vb: Array
    vb_all: Array
    sigma2: Array
    G: Array | None
    qe: Array
    qe_df: IntArray
    qe_pval: Array
    resid: Array
    resid_cov: BlockCovariance
    converged: BoolArray
    notes: tuple[str, ...]


class Deleted(NamedTuple):
    """Coefficients (J, p) and their covariance (J, p, p) in the basis of the design, and the fall of y'Py, (J,)."""

    b: Array
    inverse: Array
    fall: Array


def leave_one_out(fit: MultilevelFit, cluster: ArrayLike | None = None, *, reestimate: bool = True) -> LeaveOneOut:
    """Fit again without each effect, or without each cluster of effects.

    Parameters
    ----------
    fit : MultilevelFit
    cluster : (k,), optional
        Effects to leave out together; every effect by itself without.
    reestimate : bool
        Estimate the variances anew (a climb per set) or keep those of all effects (closed form, all sets at once).

    Returns
    -------
    LeaveOneOut
        A set without which the model cannot be fitted (a coefficient rests on it, too few effects are left, or the
        variances can no longer be told apart) has nan, and a note names it.

    Raises
    ------
    ModelError
        `cluster` that does not fit the effects, or holds all of them in one.
    """
    clusters, labels = sets_of(fit, cluster)
    data = connected(fit, clusters)
    entries = entries_of(fit)
    closed = delete_closed(data, entries, clusters)
    plain = delete_closed(data, np.zeros(data.m), clusters)
    sizes = set_sizes(clusters)
    if reestimate:
        found = refit(fit, data, clusters, np.isfinite(closed.b).all(1))
        b, inverse, every, converged = found.b, found.inverse, found.entries, found.converged
    else:
        b, inverse, every = closed.b, closed.inverse, np.broadcast_to(entries, (len(sizes), data.m))
        converged = np.isfinite(closed.b).all(1)
    return _assemble(fit, data, clusters, labels, Deleted(b, inverse, plain.fall), every, converged, reestimate)


def delete_closed(data: MixedData, entries: Array, clusters: Clusters) -> Deleted:
    """All deletions at once, variances held at `entries`."""
    point, p = evaluate(data, entries), data.p
    assert point is not None
    J = clusters.number
    b, inverse, fall = np.full((J, p), np.nan), np.full((J, p, p), np.nan), np.full(J, np.nan)
    for rows in clusters.rows:
        codes = clusters.codes[rows[:, 0]]
        if data.k - rows.shape[1] <= p:
            continue
        for place in places(data, rows):
            here = codes[place.members]
            b[here], inverse[here], fall[here] = _delete(point, place, p)
    return Deleted(b, inverse, fall)


def _delete(point: Point, place: Place, p: int) -> Deleted:
    T = point.T[place.stack][place.cluster[:, None], place.position]
    root = np.linalg.cholesky(gather(place, point.W))
    white = np.linalg.solve(root, T)
    # In these coordinates P_DD is I less a projection-like matrix, with an eigenvalue of one where D holds a
    # coefficient alone.
    share = white[..., :p] @ point.inverse @ np.swapaxes(white[..., :p], 1, 2)
    values, vectors = np.linalg.eigh(share)
    alone = values[:, -1] > 1.0 - ALONE
    left = np.where(alone[:, None], np.nan, 1.0 / np.where(alone[:, None], 1.0, 1.0 - values))
    turned = np.swapaxes(vectors, 1, 2) @ white
    moved = np.swapaxes(turned[..., :p], 1, 2) @ (left[..., None] * turned)
    pulled = point.inverse @ moved
    return Deleted(
        point.b - pulled[..., p],
        point.inverse + pulled[..., :p] @ point.inverse,
        (left * turned[..., p] ** 2).sum(1),
    )


def _assemble(
    fit: MultilevelFit,
    data: MixedData,
    clusters: Clusters,
    labels: tuple[str, ...],
    deleted: Deleted,
    entries: Array,
    converged: BoolArray,
    reestimate: bool,
) -> LeaveOneOut:
    back, unit, sizes = np.linalg.inv(fit.model.R), fit.model.unit, set_sizes(clusters)
    beta, vb = deleted.b @ back.T * unit, back @ deleted.inverse @ back.T * unit**2
    qe, qe_df = fit.qe - deleted.fall, fit.k - sizes - fit.p
    good = np.isfinite(beta).all(1)
    missing = [labels[index] for index in np.flatnonzero(~good)]
    notes = [f"Without {one} the model cannot be fitted, so what it would say is not given." for one in missing[:10]]
    notes += [
        f"Without {labels[index]} the likelihood did not settle on an optimum; the highest point found is given."
        for index in np.flatnonzero(good & ~converged)[:10]
    ]
    resid, cov = _residuals(fit, data, clusters, beta, vb, entries * unit**2)
    return LeaveOneOut(
        labels=labels,
        names=fit.names,
        clusters=clusters,
        reestimate=reestimate,
        level=fit.level,
        k_out=sizes,
        beta=beta,
        vb=vb,
        vb_all=_of_all(fit, data, entries, reestimate),
        **_tests(fit, clusters, beta, vb),
        sigma2=entries[:, : len(fit.sigma2)] * unit**2,
        G=None if fit.G is None else np.array([fit.model.parameters.between(row) for row in entries * unit**2]),
        qe=qe,
        qe_df=qe_df,
        qe_pval=chdtrc(np.maximum(qe_df, 1).astype(float), qe),
        resid=resid,
        resid_cov=cov,
        converged=converged,
        notes=tuple(notes),
    )


def _of_all(fit: MultilevelFit, data: MixedData, entries: Array, reestimate: bool) -> Array:
    """Covariance of the coefficients of all effects at the entries of every set, (J, p, p)."""
    J, p = len(entries), data.p
    if not reestimate:
        return np.broadcast_to(fit.vb, (J, p, p))
    back, found = np.linalg.inv(fit.model.R), np.full((J, p, p), np.nan)
    for index in np.flatnonzero(np.isfinite(entries).all(1)):
        point = evaluate(data, entries[index])
        if point is not None:
            found[index] = point.inverse
    every: Array = back @ found @ back.T * fit.model.unit**2
    return every


def _tests(fit: MultilevelFit, clusters: Clusters, beta: Array, vb: Array) -> dict[str, Array]:
    se = np.sqrt(np.diagonal(vb, axis1=1, axis2=2))
    ddf = _freedom(fit, clusters)
    with np.errstate(invalid="ignore"):
        stat, reach = beta / se, critical(fit.level, ddf) * se
        pval = two_sided(stat, ddf)
    return {
        "se": se,
        "stat": stat,
        "ddf": ddf,
        "pval": pval,
        "ci_lb": beta - reach,
        "ci_ub": beta + reach,
    }


def _freedom(fit: MultilevelFit, clusters: Clusters) -> Array:
    """Degrees of freedom of every coefficient without each set, (J, p)."""
    if fit.test == "z" or fit.dfs == "residual":
        spare = np.inf if fit.test == "z" else np.maximum(fit.k - set_sizes(clusters) - fit.p, 1)
        return np.array(np.broadcast_to(np.reshape(spare, (-1, 1)), (clusters.number, fit.p)), dtype=float)
    kept = [clusters.codes != one for one in range(clusters.number)]
    return np.array([freedom(reduced(fit.model, keep), fit.X[keep], fit.test, fit.dfs) for keep in kept])


def _residuals(
    fit: MultilevelFit, data: MixedData, clusters: Clusters, beta: Array, vb: Array, entries: Array
) -> tuple[Array, BlockCovariance]:
    """Deleted residuals (k,) and their covariance by set; `entries` (J, m) in units of the measure squared."""
    full = fit.residuals + fit.X @ fit.beta
    resid = full - (fit.X * beta[clusters.codes]).sum(1)
    blocks: list[Array] = []
    for rows in clusters.rows:
        codes, X = clusters.codes[rows[:, 0]], fit.X[rows]
        block = X @ vb[codes] @ np.swapaxes(X, 1, 2)
        for place in places(data, rows):
            held = entries[codes[place.members]]
            K = np.array([gather(place, [stack.K[one] for stack in data.stacks]) for one in range(data.m)])
            V = gather(place, [stack.V for stack in data.stacks]) * fit.model.unit**2
            block[place.members] += V + np.einsum("jm,mjab->jab", held, K)
        blocks.append(block)
    return resid, BlockCovariance(clusters=clusters, blocks=tuple(blocks))
