"""Correlation matrices of many studies, some cells missing, as effects with their sampling covariance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analysis.covariance import BlockCovariance, Clusters, group_effects
from analysis.errors import DataError, ImpossibleValueError, ModelError, Problem, SchemaError
from analysis.measures.olkin_siotani import Scale, sampling_covariance
from analysis.results import Array, IntArray

type PlugIn = Literal["pooled", "own"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlations:
    """Correlations of p variables in several studies.

    Attributes
    ----------
    variables : tuple of str
        p names.
    pairs : (m, 2)
        Every pair of variables, (0, 1), (0, 2), (1, 2), (0, 3), and so on.
    yi, pair : (k,)
        Correlations, and the position of the pair each is of.
    studies : Clusters
        Which study each is from.
    ni : (k,)
        Persons of the study (the smallest of its numbers where they differ).
    """

    variables: tuple[str, ...]
    pairs: IntArray
    yi: Array
    pair: IntArray
    studies: Clusters
    ni: Array

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the m pairs."""
        return tuple(f"{self.variables[i]}-{self.variables[j]}" for i, j in self.pairs)

    @property
    def n_total(self) -> float:
        """Persons of all studies, each study once."""
        return float(sum(part[:, 0].sum() for part in self.studies.split(self.ni)))


def all_pairs(p: int) -> IntArray:
    """Pairs of p variables, (p (p - 1) / 2, 2), column by column of the upper triangle."""
    return np.array([(i, j) for j in range(p) for i in range(j)], dtype=int).reshape(-1, 2)


def correlation_matrix(r: Array, p: int) -> Array:
    """Put correlations (..., m), in the order of `all_pairs`, into matrices (..., p, p)."""
    pairs = all_pairs(p)
    R = np.zeros((*r.shape[:-1], p, p), dtype=r.dtype)
    R[..., np.arange(p), np.arange(p)] = 1.0
    R[..., pairs[:, 0], pairs[:, 1]] = r
    R[..., pairs[:, 1], pairs[:, 0]] = r
    return R


def build_correlations(
    study: ArrayLike,
    first: Sequence[str],
    second: Sequence[str],
    ri: ArrayLike,
    ni: ArrayLike,
    *,
    variables: Sequence[str] | None = None,
) -> Correlations:
    """Arrange a table with one row per study and pair of variables.

    Parameters
    ----------
    study, first, second, ri, ni : (k,)
        Study, the two variables in any order, their correlation, persons.
    variables : sequence of str, optional
        The variables, in the order wanted; without it by first appearance.

    Raises
    ------
    SchemaError
        A pair that no study reports, an unknown variable.
    ImpossibleValueError
        Correlations that are not inside (-1, 1), a pair twice in one study, a variable with itself.
    """
    names = tuple(variables) if variables is not None else tuple(dict.fromkeys(map(str, [*first, *second])))
    if unknown := sorted({*first, *second} - set(names)):
        raise SchemaError(f"variables {', '.join(unknown)} are not among {', '.join(names)}. Name them, or filter.")
    place = {name: position for position, name in enumerate(names)}
    both = np.sort(np.array([[place[a], place[b]] for a, b in zip(first, second, strict=True)]).reshape(-1, 2), axis=1)
    y, n = np.asarray(ri, dtype=float), np.asarray(ni, dtype=float)
    pairs = all_pairs(len(names))
    pair = both[:, 0] + both[:, 1] * (both[:, 1] - 1) // 2
    studies = group_effects(study)
    if problems := _problems(both, y, pair, studies):
        raise ImpossibleValueError(problems)
    if absent := [f"{names[i]}-{names[j]}" for m, (i, j) in enumerate(pairs) if m not in set(pair.tolist())]:
        raise SchemaError(f"no study reports {', '.join(absent)}. Leave out a variable, or add a study.")
    smallest = np.full(studies.number, np.inf)
    np.minimum.at(smallest, studies.codes, n)
    return Correlations(variables=names, pairs=pairs, yi=y, pair=pair, studies=studies, ni=smallest[studies.codes])


def sampling_blocks(table: Correlations, *, plug_in: PlugIn = "pooled", scale: Scale = "r") -> BlockCovariance:
    """Sampling covariance of all correlations (Olkin & Siotani 1976), one block per study.

    Parameters
    ----------
    table : Correlations
    plug_in : {"pooled", "own"}
        What stands for the unknown true correlations: the means over studies weighted by n, as metaSEM does (its acov =
        "weighted"; needed where cells are missing), or each study's own, as metafor's `rcalc` does.
    scale : {"r", "z"}

    Raises
    ------
    DataError
        `own`, and a study that lacks a correlation which its covariances need.
    """
    if plug_in not in ("pooled", "own"):
        raise ModelError(f"plug_in {plug_in!r} is not known. Choose pooled or own.")
    R = _pooled(table)[None].repeat(table.studies.number, 0) if plug_in == "pooled" else _own(table)
    blocks = []
    for rows in table.studies.rows:
        code = table.studies.codes[rows[:, 0]]
        whole = sampling_covariance(R[code], table.ni[rows[:, 0]], table.pairs, scale=scale)
        pair = table.pair[rows]
        blocks.append(whole[np.arange(len(rows))[:, None, None], pair[:, :, None], pair[:, None, :]])
    if any(np.isnan(block).any() for block in blocks):
        raise DataError(
            "a study lacks a correlation that the covariance of its others needs. Choose plug_in=pooled, or leave "
            "that study out, as metafor does."
        )
    return BlockCovariance(clusters=table.studies, blocks=tuple(blocks))


def _pooled(table: Correlations) -> Array:
    """Correlation matrix of means weighted by n."""
    m = len(table.pairs)
    mean = np.bincount(table.pair, table.ni * table.yi, m) / np.bincount(table.pair, table.ni, m)
    return correlation_matrix(mean, len(table.variables))


def _own(table: Correlations) -> Array:
    """One matrix per study, NaN where a cell is missing."""
    r = np.full((table.studies.number, len(table.pairs)), np.nan)
    r[table.studies.codes, table.pair] = table.yi
    return correlation_matrix(r, len(table.variables))


def _problems(both: IntArray, y: Array, pair: IntArray, studies: Clusters) -> list[Problem]:
    cell = studies.codes * (int(pair.max(initial=0)) + 1) + pair
    again = np.ones(len(cell), dtype=bool)
    again[np.unique(cell, return_index=True)[1]] = False
    found = []
    for wrong, what, remedy in (
        (both[:, 0] == both[:, 1], "a variable is correlated with itself.", "Name two variables."),
        (~(np.abs(y) < 1), "the correlation is not between -1 and 1.", "Correct or exclude it."),
        (again, "its study has this pair already.", "Keep one, or give the samples names of their own."),
    ):
        found += [Problem(f"row {row + 1}", what, remedy) for row in np.flatnonzero(wrong)[:20]]
    return found
