"""Tutorials and textbooks: a table, a model, the numbers printed.

Pages and four-digit values as on the metafor analysis pages normand1999, henmi2010, konstantopoulos2011 and lipsey2001.
"""

from typing import Any

import numpy as np
import pytest

from analysis.frequentist import fit_meta_regression, fit_random_effects, predict, tau2_interval
from tests.printed import assert_printed

# Lipsey & Wilson (2001), Practical Meta-Analysis, chapter 7: ten studies, the columns as named there.
CHALLENGE = {
    "yi": np.array([-0.33, 0.32, 0.39, 0.31, 0.17, 0.64, -0.33, 0.15, -0.02, 0.00]),
    "vi": np.array([0.084, 0.035, 0.017, 0.034, 0.072, 0.117, 0.102, 0.093, 0.012, 0.067]),
    "random": np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1]),
    "intensity": np.array([7, 3, 7, 5, 7, 7, 4, 4, 5, 6]),
}


@pytest.mark.parametrize("method", ["EE", "REML", "DL"])
def test_normand_1999_page_349_table_vii_lidocaine(tables: dict[str, Any], method: str) -> None:
    """Risk differences in percentage points; no heterogeneity, so that every method says the same."""
    yi, vi = 100 * np.array(tables["hine"]["yi"]), 100**2 * np.array(tables["hine"]["vi"])
    fit = fit_random_effects(yi, vi, method=method)
    assert_printed([fit.beta[0], fit.ci_lb[0], fit.ci_ub[0], fit.tau2], "2.9444", "0.3831", "5.5058", "0.0000")


@pytest.mark.parametrize(
    ("method", "printed"),
    [
        ("EE", ("-3.4939", "-5.0265", "-1.9613", "0")),
        ("DL", ("-14.0972", "-24.4454", "-3.7490", "218.7216")),
        ("REML", ("-15.1217", "-32.6716", "2.4282", "685.1965")),
    ],
)
def test_normand_1999_page_352_table_ix_length_of_stay(
    tables: dict[str, Any], method: str, printed: tuple[str, ...]
) -> None:
    fit = fit_random_effects(tables["stay"]["yi"], tables["stay"]["vi"], method=method)
    assert_printed([fit.beta[0], fit.ci_lb[0], fit.ci_ub[0], fit.tau2], *printed)


def test_henmi_copas_2010_page_2978_acupoint_stimulation(tables: dict[str, Any]) -> None:
    fit = fit_random_effects(tables["nausea"]["yi"], tables["nausea"]["vi"], method="DL")
    assert_printed([fit.tau2, fit.beta[0], fit.ci_lb[0], fit.ci_ub[0]], "0.3325", "-0.6787", "-1.0664", "-0.2911")


def test_konstantopoulos_2011_page_70_table_4_two_level_models(tables: dict[str, Any]) -> None:
    data = tables["schools"]
    fit = fit_random_effects(data["yi"], data["vi"])
    assert_printed([fit.beta[0], fit.se[0], fit.tau2, fit.se_tau2], "0.1279", "0.0439", "0.0884", "0.0202")
    limits = tau2_interval(data["yi"], data["vi"])
    assert_printed([limits.lb, limits.ub], "0.056", "0.139")
    year = np.array(data["year"], dtype=float)
    mixed = fit_meta_regression(data["yi"], data["vi"], np.column_stack([np.ones(len(year)), year - year.mean()]))
    assert_printed([*mixed.beta, mixed.se[1]], "0.1258", "0.0052", "0.0044")
    assert_printed([mixed.tau2, mixed.se_tau2], "0.0889", "0.0205")


def test_lipsey_wilson_2001_page_133_exhibit_7_3_mean_effect() -> None:
    fixed = fit_random_effects(CHALLENGE["yi"], CHALLENGE["vi"], method="EE")
    assert_printed([fixed.beta[0], fixed.se[0], fixed.ci_lb[0], fixed.ci_ub[0]], "0.1549", "0.0609", "0.0356", "0.2742")
    assert_printed([fixed.stat[0], fixed.qe, fixed.qe_pval], "2.5450", "14.7640", "0.0976")
    fit = fit_random_effects(CHALLENGE["yi"], CHALLENGE["vi"], method="DL")
    assert_printed([fit.beta[0], fit.se[0], fit.stat[0], fit.pval[0]], "0.1534", "0.0858", "1.7893", "0.0736")
    assert_printed([fit.ci_lb[0], fit.ci_ub[0], fit.tau2], "-0.0146", "0.3215", "0.025955")


def test_lipsey_wilson_2001_page_138_exhibit_7_4_analogue_of_anova() -> None:
    X = np.column_stack([np.ones(10), CHALLENGE["random"]])
    fit = fit_meta_regression(CHALLENGE["yi"], CHALLENGE["vi"], X, method="FE")
    at = predict(fit, [[1.0, 0.0], [1.0, 1.0]])
    assert_printed([*at.pred, *at.se], "0.2984", "-0.0277", "0.0813", "0.0917")
    assert_printed([fit.qm, fit.qm_pval, fit.qe, fit.qe_pval], "7.0739", "0.0078", "7.6901", "0.4643")


def test_lipsey_wilson_2001_page_141_exhibits_7_6_and_7_7_regression() -> None:
    X = np.column_stack([np.ones(10), CHALLENGE["random"], CHALLENGE["intensity"]])
    fixed = fit_meta_regression(CHALLENGE["yi"], CHALLENGE["vi"], X, method="FE")
    assert_printed([*fixed.beta, *fixed.se], "0.3223", "-0.3298", "-0.0041", "0.2998", "0.1304", "0.0493")
    assert_printed([fixed.qm, fixed.qm_pval, fixed.qe, fixed.qe_pval], "7.0807", "0.0290", "7.6832", "0.3614")
    mixed = fit_meta_regression(CHALLENGE["yi"], CHALLENGE["vi"], X, method="DL")
    assert_printed([*mixed.beta, *mixed.se], "0.3311", "-0.3269", "-0.0068", "0.3198", "0.1439", "0.0528")
    assert_printed([mixed.qm, mixed.qm_pval, mixed.tau2], "5.5711", "0.0617", "0.00488")
    assert_printed(mixed.r2, "81.2023")
