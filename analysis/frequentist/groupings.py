"""Identifiers of levels as nested codes, and the coarsest grouping that a model connects."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from analysis.covariance import group_effects, is_nested
from analysis.errors import ModelError
from analysis.frequentist.structures import STRUCTURES, Level, Structure
from analysis.results import IntArray


def read_level(name: str, identifiers: ArrayLike, k: int) -> Level:
    """One grouping from identifiers (k,), groups in order of first appearance."""
    given = np.asarray(identifiers)
    if given.shape != (k,):
        raise ModelError(f"level {name}: {given.shape} identifiers for {k} effects. Give one per effect.")
    if given.dtype.kind == "f" and np.isnan(given).any():
        raise ModelError(f"level {name}: some effects have no identifier. Fill them in or exclude those effects.")
    codes = group_effects(given).codes
    _, first = np.unique(codes, return_index=True)
    return Level(name=name, codes=codes, labels=tuple(map(str, given[first].tolist())))


def read_levels(
    levels: Mapping[str, ArrayLike], k: int, *, crossed: bool = False
) -> tuple[tuple[Level, ...], tuple[str, ...]]:
    """Levels, outermost first, and what was done to them.

    Unless `crossed`, an identifier that occurs in several groups of the level outside it names one group in each, as
    metafor's `~ 1 | outer/inner`; it is said in a note.

    Raises
    ------
    ModelError
        Two levels that group the effects alike, or identifiers that are missing.
    """
    found: list[Level] = []
    notes = []
    for name, identifiers in levels.items():
        level = read_level(name, identifiers, k)
        if found and not crossed and not is_nested(level.codes, found[-1].codes):
            outer = found[-1]
            level = _within(level, outer)
            notes.append(
                f"identifiers of {name} recur in several groups of {outer.name}; read as {outer.name}/{name}, "
                f"{level.number} groups."
            )
        for other in found:
            if np.array_equal(level.codes, other.codes):
                raise ModelError(
                    f"levels {other.name} and {name} group the effects alike, so their variances cannot be told "
                    "apart. Drop one of them."
                )
        found.append(level)
    return tuple(found), tuple(notes)


def _within(level: Level, outer: Level) -> Level:
    codes = group_effects(outer.codes * level.number + level.codes).codes
    _, first = np.unique(codes, return_index=True)
    labels = tuple(f"{outer.labels[outer.codes[i]]}/{level.labels[level.codes[i]]}" for i in first)
    return Level(name=level.name, codes=codes, labels=labels)


def read_structure(kind: str, inner: ArrayLike, outer: ArrayLike, k: int) -> Structure:
    """A `dimension | study` structure, dimensions sorted as R sorts the levels of a factor.

    Raises
    ------
    ModelError
        An unknown kind, a single dimension, or pairs of dimensions that UN cannot estimate a correlation of.
    """
    if kind not in STRUCTURES:
        raise ModelError(f'structure "{kind}" is not known. Use one of {", ".join(STRUCTURES)}.')
    names, codes = np.unique(np.asarray(inner), return_inverse=True)
    dimensions = Level(name="inner", codes=codes.reshape(-1), labels=tuple(map(str, names.tolist())))
    if len(dimensions.codes) != k:
        raise ModelError(f"{len(dimensions.codes)} dimensions for {k} effects. Give one per effect.")
    if dimensions.number < 2:
        raise ModelError("the structure has a single dimension. Use a level with a random intercept instead.")
    structure = Structure(kind=kind, inner=dimensions, outer=read_level("outer", outer, k))
    present = np.zeros((structure.outer.number, dimensions.number), dtype=bool)
    present[structure.outer.codes, dimensions.codes] = True
    for a, b in structure.pairs:
        if kind == "UN" and not (present[:, a] & present[:, b]).any():
            raise ModelError(
                f"dimensions {names[a]} and {names[b]} never occur in the same group, so their correlation cannot be "
                "estimated. Use HCS, CS or DIAG."
            )
    return structure


def connect(groupings: Iterable[IntArray]) -> IntArray:
    """Codes (k,) of the finest grouping that every one of `groupings` is nested in."""
    codes: IntArray | None = None
    parts = list(groupings)
    codes = parts[0]
    while not all(is_nested(part, codes) for part in parts):
        for part in parts:
            lowest = np.full(int(part.max()) + 1, len(part))
            np.minimum.at(lowest, part, codes)
            merged = np.arange(int(codes.max()) + 1)
            np.minimum.at(merged, codes, lowest[part])
            codes = merged[codes]
    return codes
