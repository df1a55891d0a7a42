"""The nearest correlation matrix to one that is not positive definite."""

import numpy as np

from analysis.errors import ConvergenceError
from analysis.results import Array

# Eigenvalues of the repaired matrix are at least this share of the largest: enough for a Cholesky root, too little to
# be seen in a correlation.
SMALLEST_SHARE = 1e-8
STEP = 1e-12
ITERATIONS = 20_000


def nearest_correlation(R: Array) -> Array:
    """The positive definite matrix of unit diagonal that is nearest to `R` in the Frobenius norm.

    Alternating projections on the positive semidefinite matrices and on those of unit diagonal, with Dykstra's
    correction (Higham 2002, IMA J. Numer. Anal. 22(3), 329-343, algorithm 3.3). The nearest matrix is singular;
    eigenvalues below `SMALLEST_SHARE` of the largest are lifted to it and the diagonal is scaled back to one.

    Parameters
    ----------
    R : (..., n, n)
        Symmetric.

    Returns
    -------
    (..., n, n)

    Raises
    ------
    ConvergenceError
        The projections do not settle.
    """
    unit = np.eye(R.shape[-1], dtype=bool)
    current, correction = R, np.zeros_like(R)
    for _ in range(ITERATIONS):
        start = current - correction
        positive = _lift(start, 0.0)
        correction = positive - start
        previous, current = current, np.where(unit, 1.0, positive)
        if np.abs(current - previous).max() < STEP and np.abs(current - positive).max() < STEP:
            return _scaled(_lift(current, SMALLEST_SHARE))
    raise ConvergenceError(
        f"the nearest correlation matrix did not settle in {ITERATIONS} projections. Give correlations that are nearer "
        "to a possible set."
    )


def _lift(A: Array, share: float) -> Array:
    """`A` (..., n, n) with its eigenvalues raised to `share` of the largest."""
    values, vectors = np.linalg.eigh(A)
    raised = np.maximum(values, share * values[..., -1:])
    lifted: Array = (vectors * raised[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    return (lifted + np.swapaxes(lifted, -1, -2)) / 2.0


def _scaled(A: Array) -> Array:
    scale = np.sqrt(np.diagonal(A, axis1=-2, axis2=-1))
    scaled: Array = A / (scale[..., :, None] * scale[..., None, :])
    return np.where(np.eye(A.shape[-1], dtype=bool), 1.0, scaled)
