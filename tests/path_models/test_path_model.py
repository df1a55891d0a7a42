"""Stage 2: syntax, least squares, fit and intervals, each against another way to the same number."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.errors import ConfigError, ImpossibleValueError, ModelError, SchemaError
from analysis.path_models.correlations import all_pairs, build_correlations, correlation_matrix, sampling_blocks
from analysis.path_models.fit_indices import fit_indices
from analysis.path_models.fitting import PathFit, fit_path_model
from analysis.path_models.implied import build_structure, effects_of, implied, implied_matrix
from analysis.path_models.intervals import delta_interval, effect_records, profile_interval, simulated_interval
from analysis.path_models.pooling import PooledCorrelations
from analysis.path_models.regression import regress
from analysis.path_models.syntax import parse_path_model


def pooled_from(R: np.ndarray, names: tuple[str, ...], n: float = 400.0) -> PooledCorrelations:
    """Correlations of one sample of n with their Olkin-Siotani covariance."""
    pairs = all_pairs(len(names))
    r = R[pairs[:, 0], pairs[:, 1]]
    table = build_correlations(
        ["s"] * len(r), [names[i] for i, _ in pairs], [names[j] for _, j in pairs], r, [n] * len(r), variables=names
    )
    return PooledCorrelations(
        variables=names,
        pairs=pairs,
        r=r,
        vb=sampling_blocks(table).dense(),
        between=np.zeros((len(r), len(r))),
        k=np.ones(len(r), dtype=int),
        n_total=n,
        qe=0.0,
        qe_df=0,
        structure="none",
        method="EE",
        plug_in="pooled",
    )


NAMES = ("x", "w", "m", "y")
R = np.array([[1, 0.3, 0.45, 0.35], [0.3, 1, 0.2, 0.1], [0.45, 0.2, 1, 0.5], [0.35, 0.1, 0.5, 1]])


@pytest.fixture
def fit() -> PathFit:
    return fit_path_model(parse_path_model("m ~ x + w; y ~ m"), pooled_from(R, NAMES))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "y",
        "y ~",
        "y ~ x ~ z",
        "y ~ x + ",
        "y ~ x; x ~ y",
        "a ~ b; b ~ c; c ~ a",
        "y ~ y",
        "y ~ x + x",
        "y ~ x; y ~ x",
        "y ~ x; x ~~ y",
        "m ~ x; y ~ x; m ~~ y; y ~~ m",
        "y ~ __import__('os')",
        "y ~ 2x",
        "y ~ a*x",
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_path_model(text)


def test_reads_causes_before_effects() -> None:
    model = parse_path_model("achievement ~ engagement + relationship\nengagement ~ relationship;")
    assert model.variables == ("relationship", "engagement", "achievement")
    assert model.exogenous == ("relationship",)
    assert len(model.chains("relationship", "achievement")) == 2


def test_implied_correlations_are_those_of_the_reticular_action_model() -> None:
    """Against (I - B)^-1 S (I - B)^-T with S found by solving for unit variances."""
    model = parse_path_model("m ~ x + w; n ~ x + m; y ~ m + n + w; m ~~ y")
    structure = build_structure(model, model.variables, all_pairs(5))
    theta = np.array([0.3, -0.2, 0.25, 0.1, 0.4, 0.2, -0.15, 0.35, 0.12])
    p, place = 5, {name: i for i, name in enumerate(model.variables)}
    B, S = np.zeros((p, p)), np.eye(p)
    for (outcome, cause), value in zip(model.paths, theta, strict=False):
        B[place[outcome], place[cause]] = value
    S[0, 1] = S[1, 0] = theta[7]
    S[place["m"], place["y"]] = S[place["y"], place["m"]] = theta[8]

    def whole(d: np.ndarray) -> np.ndarray:
        T = np.linalg.inv(np.eye(p) - B)
        return np.asarray(T @ (S - np.diag(np.diag(S)) + np.diag(d)) @ T.T)

    found = optimize.fsolve(lambda d: np.diag(whole(d)) - 1, np.ones(p), xtol=1e-14)
    np.testing.assert_allclose(implied_matrix(structure, theta), whole(found), atol=1e-12)


def test_finds_the_minimum_of_another_optimiser(fit: PathFit) -> None:
    V, r = pooled_from(R, NAMES).vb, pooled_from(R, NAMES).r

    def discrepancy(t: np.ndarray) -> float:
        mx, mw, ym, xw = t
        xm, wm = mx + mw * xw, mw + mx * xw
        e = r - np.array([xw, xm, wm, xm * ym, wm * ym, ym])
        return float(e @ np.linalg.solve(V, e))

    best = optimize.minimize(
        discrepancy, np.full(4, 0.1), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 10000}
    )
    np.testing.assert_allclose(fit.theta, best.x, atol=1e-7)
    assert fit.indices.chi2 == pytest.approx(best.fun, rel=1e-10)
    assert fit.indices.df == 2
    assert fit.indices.null_chi2 == pytest.approx(float(r @ np.linalg.solve(V, r)))
    # Standard errors from the second differences of the discrepancy at a perfect fit.
    exact = fit_path_model(fit.structure.model, with_r(implied(fit.structure, fit.theta)))
    h = 1e-4 * np.eye(4)
    H = np.array(
        [
            [
                (
                    exact.discrepancy(exact.theta + a + b)
                    - exact.discrepancy(exact.theta + a - b)
                    - exact.discrepancy(exact.theta - a + b)
                    + exact.discrepancy(exact.theta - a - b)
                )
                / 4e-8
                for b in h
            ]
            for a in h
        ]
    )
    np.testing.assert_allclose(np.linalg.inv(H / 2), exact.vb, rtol=1e-4, atol=1e-9)


def with_r(r: np.ndarray) -> PooledCorrelations:
    return pooled_from(correlation_matrix(r, 4), NAMES)


def test_indices_of_fit() -> None:
    residuals = np.array([0.02, -0.03, 0.0, 0.05, 0.01, -0.02])
    found = fit_indices(7.5, 2, 300.0, residuals, 500.0)
    assert found.pval == pytest.approx(stats.chi2.sf(7.5, 2))
    assert found.rmsea == pytest.approx(np.sqrt(5.5 / (2 * 499)))
    assert found.cfi == pytest.approx(1 - 5.5 / 294)
    assert found.tli == pytest.approx((300 / 6 - 7.5 / 2) / (300 / 6 - 1))
    assert found.srmr == pytest.approx(np.sqrt((residuals**2).mean()))
    for limit, tail in ((found.rmsea_lb, 0.95), (found.rmsea_ub, 0.05)):
        assert limit is not None
        assert stats.ncx2.cdf(7.5, 2, limit**2 * 2 * 499) == pytest.approx(tail, abs=1e-6)
    assert fit_indices(0.1, 2, 300.0, residuals, 500.0).rmsea_ub == 0.0


def test_profile_is_that_of_a_grid() -> None:
    """Brute force: the discrepancy on a fine grid of a and b, the least for every value of their product."""
    names, n = ("x", "m", "y"), 60.0
    R3 = np.array([[1, 0.3, 0.2], [0.3, 1, 0.35], [0.2, 0.35, 1]])
    pooled = pooled_from(R3, names, n)
    fit = fit_path_model(parse_path_model("m ~ x; y ~ m"), pooled)
    effect = next(e for e in effects_of(fit.structure) if e.kind == "indirect")
    inverse, bound = np.linalg.inv(pooled.vb), stats.chi2.ppf(0.95, 1)
    a, b = np.meshgrid(np.linspace(-0.2, 0.8, 2001), np.linspace(-0.2, 0.8, 2001), indexing="ij")
    e = pooled.r - np.stack([a, a * b, b], axis=-1)
    inside = np.einsum("...i,ij,...j->...", e, inverse, e) <= fit.indices.chi2 + bound
    lower, upper = profile_interval(fit, effect)
    assert lower == pytest.approx((a * b)[inside].min(), abs=4e-4)
    assert upper == pytest.approx((a * b)[inside].max(), abs=4e-4)
    # Not symmetric about the estimate, as the delta method would have it.
    estimate = float(effect.value(fit.theta))
    assert upper - estimate > 1.05 * (estimate - lower)


def test_intervals_of_a_product(fit: PathFit) -> None:
    effect = next(e for e in effects_of(fit.structure) if e.name == "x -> m -> y")
    a, b = fit.theta[0], fit.theta[2]
    V = fit.vb[np.ix_([0, 2], [0, 2])]
    se = delta_interval(fit, effect)[0]
    assert se == pytest.approx(np.sqrt(b**2 * V[0, 0] + a**2 * V[1, 1] + 2 * a * b * V[0, 1]), rel=1e-12)
    lower, upper = simulated_interval(fit, effect, seed=1)
    assert (lower, upper) == simulated_interval(fit, effect, seed=1)
    assert lower == pytest.approx(delta_interval(fit, effect)[1], abs=0.1 * se * 2)
    records = effect_records(fit, seed=1, draws=500)
    indirect = {r["interval"] for r in records if r["kind"] == "indirect"}
    assert indirect == {"delta", "monte_carlo", "profile"}


def test_total_is_direct_and_indirect() -> None:
    fit = fit_path_model(parse_path_model("m ~ x; n ~ x + m; y ~ x + m + n"), pooled_from(R, ("x", "m", "n", "y")))
    found = {e.name: float(e.value(fit.theta)) for e in effects_of(fit.structure)}
    # Without other causes the total effect is the correlation.
    assert found["x => y"] == pytest.approx(R[0, 3], rel=1e-12)
    assert found["x -> ... -> y"] == pytest.approx(R[0, 3] - found["x -> y"], rel=1e-12)


def test_saturated_least_squares_is_regression() -> None:
    pooled = pooled_from(R, NAMES)
    fit = fit_path_model(parse_path_model("y ~ x + w + m"), pooled)
    closed = regress(pooled, "y", ("x", "w", "m"))
    np.testing.assert_allclose(fit.theta[:3], closed.beta, rtol=1e-10)
    np.testing.assert_allclose(fit.se[:3], closed.se, rtol=1e-10)
    assert fit.indices.note == "saturated, no fit to test"
    assert fit.indices.rmsea is None


@pytest.mark.parametrize(
    ("text", "words"), [("y ~ x", "the same variables"), ("m ~ x + w; y ~ m + x + w; m ~~ y", "Take out paths")]
)
def test_refuses_a_model(text: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        fit_path_model(parse_path_model(text), pooled_from(R, NAMES))


def test_parameters_that_cannot_be_told_apart() -> None:
    zero = R.copy()
    names = ("x", "m", "w", "y")
    zero[:] = np.eye(4)
    zero[1, 3] = zero[3, 1] = 0.3
    with pytest.raises(ModelError, match="told apart"):
        fit_path_model(parse_path_model("m ~ x; y ~ m + w; m ~~ y"), pooled_from(zero, names))


@pytest.mark.parametrize(
    ("change", "error"),
    [({"ri": [1.0, 0.2]}, ImpossibleValueError), ({"second": ["b", "b"]}, ImpossibleValueError)],
)
def test_refuses_a_table(change: dict[str, Any], error: type[Exception]) -> None:
    given: dict[str, Any] = {"study": [1, 1], "first": ["a", "a"], "second": ["b", "c"], "ri": [0.1, 0.2]}
    with pytest.raises(error):
        build_correlations(**{**given, **change}, ni=[50, 50])


def test_refuses_a_pair_that_nobody_reports() -> None:
    with pytest.raises(SchemaError, match="b-c"):
        build_correlations([1, 1], ["a", "a"], ["b", "c"], [0.1, 0.2], [50, 50])


def test_a_grid_of_starts_changes_nothing(fit: PathFit) -> None:
    values = [fit.discrepancy(np.array(t)) for t in product((-0.3, 0.0, 0.3, 0.6), repeat=4)]
    assert min(values) >= fit.indices.chi2
