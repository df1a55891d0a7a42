"""GOSH against metafor, live; its clusters against scipy's k-means and planted outliers."""

import numpy as np
import pytest
from scipy.cluster.vq import kmeans2

from analysis.errors import ModelError
from analysis.fragility.gosh import gosh
from analysis.fragility.gosh_clusters import gosh_clusters, lloyd, silhouette
from tests.conftest import RunR
from tests.fragility.test_influence import READ, near

CODE = (
    READ
    + """
data <- sets$bcg[1:9, ]
all <- as.list(data)
for (method in c("REML", "DL", "EE")) {
  fit <- rma(yi, vi, data = data, method = method, control = tight)
  g <- suppressMessages(gosh(fit, progbar = FALSE))
  all[[method]] <- list(incl = g$incl + 0, k = g$res$k, QE = g$res$QE, I2 = g$res$I2, est = g$res$estimate,
                        tau2 = if (method == "EE") NULL else g$res$tau)
}
all
"""
)


@pytest.mark.parametrize("method", ["REML", "DL", "EE"])
def test_every_subset_is_metafors(r: RunR, method: str) -> None:
    found = r(CODE)
    theirs = found[method]
    ours = gosh(found["yi"], found["vi"], method=method)
    assert ours.exhaustive
    assert len(ours.k) == 2**9 - 1
    rows = {tuple(row): place for place, row in enumerate(ours.incl.astype(int).tolist())}
    order = [rows[tuple(int(cell) for cell in row)] for row in theirs["incl"]]
    assert sorted(order) == list(range(2**9 - 1))
    near(ours.k[order], theirs["k"])
    near(ours.estimate[order, 0], theirs["est"])
    near(ours.qe[order], theirs["QE"])
    near(ours.i2[order], theirs["I2"])


def test_random_subsets_are_drawn_evenly_and_again_by_their_seed() -> None:
    rng = np.random.default_rng(8)
    yi, vi = rng.normal(size=30), rng.uniform(0.1, 0.3, 30)
    first, second = (gosh(yi, vi, method="DL", subsets=4000, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.estimate, second.estimate)
    assert not first.exhaustive
    assert np.abs(first.incl.mean(0) - 0.5).max() < 0.04
    assert any("random sample of 4,000" in note for note in first.notes)


def test_subsets_with_moderators_have_a_study_more_than_coefficients() -> None:
    rng = np.random.default_rng(8)
    yi, vi, x = rng.normal(size=8), rng.uniform(0.1, 0.3, 8), rng.normal(size=8)
    found = gosh(yi, vi, np.column_stack([np.ones(8), x]), method="DL")
    assert found.k.min() == 3
    assert found.estimate.shape == (2**8 - 1 - 8 - 28, 2)


def test_lloyd_is_scipys() -> None:
    rng = np.random.default_rng(4)
    points = rng.normal(size=(400, 2)) + rng.choice([0.0, 4.0], (400, 1))
    starts = points[[0, 100, 300]]
    theirs = kmeans2(points, starts, iter=300, minit="matrix")[1]
    np.testing.assert_array_equal(lloyd(points, starts), theirs)


def test_the_silhouette_is_its_definition() -> None:
    rng = np.random.default_rng(4)
    points, label = rng.normal(size=(40, 2)), rng.integers(0, 3, 40)
    widths = []
    for i in range(40):
        apart = np.linalg.norm(points - points[i], axis=1)
        a = apart[(label == label[i]) & (np.arange(40) != i)].mean()
        b = min(apart[label == other].mean() for other in {0, 1, 2} - {label[i]})
        widths.append((b - a) / max(a, b))
    assert silhouette(points, label) == pytest.approx(np.mean(widths), rel=1e-6)


def test_a_planted_outlier_drives_its_cluster() -> None:
    rng = np.random.default_rng(6)
    vi = np.full(11, 0.02)
    yi = rng.normal(0.2, np.sqrt(vi))
    yi[4], vi[4] = 2.0, 0.005
    cloud = gosh(yi, vi)
    found = gosh_clusters(cloud)
    assert len(found.size) >= 2
    assert found.drives[-1].nonzero()[0].tolist() == [4]
    assert found.silhouette >= 0.5
    inside = cloud.incl[found.label == len(found.size) - 1]
    np.testing.assert_allclose(found.share_inside[-1], inside.mean(0))
    outside = cloud.incl[(found.label >= 0) & (found.label < len(found.size) - 1)]
    np.testing.assert_allclose(found.share_outside[-1], outside.mean(0))


def test_more_clusters_than_points_are_refused() -> None:
    with pytest.raises(ModelError, match="Ask for fewer"):
        gosh_clusters(gosh([0.1, 0.1], [0.1, 0.1]), clusters=3)
