"""How far single effects, or whole clusters, move a multilevel model: Cook's distance, DFBETAS, Baujat coordinates.

Everything is read off one `leave_one_out`, whose variances were either estimated anew or held, as metafor's
`reestimate` chooses (Viechtbauer & Cheung 2010, Res. Synth. Methods 1, 112-125).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.frequentist.mixed_deletion import LeaveOneOut, leave_one_out
from analysis.frequentist.mixed_residuals import Residuals, hat_values, rstudent
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.mixed_sets import connected, entries_of, gather, places
from analysis.results import Array

# Directions of the design that a cluster spans less than this share of are not its own.
SPANNED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Baujat:
    """Coordinates of every set: `x` (J,) its contribution to heterogeneity, `y` (J,) its influence on the mean."""

    labels: tuple[str, ...]
    x: Array
    y: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """All diagnostics of J sets of effects.

    Attributes
    ----------
    left : LeaveOneOut
        The fits without each set.
    residuals : Residuals
        Deleted residuals, by effect and by set.
    hat : (J,)
        Hat values, summed over a set.
    cooks_distance : (J,)
    dfbetas : (J, p)
    cov_ratio : (J,)
        Generalised variance of the coefficients without the set, over that with it; below one the set costs precision.
    qe_contribution : (J,)
        Fall of QE without the set.
    baujat : Baujat
    """

    left: LeaveOneOut
    residuals: Residuals
    hat: Array
    cooks_distance: Array
    dfbetas: Array
    cov_ratio: Array
    qe_contribution: Array
    baujat: Baujat


def influence(fit: MultilevelFit, cluster: ArrayLike | None = None, *, reestimate: bool = True) -> Influence:
    """All diagnostics of every effect, or of every `cluster` (k,); parameters and errors as `leave_one_out`."""
    left = leave_one_out(fit, cluster, reestimate=reestimate)
    return Influence(
        left=left,
        residuals=rstudent(left),
        hat=np.bincount(left.clusters.codes, hat_values(fit)),
        cooks_distance=cooks_distance(fit, left),
        dfbetas=dfbetas(fit, left),
        cov_ratio=_cov_ratio(fit, left.vb),
        qe_contribution=fit.qe - left.qe,
        baujat=baujat(fit, left),
    )


def cooks_distance(fit: MultilevelFit, left: LeaveOneOut, columns: tuple[int, ...] | None = None) -> Array:
    """`d' vb^-1 d`, (J,), d the change of the coefficients without the set and vb their covariance with it.

    As metafor's `cooks.distance` for `rma.mv`: not divided by the number of coefficients; `columns` chooses some.
    """
    chosen = list(range(fit.p)) if columns is None else list(columns)
    root = np.linalg.cholesky(fit.vb[np.ix_(chosen, chosen)])
    moved = np.linalg.solve(root, (fit.beta - left.beta)[:, chosen, None])[..., 0]
    distance: Array = (moved**2).sum(1)
    return distance


def dfbetas(fit: MultilevelFit, left: LeaveOneOut) -> Array:
    """Change of every coefficient, (J, p), in its standard errors.

    The standard errors are those of all effects at the variances found without the set, as metafor's `dfbetas`.
    """
    moved: Array = (fit.beta - left.beta) / np.sqrt(np.diagonal(left.vb_all, axis1=1, axis2=2))
    return moved


def baujat(fit: MultilevelFit, left: LeaveOneOut) -> Baujat:
    """Baujat coordinates (Baujat et al. 2002, Stat. Med. 21, 2641-2652), for sets of effects.

    `x` is `e_D' (M_DD)^-1 e_D`, the squared Pearson residual, whose sum over clusters that do not covary is the
    generalised Q at the estimated variances. `y` is the squared change of the set's predicted means `X_D beta`, in
    their covariance without the set, over the directions that X_D spans. With one effect per set both are metafor's
    `baujat` for `rma.uni`; Baujat et al. have `tau2 = 0`.
    """
    clusters, data, entries, p = left.clusters, connected(fit, left.clusters), entries_of(fit), fit.p
    whole = [stack.V + np.tensordot(entries, stack.K, 1) for stack in data.stacks]
    R, unit = fit.model.R, fit.model.unit
    # In the basis of the design, whose columns are of one length, a rank means something.
    moved, spread = (left.beta - fit.beta) @ R.T / unit, R @ left.vb @ R.T / unit**2
    x, y = np.empty(clusters.number), np.empty(clusters.number)
    for rows in clusters.rows:
        codes = clusters.codes[rows[:, 0]]
        for place in places(data, rows):
            here, stack = codes[place.members], data.stacks[place.stack]
            e = fit.residuals[rows[place.members]][..., None] / unit
            x[here] = (e * np.linalg.solve(gather(place, whole), e)).sum((1, 2))
            basis = stack.U[place.cluster[:, None], place.position, :p]
            y[here] = _in_span(basis, moved[here], spread[here])
    return Baujat(labels=left.labels, x=x, y=y)


def _in_span(basis: Array, moved: Array, spread: Array) -> Array:
    """`d' N (N' S N)^-1 N' d`, (J,), N an orthonormal basis of the directions that the rows of `basis` span."""
    _, singular, directions = np.linalg.svd(basis, full_matrices=False)
    spans = singular > SPANNED * singular[:, :1]
    N = directions * spans[..., None]
    inside = N @ spread @ np.swapaxes(N, 1, 2) + np.eye(N.shape[1]) * ~spans[:, None, :]
    d = (N @ moved[..., None])[..., 0]
    found = np.full(len(d), np.nan)
    good = np.isfinite(d).all(1) & np.isfinite(inside).all((1, 2))
    found[good] = (d[good] * np.linalg.solve(inside[good], d[good][..., None])[..., 0]).sum(1)
    return found


def _cov_ratio(fit: MultilevelFit, vb: Array) -> Array:
    """Determinants of covariances (J, p, p), in coordinates in which that of the fit is the identity."""
    root = np.linalg.cholesky(fit.vb)
    half = np.linalg.solve(root, vb)
    # Sets without which nothing can be fitted are nan here, which det would warn of.
    with np.errstate(invalid="ignore"):
        ratio: Array = np.linalg.det(np.linalg.solve(root, np.swapaxes(half, 1, 2)))
    return ratio
