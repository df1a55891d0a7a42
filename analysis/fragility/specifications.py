"""What a multiverse says: shares of specifications, which choices matter, and the smallest change that flips it."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.fragility.multiverse import Multiverse
from analysis.results import Array, BoolArray, IntArray

# A share of variance below this is rounding error.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All specifications of one estimand.

    Attributes
    ----------
    n, failed : int
        Specifications, and those that could not be fitted; shares are of the others.
    median, low, high, smallest, largest : float
        Of the estimates: median, quartiles and ends, on the shared scale.
    positive, negative : float
        Share of estimates above and below no effect.
    clear_positive, clear_negative : float
        Share of intervals above and below it.
    """

    estimand: str
    n: int
    failed: int
    median: float
    low: float
    high: float
    smallest: float
    largest: float
    positive: float
    negative: float
    clear_positive: float
    clear_negative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Share of the variance of the estimates that goes with one choice, or with what is left."""

    estimand: str
    choice: str
    options: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """The nearest specification with another conclusion.

    Attributes
    ----------
    row : int
        Specification.
    changes : mapping
        Choice to (option of the reference, option of this specification).
    conclusion, reference : str
        `positive`, `negative` or `open`.
    """

    row: int
    changes: Mapping[str, tuple[str, str]]
    conclusion: str
    reference: str


def summarise(multiverse: Multiverse) -> tuple[Summary, ...]:
    """Count the specifications of every estimand."""
    return tuple(_summary(multiverse, name, rows) for name, rows in _by_estimand(multiverse).items())


def _by_estimand(multiverse: Multiverse) -> dict[str, IntArray]:
    names = np.array(multiverse.estimand)
    return {name: np.flatnonzero(names == name) for name in dict.fromkeys(multiverse.estimand)}


def _summary(multiverse: Multiverse, name: str, rows: IntArray) -> Summary:
    estimate, lb, ub, null = (getattr(multiverse, key)[rows] for key in ("estimate", "ci_lb", "ci_ub", "null"))
    usable = np.isfinite(estimate)
    found = estimate[usable]
    low, median, high = np.quantile(found, [0.25, 0.5, 0.75]) if len(found) else (np.nan,) * 3

    def share(flags: BoolArray) -> float:
        return float(flags[usable].mean()) if usable.any() else float("nan")

    return Summary(
        estimand=name,
        n=len(rows),
        failed=int((~usable).sum()),
        median=float(median),
        low=float(low),
        high=float(high),
        smallest=float(found.min()) if len(found) else float("nan"),
        largest=float(found.max()) if len(found) else float("nan"),
        positive=share(estimate > null),
        negative=share(estimate < null),
        clear_positive=share(lb > null),
        clear_negative=share(ub < null),
    )


def decompose(multiverse: Multiverse) -> tuple[Share, ...]:
    """Split the variance of the estimates over the choices, by main effects, estimand by estimand.

    The share of a choice is what it adds to the explained variance, averaged over all orders in which the choices can
    enter (Lindeman, Merenda & Gold 1980, Introduction to bivariate and multivariate analysis; Groemping 2007, Am. Stat.
    61, 139-147). Where every combination is there, that is the classical decomposition; where some are not, shares
    still add up. What main effects leave is the row `interactions`.
    """
    return tuple(share for name, rows in _by_estimand(multiverse).items() for share in _shares(multiverse, name, rows))


def _shares(multiverse: Multiverse, name: str, rows: IntArray) -> list[Share]:
    usable = rows[np.isfinite(multiverse.estimate[rows])]
    y = multiverse.estimate[usable]
    total = float(((y - y.mean()) ** 2).sum()) if len(y) else 0.0
    if total <= 0.0:
        return []
    blocks = {
        choice: _contrasts(multiverse.taken[usable, place])
        for place, choice in enumerate(multiverse.options)
        if len(set(multiverse.taken[usable, place].tolist())) > 1
    }
    explained = _explained(y, list(blocks.values()), total)
    shares = [
        Share(
            estimand=name, choice=choice, options=block.shape[1] + 1, share=_average_gain(explained, place, len(blocks))
        )
        for place, (choice, block) in enumerate(blocks.items())
    ]
    left = max(1.0 - explained[frozenset(range(len(blocks)))], 0.0)
    return [*shares, Share(estimand=name, choice="interactions", options=0, share=left)]


def _explained(y: Array, blocks: Sequence[Array], total: float) -> dict[frozenset[int], float]:
    """Explained share of the variance for every set of choices."""
    places = range(len(blocks))
    sets = [frozenset(some) for size in range(len(blocks) + 1) for some in itertools.combinations(places, size)]
    return {some: 1.0 - _residual(y, [blocks[place] for place in sorted(some)]) / total for some in sets}


def _average_gain(explained: Mapping[frozenset[int], float], place: int, count: int) -> float:
    """What one choice adds to the sets without it, each weighted by the orders in which it comes next."""
    gain = 0.0
    for some, share in explained.items():
        if place not in some:
            weight = math.factorial(len(some)) * math.factorial(count - len(some) - 1) / math.factorial(count)
            gain += weight * (explained[some | {place}] - share)
    return gain if gain > ROUNDING else 0.0


def _contrasts(codes: IntArray) -> Array:
    """Sum contrasts of the levels that occur, (S, levels - 1)."""
    _, index = np.unique(codes, return_inverse=True)
    levels = int(index.max()) + 1
    coded: Array = np.vstack([np.eye(levels - 1), -np.ones((1, levels - 1))])[index]
    return coded


def _residual(y: Array, blocks: Sequence[Array]) -> float:
    X = np.hstack([np.ones((len(y), 1)), *blocks])
    fitted = X @ np.linalg.lstsq(X, y, rcond=None)[0]
    return float(((y - fitted) ** 2).sum())


def conclusions(multiverse: Multiverse) -> tuple[str, ...]:
    """`positive` or `negative` where the interval lies on one side of no effect, else `open`; `failed` without one."""
    lb, ub, null = multiverse.ci_lb, multiverse.ci_ub, multiverse.null
    words = np.where(lb > null, "positive", np.where(ub < null, "negative", "open"))
    return tuple(np.where(np.isfinite(lb) & np.isfinite(ub), words, "failed").tolist())


def smallest_flips(multiverse: Multiverse, reference: int) -> tuple[Flip, ...]:
    """Specifications of the reference's estimand with another conclusion and the fewest changed choices.

    Parameters
    ----------
    multiverse : Multiverse
    reference : int
        Row of the specification whose conclusion is asked about.

    Returns
    -------
    tuple of Flip
        All that tie, in the order of the specifications; empty where no specification says otherwise, or where the
        reference has no interval and so no conclusion.
    """
    said = conclusions(multiverse)
    if said[reference] == "failed":
        return ()
    changed = multiverse.taken != multiverse.taken[reference]
    same = np.array([name == multiverse.estimand[reference] for name in multiverse.estimand])
    other = same & np.array([word not in (said[reference], "failed") for word in said])
    if not other.any():
        return ()
    fewest = int(changed[other].sum(1).min())
    rows = np.flatnonzero(other & (changed.sum(1) == fewest))
    return tuple(_flip(multiverse, int(row), reference, said) for row in rows)


def _flip(multiverse: Multiverse, row: int, reference: int, said: Sequence[str]) -> Flip:
    changes = {
        choice: (multiverse.option(reference, choice), multiverse.option(row, choice))
        for choice in multiverse.options
        if multiverse.option(reference, choice) != multiverse.option(row, choice)
    }
    return Flip(row=row, changes=changes, conclusion=said[row], reference=said[reference])
