"""Sets of effects within the stacks of a multilevel model: which they are, and where their rows lie."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.covariance import BlockCovariance, Clusters, group_effects, is_nested
from analysis.errors import ModelError
from analysis.frequentist.groupings import connect
from analysis.frequentist.mixed_likelihood import MixedData, build_data
from analysis.frequentist.mixed_results import MixedModel, MultilevelFit
from analysis.frequentist.structures import Level, kernels
from analysis.results import Array, BoolArray, IntArray


def sets_of(fit: MultilevelFit, cluster: ArrayLike | None) -> tuple[Clusters, tuple[str, ...]]:
    """Sets of effects from identifiers (k,), and their names.

    Raises
    ------
    ModelError
        Identifiers of another number, missing ones, or one and the same for all effects.
    """
    given = np.arange(1, fit.k + 1) if cluster is None else np.asarray(cluster)
    if given.shape != (fit.k,):
        raise ModelError(f"cluster has shape {given.shape} for {fit.k} effects. Give one identifier per effect.")
    if any(value is None or value != value for value in given.tolist()):
        raise ModelError("cluster is missing for some effects. Fill it in or exclude those effects.")
    clusters = group_effects(given)
    if clusters.number < 2:
        raise ModelError("all effects lie in one cluster, so nothing is left without it. Choose a finer cluster.")
    _, first = np.unique(clusters.codes, return_index=True)
    return clusters, tuple(map(str, given[first].tolist()))


def set_sizes(clusters: Clusters) -> IntArray:
    """Effects of every set, (J,)."""
    return np.bincount(clusters.codes)


def entries_of(fit: MultilevelFit) -> Array:
    """The variance components of a fit as entries of its likelihood, in its units."""
    own = list(fit.sigma2)
    if fit.G is not None:
        q = len(fit.G)
        variances, pairs = list(np.diag(fit.G)), [fit.G[a, b] for a in range(q) for b in range(a + 1, q)]
        own += {"CS": variances[:1] + pairs[:1], "DIAG": variances}.get(str(fit.structure), variances + pairs)
    entries: Array = np.array(own, dtype=float) / fit.model.unit**2
    return entries


def connected(fit: MultilevelFit, clusters: Clusters) -> MixedData:
    """The data of the likelihood, in stacks whose clusters hold every set whole."""
    data = fit.model.data
    if is_nested(clusters.codes, fit.V.clusters.codes):
        return data
    unit, model = fit.model.unit, fit.model
    U = np.empty((data.k, data.p + 1))
    for stack in data.stacks:
        U[stack.rows[stack.rows >= 0]] = stack.U[stack.rows >= 0]
    V = fit.V.regrouped(group_effects(connect([fit.V.clusters.codes, clusters.codes])))
    scaled = BlockCovariance(clusters=V.clusters, blocks=tuple(block / unit**2 for block in V.blocks))
    return build_data(
        U[:, -1],
        U[:, :-1],
        scaled,
        lambda rows: kernels(model.levels, model.structure, rows),
        restricted=data.restricted,
    )


class Place(NamedTuple):
    """Where the effects of some sets lie: `members` (J,) are the sets, in rows of `cluster` (J,) of a stack.

    `position` (J, n) is the place of every effect in its row.
    """

    stack: int
    members: IntArray
    cluster: IntArray
    position: IntArray


def places(data: MixedData, rows: IntArray) -> list[Place]:
    """The stacks that hold the sets `rows` (J, n), each set whole in one cluster."""
    where = np.empty((data.k, 3), dtype=int)
    for number, stack in enumerate(data.stacks):
        j, position = np.nonzero(stack.rows >= 0)
        where[stack.rows[j, position]] = np.column_stack([np.full(len(j), number), j, position])
    found = []
    for number in range(len(data.stacks)):
        index = np.flatnonzero(where[rows[:, 0], 0] == number)
        if len(index):
            found.append(Place(number, index, where[rows[index, 0], 1], where[rows[index], 2]))
    return found


def gather(place: Place, values: list[Array] | tuple[Array, ...]) -> Array:
    """Square blocks (J, n, n) of the sets out of (J, n, n) by stack."""
    j, at = place.cluster[:, None, None], place.position
    block: Array = values[place.stack][j, at[:, :, None], at[:, None, :]]
    return block


def reduced(model: MixedModel, keep: BoolArray) -> MixedModel:
    """The groupings of a model for some of its effects."""
    structure = model.structure
    return replace(
        model,
        levels=tuple(_subset(level, keep) for level in model.levels),
        structure=None if structure is None else replace(structure, outer=_subset(structure.outer, keep)),
    )


def _subset(level: Level, keep: BoolArray) -> Level:
    present, codes = np.unique(level.codes[keep], return_inverse=True)
    return Level(name=level.name, codes=codes.reshape(-1), labels=tuple(level.labels[one] for one in present))
