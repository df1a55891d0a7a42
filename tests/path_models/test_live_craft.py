"""Pooled correlations and path coefficients of Craft et al. (2003) against metafor's rcalc, rma.mv and matreg."""

from typing import Any

import numpy as np
import pytest

from analysis.path_models.correlations import Correlations, build_correlations, sampling_blocks
from analysis.path_models.fitting import fit_path_model
from analysis.path_models.implied import effects_of
from analysis.path_models.intervals import delta_interval
from analysis.path_models.pooling import PooledCorrelations, pool_common, pool_correlations
from analysis.path_models.regression import regress
from analysis.path_models.syntax import parse_path_model
from tests.tolerances import CLOSED_FORM, METAFOR

VARIABLES = ("perf", "acog", "asom", "conf")
# What R prints as JSON carries 15 digits.
FIFTEEN = 1e-10


@pytest.fixture
def table(craft: dict[str, Any]) -> Correlations:
    return build_correlations(
        craft["study"], craft["first"], craft["second"], craft["ri"], craft["ni"], variables=VARIABLES
    )


def pooled_as(craft: dict[str, Any], name: str) -> PooledCorrelations:
    """metafor's own pooled correlations, so that what follows is compared apart from stage 1."""
    theirs = craft[name]
    table = build_correlations(
        craft["study"], craft["first"], craft["second"], craft["ri"], craft["ni"], variables=VARIABLES
    )
    return PooledCorrelations(
        variables=VARIABLES,
        pairs=table.pairs,
        r=theirs["r"],
        vb=theirs["vb"],
        between=np.zeros((6, 6)),
        k=np.full(6, 9),
        n_total=table.n_total,
        qe=0.0,
        qe_df=0,
        structure="UN",
        method="REML",
        plug_in="own",
    )


@pytest.mark.parametrize(("scale", "name"), [("r", "V"), ("z", "Vz")])
def test_sampling_covariances(craft: dict[str, Any], table: Correlations, scale: Any, name: str) -> None:
    ours = sampling_blocks(table, plug_in="own", scale=scale).dense()
    np.testing.assert_allclose(ours, np.array(craft[name]), rtol=FIFTEEN, atol=FIFTEEN * 1e-2)


def test_common_correlations(craft: dict[str, Any], table: Correlations) -> None:
    ours, theirs = pool_common(table, plug_in="own"), craft["fe"]
    np.testing.assert_allclose(ours.r, theirs["r"], rtol=FIFTEEN)
    np.testing.assert_allclose(ours.vb, theirs["vb"], rtol=FIFTEEN, atol=1e-15)
    assert ours.qe == pytest.approx(theirs["qe"], rel=FIFTEEN)


def test_independent_random_effects(craft: dict[str, Any], table: Correlations) -> None:
    ours, theirs = pool_correlations(table, structure="DIAG", method="ML", plug_in="own"), craft["diag"]
    np.testing.assert_allclose(ours.r, theirs["r"], rtol=METAFOR)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.vb)), np.sqrt(np.diag(theirs["vb"])), rtol=METAFOR)
    tau2 = np.array(theirs["tau2"])[craft["order"]]
    np.testing.assert_allclose(np.diag(ours.between), tau2, rtol=1e-5, atol=1e-8)


def test_unstructured_random_effects(craft: dict[str, Any], table: Correlations) -> None:
    """The optimum is singular; metafor stops 1e-5 away from it."""
    ours, theirs = pool_correlations(table, structure="UN", method="REML", plug_in="own"), craft["un"]
    np.testing.assert_allclose(ours.r, theirs["r"], rtol=1e-4)
    np.testing.assert_allclose(np.sqrt(np.diag(ours.vb)), np.sqrt(np.diag(theirs["vb"])), rtol=1e-4)
    found = regress(ours, "perf", ("acog", "asom", "conf"))
    np.testing.assert_allclose(found.beta, theirs["b"], rtol=1e-4)
    np.testing.assert_allclose(found.se, theirs["se"], rtol=1e-4)


@pytest.mark.parametrize("name", ["fe", "diag", "un"])
def test_regression_from_correlations(craft: dict[str, Any], name: str) -> None:
    ours, theirs = regress(pooled_as(craft, name), "perf", ("acog", "asom", "conf")), craft[name]
    np.testing.assert_allclose(ours.beta, theirs["b"], rtol=FIFTEEN)
    np.testing.assert_allclose(ours.se, theirs["se"], rtol=FIFTEEN)
    np.testing.assert_allclose(ours.vb, np.array(theirs["vb_full"]), rtol=1e-8, atol=1e-14)
    assert ours.r2 == pytest.approx(np.ravel(theirs["r2"])[0], rel=FIFTEEN)
    assert ours.qm == pytest.approx(np.ravel(theirs["qm"])[0], rel=FIFTEEN)


def test_digits_of_metafors_manual(craft: dict[str, Any]) -> None:
    ours = regress(pooled_as(craft, "un"), "perf", ("acog", "asom", "conf"))
    np.testing.assert_allclose(ours.beta, [0.1482, -0.0536, 0.3637], atol=6e-5)
    np.testing.assert_allclose(ours.se, [0.1566, 0.0768, 0.0910], atol=6e-5)


def test_weighted_least_squares_of_a_saturated_model(craft: dict[str, Any]) -> None:
    pooled = pooled_as(craft, "un")
    fit = fit_path_model(parse_path_model("conf ~ acog + asom; perf ~ acog + asom + conf"), pooled)
    theirs = craft["un"]
    np.testing.assert_allclose(fit.theta[:5], [*theirs["b_half"], *theirs["b"]], rtol=FIFTEEN)
    np.testing.assert_allclose(fit.se[:5], [*theirs["se_half"], *theirs["se"]], rtol=FIFTEEN)
    assert fit.indices.note == "saturated, no fit to test"
    direct = next(e for e in effects_of(fit.structure) if e.name == "conf -> perf")
    assert delta_interval(fit, direct)[0] == pytest.approx(theirs["se"][2], rel=FIFTEEN)


def test_order_of_the_levels_does_not_matter(craft: dict[str, Any], table: Correlations) -> None:
    other = build_correlations(
        craft["study"], craft["second"], craft["first"], craft["ri"], craft["ni"], variables=sorted(VARIABLES)
    )
    ours, theirs = regress(pool_common(table), "perf", ("conf",)), regress(pool_common(other), "perf", ("conf",))
    np.testing.assert_allclose(ours.se, theirs.se, rtol=CLOSED_FORM * 10)
