"""Stage 2: fit a path model to pooled correlations by weighted least squares (Cheung & Chan 2005, eq. 7)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from analysis.errors import ConvergenceError, ModelError
from analysis.path_models.fit_indices import FitIndices, fit_indices
from analysis.path_models.implied import Structure, build_structure, implied, implied_matrix, jacobian
from analysis.path_models.pooling import PooledCorrelations
from analysis.path_models.syntax import PathModel
from analysis.results import Array

# Relative size below which a singular value of the derivatives means that a parameter cannot be told from others.
UNIDENTIFIED = 1e-9
STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFit:
    """A fitted path model.

    Attributes
    ----------
    structure : Structure
        Names and positions of the q parameters.
    theta, se, vb : (q,), (q,), (q, q)
        Standardised estimates, standard errors, covariance.
    r, implied, whitener : (m,), (m,), (m, m)
        Pooled and implied correlations; `whitener` W has W'W = the inverse of the pooled covariance.
    residual_variances : (p,)
        Share of variance unexplained, by variable in the model's order.
    indices : FitIndices
    """

    structure: Structure
    theta: Array
    se: Array
    vb: Array
    r: Array
    implied: Array
    whitener: Array
    residual_variances: Array
    indices: FitIndices

    def discrepancy(self, theta: Array) -> float:
        """Weighted squared distance of the pooled from the implied correlations at `theta`."""
        e = self.whitener @ (self.r - implied(self.structure, theta))
        return float(e @ e)

    def records(self) -> list[dict[str, Any]]:
        """One record per parameter: estimate, standard error, z, p."""
        stat = self.theta / self.se
        rows = zip(self.structure.names, self.theta, self.se, stat, chdtrc(1.0, stat**2), strict=True)
        keys = ("parameter", "estimate", "se", "stat", "pval")
        return [dict(zip(keys, (row[0], *map(float, row[1:])), strict=True)) for row in rows]


def fit_path_model(model: PathModel, pooled: PooledCorrelations) -> PathFit:
    """Estimate a path model from pooled correlations and their asymptotic covariance.

    Raises
    ------
    ModelError
        Other variables than the correlations', more parameters than correlations, or ones that cannot be told apart.
    ConvergenceError
        The search did not settle.
    """
    structure = build_structure(model, pooled.variables, pooled.pairs)
    if structure.q > len(pooled.r):
        raise ModelError(f"{structure.q} parameters for {len(pooled.r)} correlations. Take out paths.")
    whitener = np.linalg.inv(np.linalg.cholesky(pooled.vb))
    theta = _search(structure, pooled.r, whitener)
    J = whitener @ jacobian(lambda t: implied(structure, t), theta)
    singular = np.linalg.svd(J, compute_uv=False)
    if singular[-1] <= UNIDENTIFIED * singular[0]:
        raise ModelError("parameters cannot be told apart by these correlations. Take out a path or a `~~`.")
    vb = np.linalg.inv(J.T @ J)
    fitted = implied(structure, theta)
    e = whitener @ (pooled.r - fitted)
    null = float(((whitener @ pooled.r) ** 2).sum())
    indices = fit_indices(float(e @ e), len(pooled.r) - structure.q, null, pooled.r - fitted, pooled.n_total)
    return PathFit(
        structure=structure,
        theta=theta,
        se=np.sqrt(np.diag(vb)),
        vb=vb,
        r=pooled.r,
        implied=fitted,
        whitener=whitener,
        residual_variances=_unexplained(structure, theta),
        indices=indices,
    )


def _search(structure: Structure, r: Array, whitener: Array) -> Array:
    """Levenberg-Marquardt from no paths at all, damped until a step improves."""
    theta, damping = np.zeros(structure.q), 1e-3

    def residuals(t: Array) -> Array:
        value: Array = whitener @ (r - implied(structure, t))
        return value

    e = residuals(theta)
    for _ in range(STEPS):
        J = whitener @ jacobian(lambda t: implied(structure, t), theta)
        A, g = J.T @ J, J.T @ e
        step = np.linalg.solve(A + damping * np.diag(np.diag(A) + 1e-12), g)
        trial = residuals(theta + step)
        small = float(step @ A @ step) <= 1e-24
        if trial @ trial <= e @ e or small:
            theta, e, damping = theta + step, trial, damping * 0.1
        else:
            damping *= 10.0
        if small:
            return theta
    raise ConvergenceError(f"the path model did not settle in {STEPS} steps. Check its paths, or simplify it.")


def _unexplained(structure: Structure, theta: Array) -> Array:
    """Variance of each variable that its predictors leave: 1 for exogenous ones, 1 - b'Rb - 2 b'cov(x, u) else."""
    R, p = implied_matrix(structure, theta), len(structure.model.variables)
    B = np.zeros((p, p))
    for position, (outcome, predictor) in enumerate(structure.paths):
        B[outcome, predictor] = theta[position]
    A = np.eye(p) - B
    value: Array = np.diag(A @ R @ A.T).copy()
    return value
