"""The honesty panel against R's noncentral t, against `power.t.test`, and against counts and variances by hand."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from analysis.errors import ModelError
from analysis.frequentist.honesty import between_within, cell_support, contrast_power, tertiles
from tests.conftest import RunR
from tests.tolerances import CLOSED_FORM, ITERATIVE

CASES = [(0.1, 5.0, 0.3, 95.0), (0.2, 1.5, -0.5, 95.0), (0.05, 37.4, 0.1, 90.0), (1.0, 200.0, 0.1, 99.0)]
POWER = """
power <- function(ncp, df, level) {
  reach <- qt(.5 + level / 200, df)
  pt(reach, df, ncp, lower.tail = FALSE) + pt(-reach, df, ncp)
}
list(power = mapply(function(se, df, effect, level) power(abs(effect) / se, df, level), se, df, effect, level),
     detectable = mapply(function(se, df, level) {
       se * uniroot(function(ncp) power(ncp, df, level) - .8, c(0, 60), tol = 1e-13)$root
     }, se, df, level))
"""


def test_power_is_that_of_the_noncentral_t(r: RunR) -> None:
    columns = dict(zip(("se", "df", "effect", "level"), map(list, zip(*CASES, strict=True)), strict=True))
    theirs = r(POWER, **columns)
    ours = [contrast_power(*case) for case in CASES]
    assert_allclose([found.power for found in ours], theirs["power"], rtol=ITERATIVE)
    assert_allclose([found.detectable for found in ours], theirs["detectable"], rtol=ITERATIVE)


def test_power_is_that_of_power_t_test(r: RunR) -> None:
    # Two groups of 20 and a standard deviation of 1: the difference has se sqrt(2 / 20) and 38 degrees of freedom.
    theirs = r("list(power = power.t.test(n = 20, delta = .7, sd = 1, strict = TRUE)$power)")["power"]
    assert_allclose(contrast_power(math.sqrt(0.1), 38.0, 0.7).power, theirs, rtol=ITERATIVE)


def test_a_z_test_finds_2_8_standard_errors() -> None:
    # 1.959964 + 0.841621; the other tail, 1e-6 over a density of 0.28, takes 3e-6 off.
    found = contrast_power(1.0, math.inf, 0.0)
    assert_allclose(found.detectable, 2.801585, atol=5e-6)
    assert_allclose(found.power, 0.05, rtol=CLOSED_FORM)


@pytest.mark.parametrize("ddf", [0.7, 1.0, 3.0, 1e5])
def test_what_is_detectable_has_the_planned_power(ddf: float) -> None:
    detectable = contrast_power(0.3, ddf, 1.0).detectable
    assert_allclose(contrast_power(0.3, ddf, detectable).power, 0.8, rtol=ITERATIVE)


@pytest.mark.parametrize(("se", "ddf", "effect", "level"), [(0.0, 5, 1, 95), (1, 0, 1, 95), (1, 5, math.nan, 95)])
def test_what_has_no_power_is_refused(se: float, ddf: float, effect: float, level: float) -> None:
    with pytest.raises(ModelError, match="power needs"):
        contrast_power(se, ddf, effect, level)
    with pytest.raises(ModelError, match="cannot be planned"):
        contrast_power(1.0, 5.0, 1.0, level=10.0)


def test_cells_are_counted_and_empty_ones_shown() -> None:
    found = cell_support(
        ["anxiety", "anxiety", "avoidance", "anxiety", "avoidance"],
        ["low", "high", "low", "low", None],
        ["s1", "s1", "s1", "s2", "s3"],
        ["lab", "lab", "lab", "lab", "other"],
    )
    assert [(cell.factor, cell.moderator, cell.effects, cell.studies, cell.clusters) for cell in found] == [
        ("anxiety", "low", 2, 2, 1),
        ("anxiety", "high", 1, 1, 1),
        ("avoidance", "low", 1, 1, 1),
        ("avoidance", "high", 0, 0, 0),
    ]
    assert all(cell.sparse for cell in found)
    assert not cell_support(["a"] * 4, ["x"] * 4, [1, 2, 3, 4])[0].sparse


def test_tertiles_are_those_of_the_studies() -> None:
    words = tertiles([1.0, 1.0, 1.0, 1.0, 2.0, 3.0, np.nan], ["s1", "s1", "s1", "s1", "s2", "s3", "s4"])
    assert words.tolist() == ["low", "low", "low", "low", "middle", "high", None]


def test_the_split_is_that_of_an_analysis_of_variance(r: RunR) -> None:
    x, cluster = [1.0, 2.0, 4.0, 3.0, 3.5, 9.0, 2.0], ["a", "a", "b", "b", "b", "c", "a"]
    theirs = r(
        """table <- anova(lm(x ~ factor(cluster)))
           list(mean = I(ave(x, cluster)), share = table[["Sum Sq"]][1] / sum(table[["Sum Sq"]]))""",
        x=x,
        cluster=cluster,
    )
    ours = between_within(x, cluster)
    assert_allclose(ours.between, theirs["mean"], rtol=CLOSED_FORM)
    assert_allclose(ours.share_between, theirs["share"], rtol=CLOSED_FORM)
    assert_allclose(ours.between + ours.within, x, rtol=CLOSED_FORM)
    assert (ours.varying, ours.n_clusters, ours.ecological) == (2, 3, False)


def test_a_moderator_of_studies_is_flagged() -> None:
    ours = between_within([0.1, 0.1, 0.1, 0.3, 0.3], [1, 1, 1, 2, 2])
    assert ours.ecological
    assert ours.share_between == 1.0
    assert_array_equal(ours.within, 0.0)
    assert ours.varying == 0


def test_a_constant_moderator_has_no_shares() -> None:
    ours = between_within([0.1, 0.1, 0.1], [1, 1, 2])
    assert math.isnan(ours.share_between)
    assert not ours.ecological


def test_missing_moderators_are_refused() -> None:
    with pytest.raises(ModelError, match="missing"):
        between_within([0.1, np.nan], [1, 2])
