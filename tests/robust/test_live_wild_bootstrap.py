"""The cluster wild bootstrap against the long way in R, against the definition of its weights, and its error rate."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.covariance import BlockCovariance, diagonal_covariance, group_effects
from analysis.errors import ModelError
from analysis.frequentist import cluster_wild_bootstrap
from analysis.frequentist.sandwich import whiten, whiten_design
from analysis.frequentist.wild_bootstrap import _all_signs, _drawn, _prepare, _statistics
from analysis.measures import vcalc
from tests.conftest import RunR
from tests.tolerances import METAFOR

SIZES = (1, 2, 3, 4, 4, 5)
CHOICES: dict[str, tuple[list[int], str, str]] = {
    "one": ([1], "CR2", "CR0"),
    "joint": ([1, 2], "CR1", "CR0"),
    "adjusted": ([2], "CR2", "CR2"),
}


def drawn(sizes: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray, BlockCovariance, np.ndarray]:
    random = np.random.default_rng(seed)
    cluster = np.array([f"s{number}" for number, size in enumerate(sizes) for _ in range(size)])
    k = len(cluster)
    X = np.column_stack([np.ones(k), random.normal(size=k), random.normal(size=k)])
    V = vcalc(random.uniform(0.05, 0.3, k), cluster, rho=0.4).covariance
    return random.normal(size=k), X, V, cluster


def test_all_signs_are_the_long_way_in_r(r: RunR) -> None:
    yi, X, V, cluster = drawn(SIZES, 4)
    code = (Path(__file__).parent / "wild.R").read_text(encoding="utf-8")
    answers = r(code, yi=yi.tolist(), X=X.tolist(), V=V.dense().tolist(), cluster=cluster.tolist())
    for name, (columns, kind, residuals) in CHOICES.items():
        theirs = answers[name]
        ours = cluster_wild_bootstrap(yi, X, V, cluster, np.eye(3)[columns], seed=1, kind=kind, residuals=residuals)
        assert ours.exact
        assert ours.draws == theirs["number"] / 2
        assert_allclose(ours.stat, theirs["stat"], rtol=METAFOR)
        more = residuals == "CR2"
        assert_allclose(ours.pval, (theirs["reached"] / 2 + more) / (ours.draws + more), rtol=METAFOR)
        assert "all were used (32 that differ)" in ours.notes[0]
        clusters = group_effects(cluster)
        white = whiten_design(X, V, clusters)
        _, null = _prepare(white, whiten(white.roots, clusters, yi), np.eye(3)[columns], kind, residuals)
        assert_allclose(np.sort(_statistics(null, _all_signs(len(SIZES)))), theirs["drawn"][::2], rtol=METAFOR)


def test_random_signs_come_near_all_signs() -> None:
    sizes = (3,) * 13
    yi, X, V, cluster = drawn(sizes, 5)
    L = [[0.0, 1.0, 0.0]]
    one, two = (cluster_wild_bootstrap(yi, X, V, cluster, L, seed=seed, draws=20_000) for seed in (1, 2))
    assert not one.exact
    assert not one.notes
    # Two binomial shares of 20,000 draws each.
    assert abs(one.pval - two.pval) < 4.0 * np.sqrt(2.0 * 0.25 / 20_000)
    assert one.pval == cluster_wild_bootstrap(yi, X, V, cluster, L, seed=1, draws=20_000).pval


@pytest.mark.parametrize(("weights", "third"), [("rademacher", 0.0), ("mammen", 1.0), ("webb", 0.0)])
def test_weights_have_their_moments(weights: str, third: float) -> None:
    eta = _drawn(weights, 1000, 1000, 7)
    assert_allclose([eta.mean(), (eta**2).mean(), (eta**3).mean()], [0.0, 1.0, third], atol=0.01)


@pytest.mark.parametrize(("weights", "points"), [("mammen", 2), ("webb", 6)])
def test_other_weights_are_drawn(weights: str, points: int) -> None:
    assert len(np.unique(_drawn(weights, 100, 10, 7))) == points
    yi, X, V, cluster = drawn(SIZES, 4)
    found = cluster_wild_bootstrap(yi, X, V, cluster, np.eye(3)[[1]], seed=1, draws=99, weights=weights)
    assert not found.exact
    assert 0.0 < found.pval <= 1.0


def test_the_error_rate_is_the_nominal_one_with_few_clusters() -> None:
    random = np.random.default_rng(11)
    cluster = np.repeat(np.arange(10), [2, 2, 3, 3, 4, 4, 5, 5, 6, 6])
    codes = group_effects(cluster).codes
    runs, rejected = 1000, 0
    V = diagonal_covariance(np.full(len(cluster), 0.2))
    for _ in range(runs):
        # A moderator of the clusters, and a dependence within them that the working model does not know.
        X = np.column_stack([np.ones(len(cluster)), random.normal(size=10)[codes]])
        yi = np.sqrt(0.3) * random.normal(size=10)[codes] + np.sqrt(0.2) * random.normal(size=len(cluster))
        rejected += cluster_wild_bootstrap(yi, X, V, cluster, [[0.0, 1.0]], seed=1).pval <= 0.05
    # Nominal 5 per cent, within four standard errors of 1,000 runs (0.7 per cent each).
    assert 0.022 < rejected / runs < 0.078


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"weights": "normal"}, "normal is not known"),
        ({"kind": "HC3"}, "HC3 is not known"),
        ({"draws": 0}, "at least 1"),
        ({"L": [[0, 1, 0], [0, 2, 0]]}, "redundant"),
        ({"L": [[0, 1]]}, "one column per"),
        ({"cluster": ["a"] * sum(SIZES)}, "one cluster"),
    ],
)
def test_what_cannot_be_tested_is_refused(choices: dict[str, Any], message: str) -> None:
    yi, X, V, cluster = drawn(SIZES, 4)
    given = {"cluster": cluster, "L": [[0, 1, 0]], **choices}
    with pytest.raises(ModelError, match=message):
        cluster_wild_bootstrap(yi, X, V, seed=1, **given)
