"""Crossed levels, and levels together with a structure, against metafor."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.frequentist.mixed_profile import component_names, profile_interval
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.frequentist.multilevel import fit_multilevel
from analysis.results import Design
from tests.tolerances import METAFOR, METAFOR_COVARIANCE


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    """All of it in one R process."""
    result: dict[str, Any] = r((Path(__file__).parent / "combined.R").read_text(encoding="utf-8"))
    return result


def same(ours: MultilevelFit, theirs: dict[str, Any], rtol: float) -> None:
    np.testing.assert_allclose(ours.beta, theirs["beta"], rtol=rtol)
    np.testing.assert_allclose(ours.se, theirs["se"], rtol=rtol)
    np.testing.assert_allclose(ours.sigma2, theirs["sigma2"], rtol=10 * rtol)
    np.testing.assert_allclose(ours.tau2, theirs["tau2"], rtol=10 * rtol)
    np.testing.assert_allclose(ours.rho, theirs["rho"], rtol=10 * rtol)
    np.testing.assert_allclose([ours.loglik, ours.qm], [theirs["ll"], theirs["qm"]], rtol=rtol)
    np.testing.assert_array_equal(ours.ddf, theirs["ddf"])


def design(theirs: dict[str, Any], *names: str) -> Design:
    return Design(X=np.array(theirs["X"]), names=names, terms=(), has_intercept="intrcpt" in names)


def test_crossed_levels(answers: dict[str, Any]) -> None:
    theirs = answers["crossed"]
    levels = {"lab": theirs["first"], "method": theirs["second"]}
    choices: dict[str, Any] = {"test": "t", "dfs": "contain", "crossed": True}
    ours = fit_multilevel(theirs["yi"], theirs["vi"], design(theirs, "intrcpt", "x"), levels=levels, **choices)
    same(ours, theirs, METAFOR)
    assert ours.groups == (8, 6)
    # One block: every lab shares methods with the others.
    assert ours.V.clusters.number == 1


def test_levels_and_a_structure(answers: dict[str, Any]) -> None:
    theirs = answers["both"]
    structure = ("UN", theirs["third"], theirs["second"])
    ours = fit_multilevel(
        theirs["yi"],
        theirs["vi"],
        design(theirs, "a", "b"),
        levels={"group": theirs["first"]},
        structure=structure,
        test="t",
        dfs="contain",
    )
    same(ours, theirs, METAFOR_COVARIANCE)
    for name in component_names(ours):
        one = profile_interval(ours, name)
        assert one.lb < one.estimate < one.ub
