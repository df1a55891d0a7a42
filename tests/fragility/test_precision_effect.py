"""PET, PEESE, UWLS and WAAP against weighted least squares by statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm

from analysis.errors import ModelError, RankDeficientError, TooFewStudiesError
from analysis.fragility.asymmetry import regtest
from analysis.fragility.precision_effect import peese, pet, pet_peese, uwls, waap_uwls
from tests.tolerances import ITERATIVE

SEEDS = (1, 2, 3)


def drawn(seed: int, effect: float = 0.4, k: int = 24) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    vi = rng.uniform(0.002, 0.3, k)
    return rng.normal(effect + 0.5 * np.sqrt(vi), np.sqrt(vi + 0.01)), vi


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("function", "power"), [(pet, 0.5), (peese, 1.0), (uwls, None)])
def test_they_are_weighted_least_squares(seed: int, function: object, power: float | None) -> None:
    yi, vi = drawn(seed)
    X = np.ones((len(yi), 1)) if power is None else np.column_stack([np.ones(len(yi)), vi**power])
    theirs = sm.WLS(yi, X, weights=1.0 / vi).fit()
    ours = function(yi, vi)  # type: ignore[operator]
    low, high = theirs.conf_int()[0]
    np.testing.assert_allclose(
        [ours.est, ours.se, ours.stat, ours.pval, ours.ci_lb, ours.ci_ub, ours.ddf],
        [theirs.params[0], theirs.bse[0], theirs.tvalues[0], theirs.pvalues[0], low, high, theirs.df_resid],
        rtol=ITERATIVE,
    )
    if power is not None:
        np.testing.assert_allclose(
            [ours.slope, ours.slope_se, ours.slope_pval],
            [theirs.params[1], theirs.bse[1], theirs.pvalues[1]],
            rtol=ITERATIVE,
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_pets_slope_is_eggers_test(seed: int) -> None:
    yi, vi = drawn(seed)
    assert pet(yi, vi).slope_pval == pytest.approx(regtest(yi, vi, model="lm").pval, rel=ITERATIVE)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_rule_is_one_sided_in_the_direction_of_the_effects(seed: int, sign: float) -> None:
    for effect in (0.0, 0.05, 0.1, 0.4):
        yi, vi = drawn(seed, effect)
        found = pet_peese(sign * yi, vi)
        theirs = sm.WLS(sign * yi, np.column_stack([np.ones(24), np.sqrt(vi)]), weights=1.0 / vi).fit()
        with_sign = np.sign(theirs.params[0]) == np.sign(np.average(sign * yi, weights=1.0 / vi))
        one_sided = theirs.pvalues[0] / 2 if with_sign else 1 - theirs.pvalues[0] / 2
        assert found.pval_one_sided == pytest.approx(one_sided, rel=ITERATIVE)
        assert found.chosen.name == ("PEESE" if one_sided < 0.05 else "PET")
        assert found.chosen.name in found.rule


def test_waap_averages_the_powered_studies() -> None:
    yi, vi = drawn(1, 0.8)
    found = waap_uwls(yi, vi)
    powered = np.sqrt(vi) <= abs(np.average(yi, weights=1 / vi)) / 2.8
    assert 2 <= powered.sum() < len(yi)
    theirs = sm.WLS(yi[powered], np.ones((powered.sum(), 1)), weights=1.0 / vi[powered]).fit()
    np.testing.assert_array_equal(found.powered, powered)
    assert found.waap is found.chosen
    np.testing.assert_allclose([found.chosen.est, found.chosen.se], [theirs.params[0], theirs.bse[0]], rtol=ITERATIVE)


def test_waap_gives_way_where_one_study_is_powered() -> None:
    found = waap_uwls([0.3, 0.5, -0.2, 0.1], [0.001, 0.5, 0.4, 0.6])
    assert found.powered.sum() == 1
    assert found.waap is None
    assert found.chosen.name == "UWLS"
    assert "fewer than 2" in found.rule


def test_what_cannot_be_fitted_is_said() -> None:
    with pytest.raises(TooFewStudiesError, match="at least three"):
        pet([0.1, 0.2], [0.1, 0.2])
    with pytest.raises(RankDeficientError, match="same standard error"):
        peese([0.1, 0.2, 0.3], [0.1] * 3)
    with pytest.raises(ModelError, match="lies between 0 and"):
        pet_peese([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], alpha=5)
    said = " ".join(pet([0.1, 0.1, 0.1], [0.1, 0.2, 0.3]).notes)
    assert "3 studies are fewer than 20" in said
    assert "without any scatter" in said
