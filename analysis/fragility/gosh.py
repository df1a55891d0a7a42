"""GOSH: the model on every subset of the studies, or on a random sample of subsets.

Olkin, Dahabreh & Trikalinos (2012), Res. Synth. Methods 3(3), 214-223.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ModelError, TooFewStudiesError
from analysis.fragility.subsets import check_effects, fit_subsets
from analysis.results import Array, BoolArray, Design, IntArray
from analysis.vocabulary import FIXED_METHODS, MIN_K_FUNNEL_ASYMMETRY

# Cells (subsets times studies) fitted at a time: what a few arrays of them keep within a processor's cache.
CHUNK = 2**17


@dataclass(frozen=True, slots=True, kw_only=True)
class Gosh:
    """One model on n subsets of k studies.

    Attributes
    ----------
    incl : (n, k)
        True where a study belongs to a subset.
    k : (n,)
        Studies of each.
    estimate : (n, p)
        Coefficients, in units of the measure; not a number where a subset cannot tell the moderators apart.
    tau2, i2, qe : (n,)
        Between-study variance, I2 in per cent, residual heterogeneity.
    exhaustive : bool
        Whether these are all subsets.
    notes : tuple of str
    """

    incl: BoolArray
    k: IntArray
    estimate: Array
    tau2: Array
    i2: Array
    qe: Array
    names: tuple[str, ...]
    method: str
    exhaustive: bool
    notes: tuple[str, ...]


def gosh(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike | Design | None = None,
    *,
    method: str = "REML",
    weights: ArrayLike | None = None,
    subsets: int = 1_000_000,
    seed: int = 0,
) -> Gosh:
    """Fit the model to all subsets where there are no more than `subsets`, else to that many random ones.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    X : (k, p) or Design, optional
        Moderators, with the column of the intercept.
    method, weights
        As in `fit_random_effects`.
    subsets : int
        At most. Random subsets are drawn uniformly among all that are large enough, with replacement.
    seed : int
        Of the random subsets.

    Returns
    -------
    Gosh
        Subsets of at least p studies (p + 1 where moderators come with a variance between studies), one for a mean.

    Raises
    ------
    TooFewStudiesError, ImpossibleValueError, RankDeficientError, ModelError
    """
    y, v = check_effects(yi, vi)
    if subsets < 1:
        raise ModelError(f"{subsets} subsets show nothing. Ask for at least 1.")
    p = 1 if X is None else (X.X if isinstance(X, Design) else np.asarray(X)).shape[-1]
    smallest = p if method in FIXED_METHODS or p == 1 else p + 1
    if len(y) < smallest:
        raise TooFewStudiesError(f"{len(y)} studies cannot carry {p} coefficients. Use fewer moderators.")
    exhaustive = len(y) < 63 and 2 ** len(y) - 1 <= subsets
    incl = _all(len(y), smallest) if exhaustive else _some(len(y), smallest, subsets, np.random.default_rng(seed))
    parts = []
    for start in range(0, len(incl), step := max(1, CHUNK // len(y))):
        fit = fit_subsets(y, v, incl[start : start + step], X, method=method, weights=weights)
        parts.append((fit.beta, fit.tau2, fit.i2, fit.qe))
    estimate, tau2, i2, qe = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Gosh(
        incl=incl,
        k=incl.sum(-1),
        estimate=estimate,
        tau2=tau2,
        i2=i2,
        qe=qe,
        names=fit.names,
        method=method,
        exhaustive=exhaustive,
        notes=_notes(len(y), len(incl), exhaustive),
    )


def _all(k: int, smallest: int) -> BoolArray:
    """Every subset of at least `smallest` of k studies, the j-th by the bits of j."""
    numbers = np.arange(1, 2**k)
    incl: BoolArray = (numbers[:, None] >> np.arange(k)) & 1 == 1
    return incl if smallest == 1 else incl[incl.sum(-1) >= smallest]


def _some(k: int, smallest: int, number: int, rng: np.random.Generator) -> BoolArray:
    """Random subsets, each study in with probability one half, those too small drawn again."""
    incl = rng.random((number, k)) < 0.5
    small = np.flatnonzero(incl.sum(-1) < smallest)
    while len(small):
        incl[small] = rng.random((len(small), k)) < 0.5
        small = small[incl[small].sum(-1) < smallest]
    return incl


def _notes(k: int, number: int, exhaustive: bool) -> tuple[str, ...]:
    said = []
    if not exhaustive:
        said.append(f"A random sample of {number:,} of the subsets of {k} studies.")
    if k < MIN_K_FUNNEL_ASYMMETRY:
        said.append(
            f"{k} studies are fewer than {MIN_K_FUNNEL_ASYMMETRY}: their few subsets show no pattern worth the name."
        )
    said.append("Subsets share studies: their spread is no measure of uncertainty.")
    return tuple(said)
