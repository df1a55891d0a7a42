"""Regression from pooled correlations in closed form, as metafor's `matreg` does (Becker & Schram 1994)."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from analysis.errors import ModelError
from analysis.frequentist.laws import critical
from analysis.path_models.correlations import correlation_matrix
from analysis.path_models.pooling import PooledCorrelations
from analysis.results import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """Standardised coefficients (q,), their covariance, limits, explained share `r2` (0 to 1), omnibus test."""

    outcome: str
    names: tuple[str, ...]
    beta: Array
    se: Array
    vb: Array
    stat: Array
    pval: Array
    ci_lb: Array
    ci_ub: Array
    r2: float
    qm: float
    qm_pval: float


def regress(
    pooled: PooledCorrelations, outcome: str, predictors: tuple[str, ...], *, level: float = 95.0
) -> Regression:
    """Regress one variable on others.

    `b = Rxx^-1 rxy`; with `L` its derivatives by the pooled correlations, `vb = L V L'`.

    Raises
    ------
    ModelError
        Names that the correlations do not know.
    """
    if unknown := {outcome, *predictors} - set(pooled.variables):
        raise ModelError(f"{', '.join(sorted(unknown))} is not among {', '.join(pooled.variables)}. Check the names.")
    y, x = pooled.variables.index(outcome), [pooled.variables.index(name) for name in predictors]
    R = correlation_matrix(pooled.r, len(pooled.variables))
    inverse = np.linalg.inv(R[np.ix_(x, x)])
    beta = inverse @ R[x, y]
    # A change dR of the matrix changes b by Rxx^-1 (drxy - dRxx b); one dR for every correlation.
    change = correlation_matrix(np.eye(len(pooled.r)), len(pooled.variables)) - np.eye(len(pooled.variables))
    L = (change[:, x, y] - change[:, x][:, :, x] @ beta) @ inverse
    vb = L.T @ pooled.vb @ L
    se = np.sqrt(np.diag(vb))
    half = critical(level, np.full(len(se), np.inf)) * se
    qm = float(beta @ np.linalg.solve(vb, beta))
    return Regression(
        outcome=outcome,
        names=predictors,
        beta=beta,
        se=se,
        vb=vb,
        stat=beta / se,
        pval=chdtrc(1.0, (beta / se) ** 2),
        ci_lb=beta - half,
        ci_ub=beta + half,
        r2=float(beta @ R[x, y]),
        qm=qm,
        qm_pval=float(chdtrc(float(len(beta)), qm)),
    )
