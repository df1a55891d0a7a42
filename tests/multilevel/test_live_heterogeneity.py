"""I2 of mixed models against the formulas of metafor's site, evaluated in R with whole matrices."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.frequentist.mixed_heterogeneity import mixed_heterogeneity
from analysis.frequentist.multilevel import fit_multilevel
from tests.multilevel.test_live_multilevel import fit
from tests.tolerances import CLOSED_FORM, METAFOR, METAFOR_COVARIANCE


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    """All of it in one R process."""
    result: dict[str, Any] = r((Path(__file__).parent / "heterogeneity.R").read_text(encoding="utf-8"))
    return result


@pytest.mark.parametrize("name", ["konstantopoulos", "assink", "correlated"])
def test_levels(answers: dict[str, Any], name: str) -> None:
    theirs = answers[name]
    ours = mixed_heterogeneity(fit(theirs, levels={"outer": theirs["outer"], "inner": theirs["inner"]}))
    np.testing.assert_allclose(ours.vt, theirs["vt"], rtol=100 * CLOSED_FORM)
    np.testing.assert_allclose([ours.total, *ours.levels], [theirs["total"], *theirs["levels"]], rtol=METAFOR)
    assert len(ours.dimension_tau2) == 0


def test_konstantopoulos_as_on_metafors_site(answers: dict[str, Any]) -> None:
    theirs = answers["konstantopoulos"]
    ours = mixed_heterogeneity(fit(theirs, levels={"outer": theirs["outer"], "inner": theirs["inner"]}))
    np.testing.assert_allclose([ours.total, *ours.levels], [95.19, 63.32, 31.86], atol=0.006)


def test_dimensions(answers: dict[str, Any]) -> None:
    theirs = answers["berkey"]
    ours = mixed_heterogeneity(fit(theirs, structure=("UN", theirs["inner"], theirs["outer"])))
    np.testing.assert_allclose(ours.dimension_tau2, theirs["dimensions"], rtol=METAFOR_COVARIANCE)
    np.testing.assert_allclose(ours.dimension_total, ours.dimension_tau2, rtol=CLOSED_FORM)
    np.testing.assert_allclose(ours.coefficients, theirs["jackson"], rtol=METAFOR_COVARIANCE)
    np.testing.assert_allclose(ours.joint, theirs["joint"], rtol=METAFOR_COVARIANCE)
    assert np.isnan(ours.total)


def test_one_variance_for_all_dimensions(answers: dict[str, Any]) -> None:
    theirs = answers["berkey"]
    ours = mixed_heterogeneity(fit(theirs, structure=("CS", theirs["inner"], theirs["outer"])))
    np.testing.assert_allclose([ours.total, *ours.dimension_tau2], [theirs["shared"]] * 3, rtol=METAFOR_COVARIANCE)


def test_homogeneous_effects_have_none() -> None:
    ours = mixed_heterogeneity(
        fit_multilevel(np.full(6, 0.3), np.full(6, 0.1), levels={"study": [1, 1, 2, 2, 3, 3], "effect": range(6)})
    )
    assert ours.total == 0.0
    assert ours.joint == pytest.approx(0.0, abs=1e-10)
    assert ours.vt == pytest.approx(0.1)
