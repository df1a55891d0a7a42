"""BCG vaccine against tuberculosis: 13 trials (Colditz et al. 1994), analysed again in three papers.

Pages are those that the metafor analysis pages name (metafor-project.org, analyses berkey1995 and vanhouwelingen2002),
where the numbers stand to four digits; Viechtbauer (2010), J. Stat. Softw. 36(3), was read itself. Where the last digit
printed there is the stopping rule's (metafor ends an iteration at changes of 1e-5, an interval at 1e-4), the number
stands here with that digit left off.
"""

from typing import Any

import numpy as np
import pytest

from analysis.frequentist import (
    fit_meta_regression,
    fit_random_effects,
    heterogeneity_intervals,
    likelihood_ratio_test,
    permutation_test,
    predict,
    tau2_interval,
)
from tests.printed import assert_printed

type Table = dict[str, Any]


@pytest.fixture
def risk(tables: dict[str, Any]) -> Table:
    """Log risk ratios."""
    table: Table = tables["bcg"]
    return table


@pytest.fixture
def odds(tables: dict[str, Any]) -> Table:
    """Log odds ratios."""
    table: Table = tables["colditz"]
    return table


def design(*columns: Any) -> np.ndarray:
    return np.column_stack([np.ones(len(columns[0])), *columns])


def test_berkey_1995_page_408_empirical_bayes_with_smoothed_variances(risk: Table) -> None:
    fit = fit_random_effects(risk["yi"], risk["smooth"], method="EB")
    assert_printed([fit.beta[0], fit.se[0], fit.tau2], "-0.5429", "0.1842", "0.2682")
    latitude = np.array(risk["ablat"]) - 33.46
    mixed = fit_meta_regression(risk["yi"], risk["smooth"], design(latitude), method="EB")
    assert_printed(mixed.beta, "-0.6303", "-0.0268")  # the article prints -0.6304
    assert_printed([*mixed.se, mixed.tau2], "0.1591", "0.0110", "0.1572")
    assert_printed(mixed.r2, "41.38")
    assert_printed(np.exp(predict(mixed, [[1.0, 0.0], [1.0, 42 - 33.46]]).pred), "0.5324", "0.4236")


def test_berkey_1995_page_408_fixed_effects_regression(risk: Table) -> None:
    latitude = np.array(risk["ablat"]) - 33.46
    fit = fit_meta_regression(risk["yi"], risk["smooth"], design(latitude), method="FE")
    assert_printed([*fit.beta, fit.se[0]], "-0.5949", "-0.0282", "0.0696")  # the article prints -0.5950
    assert_printed(np.exp(predict(fit, [[1.0, 0.0], [1.0, 42 - 33.46]]).pred), "0.5516", "0.4336")


def test_van_houwelingen_2002_page_596_fixed_effect_odds_ratio(odds: Table) -> None:
    fit = fit_random_effects(odds["yi"], odds["vi"], method="EE")
    assert_printed(np.exp([fit.beta[0], fit.ci_lb[0], fit.ci_ub[0]]), "0.6465", "0.5951", "0.7024")


def test_van_houwelingen_2002_page_597_maximum_likelihood(odds: Table) -> None:
    fit = fit_random_effects(odds["yi"], odds["vi"], method="ML")
    assert_printed(np.exp([fit.beta[0], fit.ci_lb[0], fit.ci_ub[0]]), "0.4762", "0.3360", "0.6749")
    assert_printed(fit.tau2, "0.3025")
    profile = tau2_interval(odds["yi"], odds["vi"], kind="PL", method="ML")
    assert_printed([profile.lb, profile.ub], "0.1151", "0.8937")
    q_profile = tau2_interval(odds["yi"], odds["vi"])
    assert_printed([q_profile.lb, q_profile.ub], "0.130", "1.181")


def test_van_houwelingen_2002_page_608_regression_on_latitude(odds: Table) -> None:
    fit = fit_meta_regression(odds["yi"], odds["vi"], design(odds["ablat"]), method="ML")
    assert_printed([*fit.beta, *fit.se], "0.371", "-0.0327", "0.106", "0.0034")
    assert_printed([fit.tau2, fit.r2], "0.0040", "98.7")


def test_viechtbauer_2010_page_14_random_effects_and_intervals(risk: Table) -> None:
    fit = fit_random_effects(risk["yi"], risk["vi"])
    assert_printed([fit.tau2, fit.se_tau2, fit.i2, fit.h2], "0.3132", "0.1664", "92.22", "12.86")
    assert_printed([fit.beta[0], fit.se[0], fit.stat[0]], "-0.7145", "0.1798", "-3.9744")
    assert_printed([fit.ci_lb[0], fit.ci_ub[0], fit.qe], "-1.0669", "-0.3622", "152.2330")
    limits = tau2_interval(risk["yi"], risk["vi"])
    i2, h2 = heterogeneity_intervals(fit, limits)
    assert_printed([limits.lb, limits.ub, i2.lb, i2.ub], "0.1197", "1.111", "81.92", "97.68")
    assert_printed([h2.lb, h2.ub], "5.53", "43.07")


def test_viechtbauer_2010_pages_16_and_17_two_moderators(risk: Table) -> None:
    fit = fit_meta_regression(risk["yi"], risk["vi"], design(risk["ablat"], risk["year"]))
    assert_printed([fit.tau2, fit.se_tau2, fit.qe, fit.qm], "0.1108", "0.0845", "28.3251", "12.204")
    assert_printed([fit.qe_pval, fit.qm_pval], "0.0016", "0.0022")
    assert_printed(fit.beta, "-3.545", "-0.0280", "0.0019")
    assert_printed(fit.se, "29.096", "0.0102", "0.0147")
    assert_printed(fit.stat, "-0.1219", "-2.7371", "0.1299")
    assert_printed(fit.pval, "0.9030", "0.0062", "0.8966")
    assert_printed([*fit.ci_lb, *fit.ci_ub], "-60.57", "-0.0481", "-0.0269", "53.48", "-0.0080", "0.0307")
    at = predict(fit, [[1.0, latitude, 1970.0] for latitude in range(10, 70, 10)])
    assert_printed(np.exp(at.pred), "0.9345", "0.7062", "0.5337", "0.4033", "0.3048", "0.2303")
    assert_printed(np.exp(at.ci_lb), "0.5833", "0.5149", "0.4196", "0.2956", "0.1916", "0.1209")
    assert_printed(np.exp(at.pi_lb), "0.4179", "0.3421", "0.2663", "0.1958", "0.1369", "0.0921")
    assert_printed(np.exp(at.pi_ub), "2.0899", "1.4579", "1.0697", "0.8306", "0.6787", "0.5761")


def test_viechtbauer_2010_pages_19_and_20_factor_and_knapp_hartung(risk: Table) -> None:
    alloc = np.array(risk["alloc"])
    dummies = [alloc == "alternate", alloc == "systematic"]
    fit = fit_meta_regression(risk["yi"], risk["vi"], design(*dummies))
    assert_printed(fit.beta, "-0.9658", "0.4478", "0.5369")
    assert_printed([fit.qm, fit.qm_pval], "1.7675", "0.4132")
    columns = [alloc == "random", alloc == "systematic", risk["ablat"]]
    adjusted = fit_meta_regression(risk["yi"], risk["vi"], design(*columns), test="knha")
    assert_printed([adjusted.tau2, adjusted.se_tau2, adjusted.qe], "0.1446", "0.1124", "26.2034")
    assert_printed([adjusted.qm, adjusted.qm_pval], "3.4471", "0.0650")
    assert_printed(adjusted.beta, "0.2932", "-0.2675", "0.0585", "-0.0273")
    assert_printed(adjusted.se, "0.4188", "0.3624", "0.3925", "0.0095")
    assert_printed(adjusted.pval, "0.5016", "0.4793", "0.8849", "0.0186")
    assert_printed(adjusted.ci_lb, "-0.6543", "-1.0873", "-0.8294", "-0.0488")


def test_viechtbauer_2010_page_24_leave_one_out(risk: Table) -> None:
    fit = fit_random_effects(risk["yi"], risk["vi"], mask=~np.eye(13, dtype=bool))
    assert_printed(fit.tau2[:6], "0.336", "0.293", "0.321", "0.263", "0.328", "0.360")
    assert_printed(fit.tau2[6:], "0.293", "0.273", "0.349", "0.299", "0.340", "0.308", "0.304")
    ratios = np.exp(fit.beta[:, 0])
    assert_printed(ratios[:6], "0.493", "0.520", "0.504", "0.533", "0.466", "0.491")
    assert_printed(ratios[6:], "0.519", "0.452", "0.477", "0.520", "0.469", "0.468", "0.460")


def test_viechtbauer_2010_page_34_likelihood_ratio(risk: Table) -> None:
    full = fit_meta_regression(risk["yi"], risk["vi"], design(risk["ablat"]), method="ML")
    reduced = fit_random_effects(risk["yi"], risk["vi"], method="ML")
    test = likelihood_ratio_test(full, reduced)
    assert_printed([test.stat, test.pval], "9.9588", "0.0016")
    assert_printed([full.aic, full.bic, full.loglik, full.tau2], "21.3713", "23.0662", "-7.6857", "0.0344")
    assert_printed([reduced.aic, reduced.bic, reduced.loglik, full.r2], "29.3302", "30.4601", "-12.6651", "87.73")


def test_viechtbauer_2010_page_35_exact_permutation(risk: Table) -> None:
    test = permutation_test(risk["yi"], risk["vi"], permutations=2**13, seed=1)
    assert test.exact
    assert_printed(test.pval, "0.0015")
