"""Stage 1: pool correlation matrices (Cheung 2014, Behavior Research Methods 46, 29-40)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.covariance import BlockCovariance
from analysis.errors import ModelError
from analysis.frequentist.laws import critical
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.multilevel import fit_multilevel
from analysis.path_models.correlations import Correlations, PlugIn, correlation_matrix, sampling_blocks
from analysis.results import Array, Design, IntArray

type Records = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledCorrelations:
    """Pooled correlations and how sure they are.

    Attributes
    ----------
    variables : tuple of str
    pairs : (m, 2)
    r, vb : (m,), (m, m)
        Correlations and their asymptotic covariance.
    between : (m, m)
        Covariance between studies; zeros for a common correlation matrix.
    k : (m,)
        Studies that report each.
    n_total : float
        Persons of all studies.
    qe, qe_df : float, int
        Homogeneity of the matrices, from the sampling covariance alone.
    """

    variables: tuple[str, ...]
    pairs: IntArray
    r: Array
    vb: Array
    between: Array
    k: IntArray
    n_total: float
    qe: float
    qe_df: int
    structure: str
    method: str
    plug_in: str

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the m pairs."""
        return tuple(f"{self.variables[i]}-{self.variables[j]}" for i, j in self.pairs)

    def records(self, *, level: float = 95.0) -> Records:
        """One record per pair: r, standard error, limits, studies, tau2."""
        se = np.sqrt(np.diag(self.vb))
        half = critical(level, np.full(len(se), np.inf)) * se
        columns = zip(self.names, self.r, se, self.r - half, self.r + half, np.diag(self.between), self.k, strict=True)
        keys = ("pair", "estimate", "se", "ci_lb", "ci_ub", "tau2", "k")
        return [dict(zip(keys, (row[0], *map(float, row[1:6]), int(row[6])), strict=True)) for row in columns]


def pool_common(table: Correlations, *, plug_in: PlugIn = "pooled") -> PooledCorrelations:
    """Pool as if all studies shared one correlation matrix (generalised least squares; Becker 1992).

    Raises
    ------
    ModelError
        Pooled correlations that no set of variables can have.
    """
    V = sampling_blocks(table, plug_in=plug_in)
    r, vb, qe = _weighted_means(table, V)
    return _pooled(table, r, vb, np.zeros_like(vb), qe, structure="none", method="EE", plug_in=plug_in)


def pool_correlations(
    table: Correlations, *, structure: str = "DIAG", method: str = "REML", plug_in: PlugIn = "pooled"
) -> PooledCorrelations:
    """Pool by multivariate random effects (Jackson, White & Riley 2013; metaSEM's `tssem1` REM is DIAG or UN by ML).

    Parameters
    ----------
    table : Correlations
    structure : {"DIAG", "UN"}
        Covariance between studies: independent, or free. UN needs more studies per pair.
    method : {"REML", "ML"}
    plug_in : {"pooled", "own"}
        As in `sampling_blocks`.

    Raises
    ------
    ModelError
        Pooled correlations that no set of variables can have, variances that the data cannot tell apart.
    ConvergenceError
    """
    V = sampling_blocks(table, plug_in=plug_in)
    design = Design(X=np.eye(len(table.pairs))[table.pair], names=table.names, terms=(), has_intercept=False)
    # Dimensions are told apart by position, so that their order is that of the pairs and not of the alphabet.
    fit = fit_multilevel(
        table.yi, V, design, structure=(structure, table.pair, table.studies.codes), method=method, test="z"
    )
    return _pooled(table, fit.beta, fit.vb, _between(fit), fit.qe, structure=structure, method=method, plug_in=plug_in)


def _between(fit: MultilevelFit) -> Array:
    """Covariance between studies in the order of the pairs."""
    if fit.G is None:
        raise ModelError("the model has no covariance between studies. Choose the structure DIAG or UN.")
    order = np.argsort([int(name) for name in fit.inner_names])
    value: Array = fit.G[np.ix_(order, order)]
    return value


def _weighted_means(table: Correlations, V: BlockCovariance) -> tuple[Array, Array, float]:
    """Weighted least squares means per pair, their covariance, and the weighted residual sum of squares."""
    m = len(table.pairs)
    A, b, total = np.zeros((m, m)), np.zeros(m), 0.0
    for rows, block in zip(table.studies.rows, V.blocks, strict=True):
        X, y = np.eye(m)[table.pair[rows]], table.yi[rows]
        WX = np.linalg.solve(block, X)
        A += np.einsum("jni,jnm->im", X, WX)
        b += np.einsum("jni,jn->i", WX, y)
        total += float((y * np.linalg.solve(block, y[..., None])[..., 0]).sum())
    vb = np.linalg.inv(A)
    r = vb @ b
    return r, vb, total - float(b @ r)


def _pooled(
    table: Correlations, r: Array, vb: Array, between: Array, qe: float, *, structure: str, method: str, plug_in: str
) -> PooledCorrelations:
    if np.linalg.eigvalsh(correlation_matrix(r, len(table.variables)))[0] <= 0:
        raise ModelError("the pooled correlations do not make a positive definite matrix. Leave out a variable.")
    return PooledCorrelations(
        variables=table.variables,
        pairs=table.pairs,
        r=r,
        vb=vb,
        between=between,
        k=np.bincount(table.pair, minlength=len(r)),
        n_total=table.n_total,
        qe=qe,
        qe_df=len(table.yi) - len(r),
        structure=structure,
        method=method,
        plug_in=plug_in,
    )
