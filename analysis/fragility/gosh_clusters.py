"""Clusters in a GOSH cloud and the studies that make them.

k-means (Lloyd 1982, IEEE Trans. Inf. Theory 28, 129-137) of estimate and I2, each in standard deviations, from starts
on the first principal axis, so that the same cloud always gives the same clusters; their number by the mean silhouette
width (Rousseeuw 1987, J. Comput. Appl. Math. 20, 53-65).
"""

from dataclasses import dataclass

import numpy as np

from analysis.errors import ModelError
from analysis.fragility.gosh import Gosh
from analysis.results import Array, BoolArray, IntArray
from analysis.vocabulary import MAX_GOSH_CLUSTERS, MIN_SHARE_DRIVER, MIN_SILHOUETTE

MAX_ROUNDS = 300
# Points of the cloud whose silhouettes stand for all.
SILHOUETTE_POINTS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class GoshClusters:
    """A GOSH cloud of n subsets of k studies in c clusters, the lowest mean estimate first.

    Attributes
    ----------
    label : (n,)
        Cluster of each subset; -1 where it was not clustered.
    size : (c,)
    estimate, i2 : (c,)
        Means within each cluster.
    share_inside, share_outside : (c, k)
        Share of the subsets in, and of those not in, a cluster to which a study belongs.
    drives : (c, k)
        Whether the two differ by `MIN_SHARE_DRIVER` or more: the cluster is there with the study, or without it.
    silhouette : float
        Mean width; not a number for a single cluster.
    notes : tuple of str
    """

    label: IntArray
    size: IntArray
    estimate: Array
    i2: Array
    share_inside: Array
    share_outside: Array
    drives: BoolArray
    silhouette: float
    notes: tuple[str, ...]


def gosh_clusters(cloud: Gosh, *, clusters: int | None = None, coefficient: int = 0, smallest: int = 2) -> GoshClusters:
    """Cluster subsets by estimate and I2, and find the studies that set the clusters apart.

    Parameters
    ----------
    cloud : Gosh
    clusters : int, optional
        How many; by default the number from 2 to `MAX_GOSH_CLUSTERS` whose mean silhouette width is largest, or one
        where that is below `MIN_SILHOUETTE`.
    coefficient : int
        Which coefficient.
    smallest : int
        Studies of the smallest subset that takes part; a single study has no heterogeneity.

    Raises
    ------
    ModelError
        Fewer different subsets than clusters.
    """
    values = cloud.estimate[:, coefficient]
    used = (cloud.k >= smallest) & np.isfinite(values) & np.isfinite(cloud.i2)
    points = _standardised(np.column_stack([values[used], cloud.i2[used]]))
    if clusters is not None and not 1 <= clusters <= _different(points):
        raise ModelError(f"{clusters} clusters cannot be made of these {len(points)} subsets. Ask for fewer.")
    code, width = _choose(points) if clusters is None else _fixed(points, clusters)
    number = int(code.max(initial=0)) + 1
    order = np.argsort([values[used][code == one].mean() if len(points) else 0.0 for one in range(number)])
    code = np.argsort(order)[code]
    label = np.full(len(values), -1)
    label[used] = code
    inside, outside = _shares(cloud.incl[used], code, number)
    within = [code == one for one in range(number)]
    return GoshClusters(
        label=label,
        size=np.bincount(code, minlength=number),
        estimate=np.array([values[used][rows].mean() if rows.any() else np.nan for rows in within]),
        i2=np.array([cloud.i2[used][rows].mean() if rows.any() else np.nan for rows in within]),
        share_inside=inside,
        share_outside=outside,
        drives=np.abs(inside - outside) >= MIN_SHARE_DRIVER,
        silhouette=width,
        notes=_notes(width, clusters is None) + cloud.notes,
    )


def _standardised(points: Array) -> Array:
    spread = points.std(0) if len(points) else np.ones(2)
    centre = points.mean(0) if len(points) else np.zeros(2)
    flat = spread <= 1e-12 * np.abs(points).max(0, initial=1.0)
    return np.asarray(np.where(flat, 0.0, (points - centre) / np.where(flat, 1.0, spread)))


def _different(points: Array) -> int:
    """Points that are not the same."""
    return len(np.unique(points[:, 0] + 1j * points[:, 1]))


def _choose(points: Array) -> tuple[IntArray, float]:
    best, label = MIN_SILHOUETTE, np.zeros(len(points), dtype=int)
    found, width = label, float("nan")
    for number in range(2, min(MAX_GOSH_CLUSTERS, _different(points)) + 1):
        label, here = _fixed(points, number)
        if here >= best:
            best, found, width = here, label, here
    return found, width


def _fixed(points: Array, number: int) -> tuple[IntArray, float]:
    if number == 1:
        return np.zeros(len(points), dtype=int), float("nan")
    code = lloyd(points, _starts(points, number))
    return code, silhouette(points, code)


def _starts(points: Array, number: int) -> Array:
    """Points at even quantiles along the axis of the largest spread."""
    axis = np.linalg.eigh(points.T @ points)[1][:, -1]
    axis = axis if axis[np.argmax(np.abs(axis))] > 0.0 else -axis
    order = np.argsort(points @ axis, kind="stable")
    return np.asarray(points[order[((np.arange(number) + 0.5) / number * len(points)).astype(int)]])


def lloyd(points: Array, centres: Array) -> IntArray:
    """Labels (n,) of k-means of `points` (n, d) from starts `centres` (c, d); an emptied cluster keeps its centre."""
    centres, label = centres.copy(), np.full(len(points), -1)
    for _ in range(MAX_ROUNDS):
        # The squared length of a point is the same for every centre.
        new = np.argmin((centres**2).sum(-1) - 2.0 * (points @ centres.T), axis=-1)
        if np.array_equal(new, label):
            break
        label = new
        size = np.bincount(label, minlength=len(centres))
        for column in range(points.shape[1]):
            total = np.bincount(label, weights=points[:, column], minlength=len(centres))
            centres[:, column] = np.where(size > 0, total / np.maximum(size, 1), centres[:, column])
    return np.unique(label, return_inverse=True)[1].reshape(-1)


def silhouette(points: Array, label: IntArray) -> float:
    """Mean silhouette width of evenly spaced points, at most `SILHOUETTE_POINTS` of them."""
    chosen = np.unique(np.linspace(0, len(points) - 1, min(len(points), SILHOUETTE_POINTS)).astype(int))
    here, own = points[chosen], label[chosen]
    square = (here**2).sum(-1)
    apart = np.sqrt(np.maximum(square[:, None] + square - 2.0 * here @ here.T, 0.0))
    groups = np.unique(own)
    if len(groups) < 2:
        return float("nan")
    member = (own[:, None] == groups).astype(float)
    total, size = apart @ member, member.sum(0)
    mine = member.astype(bool)
    inner = total[mine] / np.maximum(size[np.argmax(member, axis=1)] - 1.0, 1.0)
    outer = np.where(mine, np.inf, total / size).min(-1)
    largest = np.maximum(inner, outer)
    width = np.where(largest > 0.0, (outer - inner) / np.where(largest > 0.0, largest, 1.0), 0.0)
    return float(np.where(size[np.argmax(member, axis=1)] > 1.0, width, 0.0).mean())


def _shares(incl: BoolArray, code: IntArray, number: int) -> tuple[Array, Array]:
    """Share of subsets with each study, inside and outside each cluster, (c, k); not a number where there are none."""
    member = (code[:, None] == np.arange(number)).astype(float)
    counts, total = member.T @ incl, incl.sum(0)
    size = member.sum(0)[:, None]
    rest = len(code) - size
    inside = np.divide(counts, size, out=np.full(counts.shape, np.nan), where=size > 0)
    return inside, np.divide(total - counts, rest, out=np.full(counts.shape, np.nan), where=rest > 0)


def _notes(width: float, free: bool) -> tuple[str, ...]:
    if free and np.isnan(width):
        return (f"The cloud has no clusters: no split reaches a mean silhouette width of {MIN_SILHOUETTE:g}.",)
    if width < MIN_SILHOUETTE:
        return (
            f"The mean silhouette width is {width:.2f}, below {MIN_SILHOUETTE:g}: the clusters are cuts of one cloud.",
        )
    return ()
