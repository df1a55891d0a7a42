"""Attachment, alliance, outcome from published values: readings, propagation, sensitivity."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.errors import ClaimError, ModelError
from analysis.files import read_dataset
from analysis.path_models.attachment import DIMENSIONS, Claims, read_options
from analysis.path_models.mediation import (
    assumption_records,
    input_records,
    mediation_effects,
    sensitivity_records,
    simulate_mediation,
)
from analysis.path_models.published import PublishedCorrelation, from_d_credibility, from_limits, from_p

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def claims() -> Claims:
    names = ("levy2011", "notsu2024", "diener2011", "fluckiger2018")
    return [row for name in names for row in read_dataset(DATA / f"{name}_claims").claims]


def made(r: float, se: float) -> PublishedCorrelation:
    return PublishedCorrelation(
        first="a", second="b", z=float(np.arctanh(r)), se=se, source="made", reading="made", assumed=False
    )


def test_readings() -> None:
    limits = from_limits("a", "b", 0.278, 0.256, 0.299, source="s")
    assert limits.se == pytest.approx((np.arctanh(0.299) - np.arctanh(0.256)) / (2 * stats.norm.ppf(0.975)))
    p = from_p("a", "b", -0.13, 0.001, about="printed <.001", source="s")
    assert 2 * stats.norm.sf(abs(p.z) / p.se) == pytest.approx(0.001)
    d = from_d_credibility("a", "b", -0.46, -0.608, -0.32, k=14, n_total=1467, source="s")
    assert d.r == pytest.approx(-0.46 / np.sqrt(0.46**2 + 4))
    sd = 0.288 / (2 * stats.norm.ppf(0.9))
    se = np.sqrt(sd**2 / 14 + 4 * (1 + 0.46**2 / 8) / 1467)
    h = 1e-6
    assert d.se == pytest.approx(se * (np.arcsinh((-0.46 + h) / 2) - np.arcsinh((-0.46 - h) / 2)) / (2 * h), rel=1e-6)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_numbers_are_those_of_the_claims(claims: Claims, dimension: str) -> None:
    first, second, third = (options[0] for options in read_options(claims, dimension))
    assert first.r == pytest.approx({"security": 0.17, "anxiety": -0.09, "avoidance": -0.13}[dimension])
    assert second.r == pytest.approx(0.278)
    d = {"security": 0.37, "anxiety": -0.46, "avoidance": -0.014}[dimension]
    assert third.r == pytest.approx(d / np.sqrt(d**2 + 4))


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_small_errors_give_the_delta_method(claims: Claims, dimension: str) -> None:
    """The spread of draws against a first-order propagation by central differences, errors shrunk tenfold."""
    base = tuple(options[0] for options in read_options(claims, dimension))
    z, se = np.array([one.z for one in base]), np.array([one.se for one in base]) / 10
    small = tuple(made(one.r, one.se / 10) for one in base)
    found = simulate_mediation((small[0], small[1], small[2]), seed=3, draws=200_000)
    h = 1e-6 * np.eye(3)
    slopes = np.array([(mediation_effects(np.tanh(z + s)) - mediation_effects(np.tanh(z - s))) / 2e-6 for s in h])
    np.testing.assert_allclose(found.draws.std(0), np.sqrt(((slopes * se[:, None]) ** 2).sum(0)), rtol=0.01)
    assert found.share_positive_definite == 1.0


def test_effects_are_partial_regressions() -> None:
    R = np.array([[1, 0.3, 0.25], [0.3, 1, 0.4], [0.25, 0.4, 1]])
    b = np.linalg.solve(R[:2, :2], R[:2, 2])
    found = mediation_effects(np.array([0.3, 0.4, 0.25]))
    np.testing.assert_allclose(found, [0.3, b[1], b[0], 0.3 * b[1], 0.25], rtol=1e-12)
    assert found[2] + found[3] == pytest.approx(found[4])


def test_impossible_draws_are_counted_and_dropped() -> None:
    found = simulate_mediation((made(0.7, 0.3), made(0.7, 0.3), made(0.1, 0.3)), seed=1, draws=20_000)
    z = np.arctanh([0.7, 0.7, 0.1]) + 0.3 * np.random.default_rng(1).standard_normal((20_000, 3))
    R = np.tanh(z)
    whole = np.ones((20_000, 3, 3))
    for i, (a, b) in enumerate(((0, 1), (1, 2), (0, 2))):
        whole[:, a, b] = whole[:, b, a] = R[:, i]
    share = float((np.linalg.eigvalsh(whole)[:, 0] > 0).mean())
    assert 0.3 < share < 0.9
    assert found.share_positive_definite == pytest.approx(share, abs=1e-4)
    assert found.records()[0]["share_pd"] == found.share_positive_definite


def test_sensitivity_and_assumptions(claims: Claims) -> None:
    options = read_options(claims, "avoidance")
    rows = sensitivity_records(options, seed=1, error_correlations=(0.0, 0.3), draws=5000)
    assert rows[0]["choice"] == "base"
    assert {row["effect"] for row in rows} == {"direct", "indirect"}
    assert len(rows) == 2 * (1 + sum(len(o) - 1 for o in options) + 1)
    mediation = simulate_mediation((options[0][0], options[1][0], options[2][0]), seed=1, draws=5000)
    shares = [row["variance_share"] for row in input_records(mediation)]
    assert sum(shares) == pytest.approx(1.0)
    words = " ".join(row["statement"] for row in assumption_records(mediation))
    assert "80 % credibility" in words
    assert "at the bound" in words
    assert "independent" in words


def test_refusals(claims: Claims) -> None:
    with pytest.raises(ClaimError, match="not among"):
        read_options(claims, "disorganised")
    with pytest.raises(ClaimError, match="no claim"):
        read_options([], "security")
    with pytest.raises(ModelError, match="three variables"):
        simulate_mediation((made(0.9, 0.1), made(0.9, 0.1), made(-0.9, 0.1)), seed=1)
    with pytest.raises(ClaimError):
        from_limits("a", "b", 0.5, 0.6, 0.7, source="s")
