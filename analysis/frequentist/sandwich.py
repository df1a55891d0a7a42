"""The parts of a cluster-robust variance, computed once in coordinates in which the working model is plain.

With `M_j = L_j L_j'` the model's covariance of cluster j, effects and design are multiplied by the inverse of `L_j`,
and the design of all clusters is replaced by an orthonormal basis U of its columns. The hat matrix is then `U U'`, and
the covariance of residuals `I - U U'`, so that no product of two clusters is ever formed.
"""

import math
from dataclasses import dataclass

import numpy as np

from analysis.covariance import BlockCovariance, Blocks, Clusters
from analysis.errors import ModelError, RankDeficientError
from analysis.results import Array, BoolArray

# Directions in which the design leaves a cluster less than this share of its variance count as fitted exactly.
EXACT = 1e-10
RANK_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class WhitenedDesign:
    """A design in the coordinates of its working model.

    Attributes
    ----------
    clusters : Clusters
    roots : one (J, n, n) per size
        Lower triangular `L_j`.
    basis : one (J, n, p) per size
        Rows of U, the orthonormal basis.
    back : (p, p)
        Coefficients of X from those of U: `beta = back @ b`, so `back @ back.T` is the inverse of `X'WX`.
    """

    clusters: Clusters
    roots: Blocks
    basis: Blocks
    back: Array


def whiten_design(X: Array, marginal: BlockCovariance, clusters: Clusters) -> WhitenedDesign:
    """Arrange `X` (k, p) and the model's covariance of the effects.

    Raises
    ------
    ModelError
        A covariance that is not positive definite, or reaches beyond `clusters`.
    RankDeficientError
        Redundant columns in X, or more columns than effects.
    """
    k, p = X.shape
    if not 0 < p <= k:
        raise RankDeficientError(f"X has {p} columns for {k} effects. Use fewer moderators.")
    try:
        roots = tuple(np.linalg.cholesky(block) for block in marginal.regrouped(clusters).blocks)
    except np.linalg.LinAlgError as error:
        raise ModelError(
            "the model's covariance of the effects is not positive definite. Check V and the variance components."
        ) from error
    basis, R = np.linalg.qr(clusters.join(whiten(roots, clusters, X)))
    if (np.abs(np.diagonal(R)) <= RANK_TOLERANCE * np.sqrt((R**2).sum(0))).any():
        raise RankDeficientError("X has a column that is a combination of the others. Drop it from the model.")
    return WhitenedDesign(
        clusters=clusters, roots=roots, basis=clusters.split(basis), back=np.linalg.solve(R, np.eye(p))
    )


def whiten(roots: Blocks, clusters: Clusters, values: Array) -> Blocks:
    """`values` (k, ...) in the coordinates of the working model, one (J, n, ...) per size."""
    wide = values.reshape(len(values), -1)
    parts = [np.linalg.solve(root, part) for root, part in zip(roots, clusters.split(wide), strict=True)]
    return tuple(part.reshape(*part.shape[:2], *values.shape[1:]) for part in parts)


def adjustments(roots: Blocks, basis: Blocks) -> tuple[Blocks, tuple[BoolArray, ...]]:
    """The CR2 adjustment of whitened residuals, one (J, n, n) per size, and which clusters are fitted exactly.

    Under the working model residuals of cluster j have covariance `M - X B X'`; `A = L G^(-1/2) L'` with
    `G = L' (M - X B X') L` turns it into M (Pustejovsky & Tipton 2018, J. Bus. Econ.
    Stat. 36(4), 672-683). Whitened, the adjusted residual
    is `G^(-1/2) L'L` times the whitened one, which is what is returned. Where a coefficient rests on one cluster alone
    G is singular and its Moore-Penrose root is taken.
    """
    found, exact = [], []
    for root, part in zip(roots, basis, strict=True):
        N = np.swapaxes(root, 1, 2) @ root
        inside = part @ np.swapaxes(part, 1, 2)
        values, vectors = np.linalg.eigh(N @ N - N @ inside @ N)
        floor = EXACT * np.square(np.linalg.norm(N, axis=(1, 2)))[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            power = np.where(values > floor, 1.0 / np.sqrt(values), 0.0)
        found.append((vectors * power[:, None, :]) @ np.swapaxes(vectors, 1, 2) @ N)
        exact.append((values <= floor).any(1))
    return tuple(found), tuple(exact)


def score_factors(design: WhitenedDesign, kind: str) -> tuple[Blocks, tuple[BoolArray, ...]]:
    """`F_j`, one (J, p, n) per size, that turn whitened residuals into adjusted scores, and who is fitted exactly.

    Raises
    ------
    ModelError
        Too few clusters or effects for a correction that divides by their excess over the coefficients.
    """
    across = tuple(np.swapaxes(part, 1, 2) for part in design.basis)
    if kind == "CR2":
        adjusted, exact = adjustments(design.roots, design.basis)
        return tuple(part @ other for part, other in zip(across, adjusted, strict=True)), exact
    factor = math.sqrt(_inflation(kind, design.clusters.number, design.clusters.k, len(design.back)))
    return tuple(factor * part for part in across), tuple(np.zeros(len(part), dtype=bool) for part in across)


def _inflation(kind: str, number: int, k: int, p: int) -> float:
    """Small-sample factor of the variance (Cameron & Miller 2015, J. Hum. Resour. 50(2), 317-372)."""
    if (kind == "CR1p" and number <= p) or (kind == "CR1S" and k <= p):
        raise ModelError(f"{kind} needs more clusters (CR1S: effects) than the {p} coefficients. Use CR2.")
    return {
        "CR0": 1.0,
        "CR1": number / (number - 1),
        "CR1p": number / (number - p) if number > p else math.nan,
        "CR1S": number * (k - 1) / ((number - 1) * (k - p)) if k > p else math.nan,
    }[kind]
