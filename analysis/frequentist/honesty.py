"""What an interaction can show, before any p value: who is in which cell, what a slope compares, what can be found."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import nctdtr, ndtr, ndtri, stdtrit

from analysis.covariance import group_effects
from analysis.errors import ModelError
from analysis.results import Array
from analysis.vocabulary import MIN_K_PER_CELL, MIN_SHARE_WITHIN

# Power that a study is commonly planned for (Cohen 1988, Statistical power analysis for the behavioral sciences, 2.4).
PLANNED_POWER = 0.8
NO_TAIL = 1e-12
HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSupport:
    """What one cell of factor x moderator rests on; `sparse` when on fewer studies than `MIN_K_PER_CELL`."""

    factor: str
    moderator: str
    effects: int
    studies: int
    clusters: int
    sparse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BetweenWithin:
    """A moderator split by cluster.

    Attributes
    ----------
    between, within : (k,)
        Mean of the effect's cluster, and the deviation from it.
    share_between : float
        Of the sum of squares over effects, from 0 to 1; not a number for a constant moderator.
    varying : int
        Clusters in which the moderator varies.
    n_clusters : int
    ecological : bool
        Less than `MIN_SHARE_WITHIN` lies within clusters: the slope compares studies, not patients.
    """

    between: Array
    within: Array
    share_between: float
    varying: int
    n_clusters: int
    ecological: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastPower:
    """Power of a two-sided test to find `effect`, and the smallest effect it finds with power `planned`."""

    power: float
    detectable: float
    effect: float
    planned: float
    level: float


def cell_support(
    factor: ArrayLike, moderator: ArrayLike, study: ArrayLike, cluster: ArrayLike | None = None
) -> tuple[CellSupport, ...]:
    """Count effects, studies and clusters in every cell, empty ones included.

    Parameters
    ----------
    factor : (k,)
        Levels, such as the attachment dimension.
    moderator : (k,)
        Levels, or `tertiles` of a number; missing values (None, nan) are left out.
    study : (k,)
    cluster : (k,), optional
        What robust tests take as independent; the studies unless given.

    Returns
    -------
    tuple of CellSupport
        Levels of the factor in order of first appearance, within each those of the moderator, likewise.
    """
    columns = [_listed(values) for values in (factor, moderator, study, study if cluster is None else cluster)]
    if len({len(column) for column in columns}) != 1:
        raise ModelError("factor, moderator, study and cluster differ in length. Give one value per effect.")
    rows = [row for row in zip(*columns, strict=True) if not any(_missing(value) for value in row)]
    found = []
    for level in dict.fromkeys(row[0] for row in rows):
        for part in dict.fromkeys(row[1] for row in rows):
            inside = [row for row in rows if row[:2] == (level, part)]
            studies = len({row[2] for row in inside})
            found.append(
                CellSupport(
                    factor=str(level),
                    moderator=str(part),
                    effects=len(inside),
                    studies=studies,
                    clusters=len({row[3] for row in inside}),
                    sparse=studies < MIN_K_PER_CELL,
                )
            )
    return tuple(found)


def tertiles(moderator: ArrayLike, study: ArrayLike) -> NDArray[np.object_]:
    """Call every effect's moderator low, middle or high, (k,); None where it is missing.

    The limits are the tertiles of the studies' means, so that a study with many effects does not move them.
    """
    values, studies = np.asarray(moderator, dtype=float), np.asarray(study)
    known = np.isfinite(values)
    words = np.full(len(values), None, dtype=object)
    if known.any():
        codes = group_effects(studies[known]).codes
        means = np.bincount(codes, values[known]) / np.bincount(codes)
        place = np.searchsorted(np.quantile(means, [1 / 3, 2 / 3]), values[known])
        words[known] = np.array(["low", "middle", "high"], dtype=object)[place]
    return words


def between_within(moderator: ArrayLike, cluster: ArrayLike) -> BetweenWithin:
    """Split a moderator into the mean of its cluster and the deviation from it.

    A slope on the first compares studies with each other, one on the second effects of one study; a moderator that
    varies only between studies says nothing of patients within one (Berlin, Santanna, Schmid, Szczech & Feldman 2002,
    Stat. Med. 21(3), 371-387).

    Parameters
    ----------
    moderator : (k,)
        Numbers without missing values.
    cluster : (k,)

    Raises
    ------
    ModelError
        Missing values, or lengths that differ.
    """
    x = np.asarray(moderator, dtype=float)
    if x.ndim != 1 or not np.isfinite(x).all() or np.shape(cluster) != x.shape:
        raise ModelError("the moderator has missing values, or not one value per effect. Exclude effects without one.")
    clusters = group_effects(cluster)
    size = np.bincount(clusters.codes)
    # About the first value of each cluster, so that a constant one leaves no rounding error behind.
    first = x[np.unique(clusters.codes, return_index=True)[1]][clusters.codes]
    between = first + (np.bincount(clusters.codes, x - first) / size)[clusters.codes]
    within = x - between
    total = float(((x - x.mean()) ** 2).sum())
    constant = bool((x == x[0]).all())
    inside = float((within**2).sum())
    share = float("nan") if constant else 1.0 - inside / total
    return BetweenWithin(
        between=between,
        within=within,
        share_between=share,
        varying=len(set(clusters.codes[x != first].tolist())),
        n_clusters=clusters.number,
        ecological=not constant and inside / total < MIN_SHARE_WITHIN,
    )


def contrast_power(
    se: float, ddf: float, effect: float, level: float = 95.0, planned: float = PLANNED_POWER
) -> ContrastPower:
    """Power of the two-sided t test of a contrast if its true value were `effect`.

    The statistic is taken as noncentral t with noncentrality `effect / se` on `ddf` degrees of freedom (Hedges &
    Pigott 2004, Psychol. Methods 9(4), 426-445, for moderators; there normal, which an infinite `ddf` gives).

    Parameters
    ----------
    se : float
        Standard error, in units of the measure; above zero.
    ddf : float
        Degrees of freedom, or infinity.
    effect : float
        In units of the measure.
    level : float
        Per cent.
    planned : float
        Power for the smallest effect that is detectable, from above `1 - level / 100` to below 1.

    Raises
    ------
    ModelError
        Numbers out of these ranges.
    """
    alpha = 1.0 - level / 100.0
    if not (0.0 < se < np.inf and ddf > 0.0 and np.isfinite(effect)):
        raise ModelError(f"power needs se > 0, ddf > 0 and a finite effect; got {se}, {ddf}, {effect}.")
    if not (0.0 < alpha < planned < 1.0):
        raise ModelError(f"power {planned} at level {level} cannot be planned for. Give alpha < power < 1.")
    reach = _reach(ddf, alpha)
    return ContrastPower(
        power=_power(abs(effect) / se, ddf, reach),
        detectable=se * _needed(planned, ddf, reach),
        effect=effect,
        planned=planned,
        level=level,
    )


def _reach(ddf: float, alpha: float) -> float:
    return float(ndtri(1.0 - alpha / 2.0) if np.isinf(ddf) else stdtrit(ddf, 1.0 - alpha / 2.0))


def _needed(planned: float, ddf: float, reach: float) -> float:
    """Noncentrality that gives the planned power, by halving: power grows with it."""
    low, high = 0.0, 1.0
    while _power(high, ddf, reach) < planned:
        low, high = high, 2.0 * high
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _power(middle, ddf, reach) < planned else (low, middle)
    return (low + high) / 2.0


def _power(ncp: float, ddf: float, reach: float) -> float:
    if np.isinf(ddf):
        return float(ndtr(ncp - reach) + ndtr(-reach - ncp))
    # The upper tail as the lower tail of the mirrored law, which keeps its digits. The other tail is below the normal
    # one of the same noncentrality; scipy has no number for some that are all but zero.
    other = 0.0 if ndtr(-ncp) < NO_TAIL else nctdtr(ddf, ncp, -reach)
    return float(nctdtr(ddf, -ncp, -reach) + other)


def _listed(values: ArrayLike) -> Sequence[Hashable]:
    listed: list[Hashable] = np.asarray(values).tolist()
    return listed


def _missing(value: Hashable) -> bool:
    return value is None or value != value
