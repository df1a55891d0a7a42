"""How parameters become covariance: random intercepts of nested levels, and `dimension | study` structures.

The marginal covariance is linear in *entries* (a variance per level, an entry of the between-study covariance G per
pair of dimensions). The optimiser moves *parameters*, bounded one by one, from which the entries follow with first and
second derivatives. Both lists start with the variances of the levels, which are their own parameters.
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analysis.results import Array, BoolArray, IntArray

STRUCTURES = ("UN", "CS", "HCS", "DIAG")
# Between-study covariance of several dimensions counts as singular below this share of its largest variance.
SINGULAR = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A grouping of effects with a random intercept: codes (k,) from zero, and the identifier of every group."""

    name: str
    codes: IntArray
    labels: tuple[str, ...]

    @property
    def number(self) -> int:
        """Groups."""
        return len(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Effects of several dimensions (`inner`) that covary within a group (`outer`), as metafor's `~ inner | outer`."""

    kind: str
    inner: Level
    outer: Level

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Pairs of dimensions, in the order of metafor's `rho`: (0, 1), (0, 2), (1, 2) for three."""
        q = self.inner.number
        return tuple((a, b) for a, b in itertools.combinations(range(q), 2))


class Mapped(NamedTuple):
    """Entries (m,) at some parameters, their slopes (m, n) and curvatures (m, n, n)."""

    entries: Array
    slopes: Array
    curvatures: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the optimiser moves.

    `structure` is absent for a model of random intercepts alone. `triangular` chooses for UN the entries of a Cholesky
    factor, which reach every singular G, over standard deviations and correlations, which can be held one by one.
    `free` (levels,) is false for a variance that is fixed at zero.
    """

    free: BoolArray
    structure: Structure | None
    triangular: bool = True

    @property
    def levels(self) -> int:
        """Random intercepts."""
        return len(self.free)

    @property
    def kind(self) -> str | None:
        """Kind of structure."""
        return None if self.structure is None else self.structure.kind

    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper limit of every parameter, (n,)."""
        lower, upper = np.zeros(self.levels), np.where(self.free, np.inf, 0.0)
        if self.structure is None:
            return lower, upper
        q = self.structure.inner.number
        deviations = {"CS": 1, "HCS": q, "DIAG": q, "UN": q}[self.structure.kind]
        lows, highs = [0.0] * deviations, [np.inf] * deviations
        if self.structure.kind in ("CS", "HCS"):
            lows, highs = [*lows, -1.0 / (q - 1)], [*highs, 1.0]
        if self.structure.kind == "UN":
            rest = len(self.structure.pairs)
            reach = np.inf if self.triangular else 1.0
            lows, highs = lows + [-reach] * rest, highs + [reach] * rest
            if self.triangular:
                lows = [-np.inf] * len(lows)
        return np.concatenate([lower, lows]), np.concatenate([upper, highs])

    def map(self, parameters: Array) -> Mapped:
        """Entries with slopes and curvatures at `parameters` (n,)."""
        own = Mapped(parameters[: self.levels], np.eye(self.levels), np.zeros((self.levels,) * 3))
        if self.structure is None:
            return own
        part = _structured(self.structure, parameters[self.levels :], self.triangular)
        size, wide = len(part.entries), part.slopes.shape[1]
        slopes = np.zeros((self.levels + size, self.levels + wide))
        slopes[: self.levels, : self.levels], slopes[self.levels :, self.levels :] = own.slopes, part.slopes
        curvatures = np.zeros((self.levels + size, self.levels + wide, self.levels + wide))
        curvatures[self.levels :, self.levels :, self.levels :] = part.curvatures
        return Mapped(np.concatenate([own.entries, part.entries]), slopes, curvatures)

    def between(self, entries: Array) -> Array:
        """G (q, q) from all entries (m,)."""
        assert self.structure is not None
        return _between(self.structure, entries[self.levels :])

    def at(self, sigma2: Array, G: Array | None) -> Array:
        """Parameters (n,) of given variances and G (positive definite where triangular)."""
        if self.structure is None or G is None:
            return np.where(self.free, sigma2, 0.0)
        sd = np.sqrt(np.diag(G))
        pairs = self.structure.pairs
        scale = np.where(sd > 0.0, sd, 1.0)
        rho = np.array([G[a, b] / (scale[a] * scale[b]) for a, b in pairs])
        part = {"CS": [*sd[:1] ** 2, *rho[:1]], "HCS": [*sd, *rho[:1]], "DIAG": sd**2, "UN": [*sd, *rho]}[
            self.structure.kind
        ]
        if self.structure.kind == "UN" and self.triangular:
            L = np.linalg.cholesky(G)
            part = [*np.diag(L), *(L[b, a] for a, b in pairs)]
        return np.concatenate([np.where(self.free, sigma2, 0.0), part])


def _structured(structure: Structure, values: Array, triangular: bool) -> Mapped:
    q = structure.inner.number
    if structure.kind == "DIAG":
        return Mapped(values, np.eye(q), np.zeros((q, q, q)))
    if structure.kind == "CS":
        tau2, rho = values
        curved = np.zeros((2, 2, 2))
        curved[1] = [[0.0, 1.0], [1.0, 0.0]]
        return Mapped(np.array([tau2, tau2 * rho]), np.array([[1.0, 0.0], [rho, tau2]]), curved)
    if structure.kind == "UN" and triangular:
        return _triangular(q, structure.pairs, values)
    return _correlated(q, structure.pairs, values)


def _triangular(q: int, pairs: tuple[tuple[int, int], ...], values: Array) -> Mapped:
    """G = L L' from the diagonal of L and its entries below, quadratic in the parameters."""
    place = {(a, a): a for a in range(q)} | {(b, a): q + index for index, (a, b) in enumerate(pairs)}
    order = [*((a, a) for a in range(q)), *pairs]
    curved = np.zeros((len(order), len(values), len(values)))
    for index, (a, b) in enumerate(order):
        for column in range(min(a, b) + 1):
            i, j = place[a, column], place[b, column]
            curved[index, i, j] += 1.0
            curved[index, j, i] += 1.0
    slopes: Array = curved @ values
    return Mapped(0.5 * slopes @ values, slopes, curved)


def _correlated(q: int, pairs: tuple[tuple[int, int], ...], values: Array) -> Mapped:
    """G from standard deviations and correlations, one correlation for all pairs or one for each."""
    sd, shared = values[:q], len(values) == q + 1
    size = q + len(pairs)
    entries, slopes, curved = np.empty(size), np.zeros((size, len(values))), np.zeros((size, len(values), len(values)))
    entries[:q], slopes[range(q), range(q)] = sd**2, 2.0 * sd
    curved[range(q), range(q), range(q)] = 2.0
    for index, (a, b) in enumerate(pairs, start=q):
        r = q if shared else index
        entries[index] = sd[a] * sd[b] * values[r]
        slopes[index, [a, b, r]] = sd[b] * values[r], sd[a] * values[r], sd[a] * sd[b]
        for i, j, value in ((a, b, values[r]), (a, r, sd[b]), (b, r, sd[a])):
            curved[index, i, j] = curved[index, j, i] = value
    return Mapped(entries, slopes, curved)


def _between(structure: Structure, entries: Array) -> Array:
    q = structure.inner.number
    if structure.kind == "CS":
        common: Array = np.full((q, q), entries[1]) + np.eye(q) * (entries[0] - entries[1])
        return common
    G = np.diag(entries[:q])
    if structure.kind != "DIAG":
        for value, (a, b) in zip(entries[q:], structure.pairs, strict=True):
            G[a, b] = G[b, a] = value
    return G


def kernels(levels: tuple[Level, ...], structure: Structure | None, rows: IntArray) -> Array:
    """Derivative of the covariance by every entry, (m, J, n, n), for effects `rows` (J, n); -1 marks padding."""
    real = (rows >= 0)[:, :, None] & (rows >= 0)[:, None, :]
    parts = [_same(level.codes[rows]) & real for level in levels]
    if structure is not None:
        together = _same(structure.outer.codes[rows]) & real
        inner = structure.inner.codes[rows]
        first, second = inner[:, :, None], inner[:, None, :]
        if structure.kind == "CS":
            parts += [together & (first == second), together & (first != second)]
        else:
            parts += [together & (first == a) & (second == a) for a in range(structure.inner.number)]
        if structure.kind in ("UN", "HCS"):
            parts += [
                together & (((first == a) & (second == b)) | ((first == b) & (second == a))) for a, b in structure.pairs
            ]
    return np.array(parts, dtype=float)


def _same(codes: IntArray) -> BoolArray:
    same: BoolArray = codes[:, :, None] == codes[:, None, :]
    return same
