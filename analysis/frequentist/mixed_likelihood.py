"""(Restricted) likelihood of a linear mixed model over stacks of clusters: value, score and information.

With M = V + sum of entry times kernel, W its inverse and P = W - W X (X'WX)^-1 X'W, the restricted score of an entry
is -(tr P K - y'P K P y) / 2, the expected information tr(P K P K) / 2, the average information y'P K P K P y / 2 and
the observed one twice the average less the expected (Harville 1977, J. Am. Stat. Assoc. 72, 320-338; Gilmour, Thompson
& Cullis 1995, Biometrics 51, 1440-1450). For ML the traces are of W instead of P. Everything is zero between clusters
but for the p columns of the design, so no matrix is larger than a cluster.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.covariance import BlockCovariance
from analysis.results import Array, IntArray

LOG_2PI = float(np.log(2.0 * np.pi))
# Microseconds, roughly: what a stack costs whatever its size, a cluster of it, and its entries squared and cubed.
STACK_COST, CLUSTER_COST, SQUARE_COST, CUBE_COST = 150.0, 1.0, 0.05, 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Clusters of similar size, the smaller ones padded with effects of unit variance that take no part.

    Attributes
    ----------
    rows : (J, n)
        Positions of the effects, -1 where padded.
    U : (J, n, p + 1)
        Basis of the design and, last, the effects; 0 where padded.
    V : (J, n, n)
        Sampling covariance.
    K : (m, J, n, n)
        Kernels.
    """

    rows: IntArray
    U: Array
    V: Array
    K: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedData:
    """All clusters: k effects, p columns, m entries; `restricted` chooses REML over ML."""

    stacks: tuple[Stack, ...]
    k: int
    p: int
    m: int
    restricted: bool


class Point(NamedTuple):
    """The likelihood at some entries.

    `W` and `T = [W Q, P y]` are lists over stacks; `inverse` is (Q'WQ)^-1, `b` the coefficients in the basis Q,
    `rss` = y'Py, `log_det` that of M.
    """

    loglik: float
    W: list[Array]
    T: list[Array]
    inverse: Array
    b: Array
    rss: float
    log_det: float


class Slopes(NamedTuple):
    """Score (m,) and the expected and observed information (m, m), by entry."""

    score: Array
    expected: Array
    observed: Array


def build_data(
    y: Array, Q: Array, V: BlockCovariance, kernel: Callable[[IntArray], Array], *, restricted: bool
) -> MixedData:
    """Stack the clusters of V; `kernel` gives (m, J, n, n) for effects (J, n), -1 where padded."""
    U = np.vstack([np.column_stack([Q, y]), np.zeros(Q.shape[1] + 1)])
    stacks = []
    for group in _classes(V):
        n = V.blocks[group[-1]].shape[1]
        total = sum(len(V.blocks[index]) for index in group)
        rows, block, start = np.full((total, n), -1), np.broadcast_to(np.eye(n), (total, n, n)).copy(), 0
        for index in group:
            part = V.blocks[index]
            here = slice(start, start + len(part))
            rows[here, : part.shape[1]] = V.clusters.rows[index]
            block[here, : part.shape[1], : part.shape[1]] = part
            start += len(part)
        stacks.append(Stack(rows=rows, U=U[rows], V=block, K=kernel(rows)))
    m = stacks[0].K.shape[0]
    return MixedData(stacks=tuple(stacks), k=len(y), p=Q.shape[1], m=m, restricted=restricted)


def _classes(V: BlockCovariance) -> list[range]:
    """Cut the sizes, ascending, into runs padded to their largest, at the least cost by dynamic programming."""
    count = np.array([len(block) for block in V.blocks])
    size = np.array([block.shape[1] for block in V.blocks])
    each = CLUSTER_COST + SQUARE_COST * size**2.0 + CUBE_COST * size**3.0
    best, cut = [0.0], [0]
    for end in range(1, len(size) + 1):
        prices = [best[start] + STACK_COST + count[start:end].sum() * each[end - 1] for start in range(end)]
        cut.append(int(np.argmin(prices)))
        best.append(prices[cut[-1]])
    runs, end = [], len(size)
    while end:
        runs.append(range(cut[end], end))
        end = cut[end]
    return runs[::-1]


def evaluate(data: MixedData, entries: Array) -> Point | None:
    """The likelihood at `entries` (m,); None where M or X'WX is not positive definite."""
    p, log_det, weights, products = data.p, 0.0, [], []
    A = np.zeros((p + 1, p + 1))
    for stack in data.stacks:
        M = stack.V + np.tensordot(entries, stack.K, 1)
        try:
            log_det += 2.0 * float(np.log(np.diagonal(np.linalg.cholesky(M), axis1=1, axis2=2)).sum())
            weights.append(np.linalg.inv(M))
        except np.linalg.LinAlgError:
            return None
        products.append(weights[-1] @ stack.U)
        A += _flat(stack.U).T @ _flat(products[-1])
    try:
        root = np.linalg.cholesky(A[:p, :p])
    except np.linalg.LinAlgError:
        return None
    inverse = np.linalg.inv(A[:p, :p])
    b = inverse @ A[:p, p]
    rss = 0.0
    for stack, T in zip(data.stacks, products, strict=True):
        T[..., p] -= T[..., :p] @ b
        rss += float(np.vdot(T[..., p], stack.U[..., p] - stack.U[..., :p] @ b))
    loglik = -0.5 * (data.k * LOG_2PI + log_det + rss)
    if data.restricted:
        loglik += 0.5 * p * LOG_2PI - float(np.log(np.diag(root)).sum())
    return Point(loglik, weights, products, inverse, b, rss, log_det) if np.isfinite(loglik) else None


def slopes(data: MixedData, point: Point) -> Slopes:
    """Score and information by entry at `point`."""
    m, p, inverse = data.m, data.p, point.inverse
    first, second = np.zeros((m, p + 1, p + 1)), np.zeros((m, p + 1, m, p + 1))
    trace, squared = np.zeros(m), np.zeros((m, m))
    for stack, W, T in zip(data.stacks, point.W, point.T, strict=True):
        KT = stack.K @ T
        WK = W @ stack.K
        trace += np.einsum("mjaa->m", WK)
        # tr(W Ki W Kj) is the sum over all entries of W Ki times the transpose of W Kj.
        squared += WK.reshape(m, -1) @ np.swapaxes(WK, -1, -2).reshape(m, -1).T
        first += np.array([_flat(T).T @ _flat(part) for part in KT])
        left = _wide(KT)
        second += (left.T @ _wide(W @ KT)).reshape(m, p + 1, m, p + 1)
    B, quadratic = first[:, :p, :p], first[:, p, p]
    # r'Ki W Kj r less its projection on the design is r'Ki P Kj r, twice the average information.
    across = first[:, :p, p]
    average = second[:, p, :, p] - across @ inverse @ across.T
    if data.restricted:
        AB = inverse @ B
        trace = trace - np.einsum("mab,ba->m", B, inverse)
        squared = squared - 2.0 * np.einsum("manb,ab->mn", second[:, :p, :, :p], inverse)
        squared = squared + np.einsum("mab,nba->mn", AB, AB)
    score = -0.5 * (trace - quadratic)
    return Slopes(score, 0.5 * squared, average - 0.5 * squared)


def _flat(values: Array) -> Array:
    """(J n, c) from (J, n, c)."""
    return values.reshape(-1, values.shape[-1])


def _wide(values: Array) -> Array:
    """(J n, m c) from (m, J, n, c)."""
    m, J, n, c = values.shape
    return values.transpose(1, 2, 0, 3).reshape(J * n, m * c)
