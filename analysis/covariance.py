"""A covariance matrix of effects that is zero between clusters, kept as its blocks and never as k by k numbers.

Clusters of one size are stacked, so that what is done to a thousand of them is one call of a batched routine and its
cost grows with the clusters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.errors import ModelError
from analysis.results import Array, IntArray

type Blocks = tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Effects by cluster, clusters of one size together.

    Attributes
    ----------
    rows : tuple of (J, n) arrays
        Positions of the effects of J clusters of n effects; one array per size n, sizes ascending, clusters of a size
        in the order in which they first appear.
    codes : (k,)
        Cluster of every effect, 0 to `number - 1`, numbered by first appearance.
    """

    rows: tuple[IntArray, ...]
    codes: IntArray

    @property
    def k(self) -> int:
        """Effects."""
        return len(self.codes)

    @property
    def number(self) -> int:
        """Clusters."""
        return sum(len(rows) for rows in self.rows)

    def split(self, values: Array) -> Blocks:
        """Arrange `(k, ...)` by cluster, as (J, n, ...) for every size."""
        return tuple(values[rows] for rows in self.rows)

    def join(self, parts: Sequence[Array]) -> Array:
        """Undo `split`: (k, ...) from one (J, n, ...) for every size."""
        joined = np.empty((self.k, *parts[0].shape[2:]))
        for rows, part in zip(self.rows, parts, strict=True):
            joined[rows] = part
        return joined


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCovariance:
    """Covariance of k effects, zero between clusters; `blocks` holds one (J, n, n) per `clusters.rows`."""

    clusters: Clusters
    blocks: Blocks

    def diagonal(self) -> Array:
        """Variances, (k,)."""
        return self.clusters.join([np.diagonal(block, axis1=1, axis2=2) for block in self.blocks])

    def dense(self) -> Array:
        """The whole matrix, (k, k): for small problems and for tests."""
        whole = np.zeros((self.clusters.k, self.clusters.k))
        for rows, block in zip(self.clusters.rows, self.blocks, strict=True):
            whole[rows[:, :, None], rows[:, None, :]] = block
        return whole

    def regrouped(self, clusters: Clusters) -> "BlockCovariance":
        """The same matrix in the blocks of coarser `clusters`.

        Raises
        ------
        ModelError
            Two effects that covary lie in different clusters.
        """
        if all(map(np.array_equal, self.clusters.rows, clusters.rows)) and len(self.blocks) == len(clusters.rows):
            return self
        if not is_nested(self.clusters.codes, clusters.codes):
            raise ModelError(
                "effects that covary lie in different clusters. Choose clusters that hold every correlated effect."
            )
        place, size = _places(clusters)
        blocks = tuple(np.zeros((len(rows), rows.shape[1], rows.shape[1])) for rows in clusters.rows)
        for rows, block in zip(self.clusters.rows, self.blocks, strict=True):
            for index, target in enumerate(clusters.rows):
                here = size[rows[:, 0]] == target.shape[1]
                stack, position = place[rows[here]][..., 0], place[rows[here]][..., 1]
                blocks[index][stack[:, :, None], position[:, :, None], position[:, None, :]] = block[here]
        return BlockCovariance(clusters=clusters, blocks=blocks)


def group_effects(cluster: ArrayLike) -> Clusters:
    """Clusters from one identifier per effect, (k,), of any sortable type."""
    _, first, inverse = np.unique(np.asarray(cluster), return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=int)
    rank[np.argsort(first)] = np.arange(len(first))
    codes = rank[inverse.reshape(-1)]
    size = np.bincount(codes)
    order = np.argsort(codes, kind="stable")
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    rows = tuple(order[start[size == n][:, None] + np.arange(n)] for n in np.unique(size))
    return Clusters(rows=rows, codes=codes)


def diagonal_covariance(vi: Array, clusters: Clusters | None = None) -> BlockCovariance:
    """Independent effects of variances `vi` (k,), each its own cluster unless `clusters` says otherwise."""
    clusters = clusters or group_effects(np.arange(len(vi)))
    return BlockCovariance(
        clusters=clusters, blocks=tuple(part[..., None] * np.eye(part.shape[1]) for part in clusters.split(vi))
    )


def block_covariance(V: Array, clusters: Clusters) -> BlockCovariance:
    """Cut the blocks out of a whole matrix (k, k).

    Raises
    ------
    ModelError
        A covariance that is not zero between clusters.
    """
    blocks = tuple(V[rows[:, :, None], rows[:, None, :]] for rows in clusters.rows)
    outside = np.abs(V)[clusters.codes[:, None] != clusters.codes[None, :]]
    if outside.any():
        raise ModelError("V holds covariances between clusters. Choose clusters that hold every correlated effect.")
    return BlockCovariance(clusters=clusters, blocks=blocks)


def is_nested(inner: IntArray, outer: IntArray) -> bool:
    """Whether every `inner` group lies in one `outer` group; both are codes (k,) from zero."""
    owner = np.full(int(inner.max(initial=-1)) + 1, -1)
    owner[inner] = outer
    return bool((owner[inner] == outer).all())


def _places(clusters: Clusters) -> tuple[IntArray, IntArray]:
    """For every effect its place in the stack and in the block, (k, 2), and the size of its cluster, (k,)."""
    place, size = np.empty((clusters.k, 2), dtype=int), np.empty(clusters.k, dtype=int)
    for rows in clusters.rows:
        place[rows, 0], place[rows, 1] = np.arange(len(rows))[:, None], np.arange(rows.shape[1])[None, :]
        size[rows] = rows.shape[1]
    return place, size
