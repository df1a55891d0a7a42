"""Profile-likelihood intervals and curves against metafor's confint and profile, their roots tightened."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.frequentist.mixed_profile import component_names, profile, profile_interval, profile_intervals
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.multilevel import fit_multilevel
from tests.multilevel.test_live_multilevel import fit
from tests.tolerances import ITERATIVE, METAFOR


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    """All of it in one R process."""
    result: dict[str, Any] = r((Path(__file__).parent / "profiles.R").read_text(encoding="utf-8"))
    return result


def refit(name: str, theirs: dict[str, Any]) -> MultilevelFit:
    method = "ML" if name.endswith(" ML") else "REML"
    for kind in ("UN", "CS", "HCS", "DIAG"):
        if f" {kind} " in name:
            return fit(theirs, structure=(kind, theirs["inner"], theirs["outer"]), method=method)
    return fit(theirs, levels={"outer": theirs["outer"], "inner": theirs["inner"]}, method=method)


NAMES = (
    "konstantopoulos REML",
    "konstantopoulos ML",
    "berkey UN REML",
    "berkey CS REML",
    "berkey HCS REML",
    "berkey DIAG REML",
    "berkey UN ML",
    "assink",
    "three UN REML",
)


@pytest.mark.parametrize("name", NAMES)
def test_limits(answers: dict[str, Any], name: str) -> None:
    ours = profile_intervals(refit(name, answers[name]))
    theirs = answers[name]["found"]
    assert [one.component.split("[")[0] for one in ours] == [one["type"] for one in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        # A limit is a root of the profile: it carries more digits than metafor's estimate between the limits.
        np.testing.assert_allclose([mine.lb, mine.ub], other["limits"][1:], rtol=METAFOR, err_msg=mine.component)


def test_curve(answers: dict[str, Any]) -> None:
    theirs = answers["curve"]
    name = "konstantopoulos REML"
    ours = profile(refit(name, answers[name]), "sigma2[outer]", theirs["values"])
    np.testing.assert_allclose(ours.loglik, theirs["ll"], rtol=ITERATIVE)
    assert (ours.loglik <= ours.maximum + 1e-9).all()


def small(**choices: Any) -> MultilevelFit:
    rng = np.random.default_rng(choices.pop("seed", 1))
    study, dimension = np.repeat(np.arange(6), 2), np.tile(["a", "b"], 6)
    yi = choices.pop("spread", 0.5) * rng.normal(size=6)[study] + 0.1 * rng.normal(size=12)
    given: dict[str, Any] = {"structure": ("UN", dimension, study), **choices}
    return fit_multilevel(yi, np.full(12, 0.04), **given)


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_limits_hold_the_estimate_and_their_range_where_the_optimum_is_singular(spread: float) -> None:
    ours = small(spread=spread)
    assert ours.convergence.at_boundary
    for one in profile_intervals(ours):
        assert np.isnan(one.estimate) or one.lb <= one.estimate * (1 + 1e-9) + 1e-12
        assert np.isnan(one.estimate) or one.estimate <= one.ub * (1 + 1e-9) + 1e-12
        if one.component.startswith("rho"):
            assert -1.0 <= one.lb <= one.ub <= 1.0


def test_a_correlation_between_variances_of_zero_may_be_anything_and_it_is_said() -> None:
    last = profile_intervals(small(spread=0.0))[-1]
    assert np.isnan(last.estimate)
    assert (last.lb, last.ub) == (-1.0, 1.0)
    assert "not determined" in last.notes[0]


def test_wider_at_a_higher_level() -> None:
    ours = small(structure=None, levels={"study": np.repeat(np.arange(6), 2)})
    narrow, wide = (profile_interval(ours, "sigma2[study]", level=level) for level in (80.0, 99.0))
    assert wide.lb < narrow.lb < narrow.estimate < narrow.ub < wide.ub


def test_what_cannot_be_profiled_is_refused() -> None:
    labs = {"lab": np.ones(12, dtype=int), "study": np.repeat(np.arange(6), 2)}
    ours = small(structure=None, levels=labs)
    assert component_names(ours) == ("sigma2[study]",)
    with pytest.raises(ModelError, match="no component that this model estimated"):
        profile_interval(ours, "sigma2[lab]")
    with pytest.raises(ModelError, match="between 0 and 100"):
        profile_interval(ours, "sigma2[study]", level=100.0)
    with pytest.raises(ModelError, match="cannot be -1"):
        profile(ours, "sigma2[study]", [0.1, -1.0])
