"""Optima whose covariance between dimensions is singular, against the likelihood written out with dense matrices."""

import numpy as np
import pytest

from analysis.frequentist.mixed_profile import profile_intervals
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.multilevel import fit_multilevel
from analysis.results import Array, Design
from tests.tolerances import ITERATIVE


def few_studies(seed: int, q: int, studies: int) -> tuple[Array, Array, Array, Array]:
    """Effects of q dimensions that vary along one line between few studies."""
    rng = np.random.default_rng(seed)
    study, dimension = np.repeat(np.arange(studies), q), np.tile(np.arange(q), studies)
    vi = rng.uniform(0.05, 0.3, len(study))
    line = rng.normal(size=q) * 0.4
    yi = rng.normal(size=studies)[study] * line[dimension] + rng.normal(size=len(study)) * np.sqrt(vi)
    return yi, vi, study, dimension


def restricted(G: Array, yi: Array, vi: Array, study: Array, dimension: Array) -> float:
    """Harville's restricted log-likelihood, k by k."""
    same = study[:, None] == study[None, :]
    M = np.diag(vi) + same * G[np.ix_(dimension, dimension)]
    X = np.eye(len(G))[dimension]
    W = np.linalg.inv(M)
    A = X.T @ W @ X
    r = yi - X @ np.linalg.solve(A, X.T @ W @ yi)
    dets = np.linalg.slogdet(M)[1] + np.linalg.slogdet(A)[1]
    return float(-0.5 * ((len(yi) - len(G)) * np.log(2 * np.pi) + dets + r @ W @ r))


def fit(yi: Array, vi: Array, study: Array, dimension: Array) -> MultilevelFit:
    q = int(dimension.max()) + 1
    X = np.eye(q)[dimension]
    design = Design(X=X, names=tuple(f"d{i}" for i in range(q)), terms=(), has_intercept=False)
    return fit_multilevel(yi, vi, design, structure=("UN", dimension, study))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("q", "studies"), [(3, 8), (4, 7), (5, 9)])
def test_a_singular_optimum_is_found_and_told(seed: int, q: int, studies: int) -> None:
    yi, vi, study, dimension = few_studies(seed, q, studies)
    ours = fit(yi, vi, study, dimension)
    assert ours.G is not None
    assert ours.convergence.converged
    assert ours.convergence.gradient < 1e-8
    smallest = np.linalg.eigvalsh(ours.G)[0]
    assert bool(ours.convergence.at_boundary) == bool(smallest <= 1e-8 * np.diag(ours.G).max())
    # As metafor's, ours adds half the log-determinant of X'X.
    shift = 0.5 * float(np.log(np.bincount(dimension)).sum())
    height = restricted(ours.G, yi, vi, study, dimension)
    np.testing.assert_allclose(ours.loglik, height + shift, rtol=ITERATIVE)
    rng = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(ours.G)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    for size in (1e-2, 1e-3):
        for _ in range(20):
            moved = root + size * rng.normal(size=(q, q))
            assert restricted(moved @ moved.T, yi, vi, study, dimension) <= height + 1e-10


@pytest.mark.parametrize("kind", ["UN", "CS", "HCS"])
def test_equal_effects_have_no_variance_and_no_correlation(kind: str) -> None:
    ours = fit_multilevel(np.full(6, 0.3), np.full(6, 0.1), structure=(kind, [1, 2] * 3, [1, 1, 2, 2, 3, 3]))
    assert (ours.tau2 == 0.0).all()
    assert np.isnan(ours.rho).all()
    assert "tau2 of 1 is zero" in ours.convergence.at_boundary[0]


def test_equal_effects_of_levels_have_no_variance() -> None:
    ours = fit_multilevel(np.full(6, 0.3), np.full(6, 0.1), levels={"study": [1, 1, 2, 2, 3, 3], "effect": range(6)})
    assert (ours.sigma2 == 0.0).all()
    assert len(ours.convergence.at_boundary) == 2


def test_outcomes_that_agree_to_rounding_correlate_by_one() -> None:
    ours = fit_multilevel(
        np.repeat([0.3, 0.9, -1.0], 2), np.full(6, 1e-3), structure=("UN", [1, 2] * 3, [1, 1, 2, 2, 3, 3])
    )
    assert ours.rho[0] == pytest.approx(1.0)
    for one in profile_intervals(ours):
        assert one.lb <= one.estimate <= one.ub
