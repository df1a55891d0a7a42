"""Papers that compare estimators of tau2, or intervals for it, on one table.

Pages and four-digit values as on the metafor analysis pages dersimonian2007, viechtbauer2005, viechtbauer2007a and
viechtbauer2007b; fewer digits where the last one is metafor's stopping rule.
"""

from typing import Any

import numpy as np
import pytest

from analysis.frequentist import fit_meta_regression, fit_random_effects, predict, tau2_interval
from tests.printed import assert_printed

# DerSimonian & Kacker (2007), pp. 111-112, Tables 3 and 4, the CLASP trials: tau, mean, standard error. HE is their
# Cochran ANOVA.
CLASP = {
    "PM": ("0.3681", "-0.3811", "0.2060"),
    "HE": ("0.4410", "-0.4035", "0.2327"),
    "DL": ("0.2323", "-0.3240", "0.1540"),
    "EB": ("0.3681", "-0.3811", "0.2060"),
    "REML": ("0.1843", "-0.2980", "0.1343"),
    "HS": ("0.1330", "-0.2666", "0.1125"),
    "SJ": ("0.4572", "-0.4079", "0.2386"),
}
# Two-step estimators of the same tables: the generalised method of moments with the weights of a first estimate.
TWO_STEP = {"HE": "0.3831", "DL": "0.3254"}

# Viechtbauer (2005), pp. 271 and 272: tau2, I2, H2 and the standard error of tau2.
EXAMPLE_1 = {
    "yi": (-0.581, 0.530, 0.771, 1.031, 0.553, 0.295, 0.078, 0.573, -0.176, -0.232),
    "vi": (0.023, 0.052, 0.060, 0.115, 0.095, 0.203, 0.200, 0.211, 0.051, 0.040),
    "HS": ("0.2282", "77.2284", "4.3914", "0.1328"),
    "HE": ("0.1484", "68.7988", "3.2050", "0.1234"),
    "DL": ("0.2768", "80.4447", "5.1137", "0.1841"),
    "ML": ("0.1967", "74.51", "3.923", "0.1255"),
    "REML": ("0.2232", "76.84", "4.318", "0.1464"),
    "EB": ("0.1920", "74.05", "3.854", "0.1330"),
    "SJ": ("0.1992", "74.7545", "3.9611", "0.0979"),
}
EXAMPLE_2 = {
    "yi": (
        *(0.100, -0.162, -0.090, -0.049, -0.046, -0.010, -0.431, -0.261, 0.134),
        *(0.019, 0.175, 0.056, 0.045, 0.103, 0.121, -0.482, 0.290, 0.342),
    ),
    "vi": (
        *(0.016, 0.015, 0.050, 0.050, 0.032, 0.052, 0.036, 0.024, 0.034),
        *(0.033, 0.031, 0.034, 0.039, 0.167, 0.134, 0.096, 0.016, 0.035),
    ),
    "HS": ("0.0099", "22.9266", "1.2975", "0.0138"),
    "HE": ("0.0000", "0.0000", "1.0000", "0.0217"),
    "DL": ("0.0126", "27.5275", "1.3798", "0.0159"),
    "ML": ("0.0132", "28.45", "1.398", "0.0151"),
    "REML": ("0.0157", "32.02", "1.471", "0.0167"),
    "EB": ("0.0104", "23.72", "1.311", "0.0156"),
    "SJ": ("0.0248", "42.6734", "1.7444", "0.0118"),
}


@pytest.mark.parametrize("method", CLASP)
def test_dersimonian_kacker_2007_pages_111_and_112(tables: dict[str, Any], method: str) -> None:
    data = tables["clasp"]
    fit = fit_random_effects(data["yi"], data["vi"], method=method)
    assert_printed([np.sqrt(fit.tau2), fit.beta[0], fit.se[0]], *CLASP[method])


@pytest.mark.parametrize("first", TWO_STEP)
def test_dersimonian_kacker_2007_two_step_estimators(tables: dict[str, Any], first: str) -> None:
    data = tables["clasp"]
    start = fit_random_effects(data["yi"], data["vi"], method=first).tau2
    weights = 1.0 / (np.array(data["vi"]) + start)
    fit = fit_random_effects(data["yi"], data["vi"], method="GENQ", weights=weights)
    assert_printed(np.sqrt(fit.tau2), TWO_STEP[first])


@pytest.mark.parametrize("example", [EXAMPLE_1, EXAMPLE_2], ids=["page_271", "page_272"])
@pytest.mark.parametrize("method", ["HS", "HE", "DL", "ML", "REML", "EB", "SJ"])
def test_viechtbauer_2005(example: dict[str, Any], method: str) -> None:
    fit = fit_random_effects(example["yi"], example["vi"], method=method)
    assert_printed([fit.tau2, fit.i2, fit.h2, fit.se_tau2], *example[method])


def test_viechtbauer_2007_stat_med_page_44_table_2(tables: dict[str, Any]) -> None:
    """Diuretics in pregnancy: estimates of tau2, its Q-profile and profile-likelihood limits."""
    yi, vi = tables["diuretics"]["yi"], tables["diuretics"]["vi"]
    found = [fit_random_effects(yi, vi, method=method).tau2 for method in ("DL", "ML", "REML", "SJ")]
    assert_printed(found, "0.2297", "0.2386", "0.3008", "0.4563")
    limits = [tau2_interval(yi, vi), *(tau2_interval(yi, vi, kind="PL", method=m) for m in ("ML", "REML"))]
    assert_printed([limit.lb for limit in limits], "0.072", "0.027", "0.043")
    assert_printed([limit.ub for limit in limits], "2.203", "1.131", "1.475")


def test_viechtbauer_2007_zeitschrift_pages_107_and_109_pooled(tables: dict[str, Any]) -> None:
    """St John's wort for depression, relative rates of 17 trials."""
    yi, vi = tables["wort"]["yi"], tables["wort"]["vi"]
    fixed = fit_random_effects(yi, vi, method="EE")
    assert_printed(np.exp([fixed.beta[0], fixed.ci_lb[0], fixed.ci_ub[0]]), "1.3840", "1.2599", "1.5204")
    fit = fit_random_effects(yi, vi, method="DL")
    assert_printed(np.exp([fit.beta[0], fit.ci_lb[0], fit.ci_ub[0]]), "1.5722", "1.3103", "1.8864")
    assert_printed([*np.exp([fit.pi_lb, fit.pi_ub]), fit.tau2], "0.8488", "2.9120", "0.0903")


def test_viechtbauer_2007_zeitschrift_pages_112_and_113_interaction(tables: dict[str, Any]) -> None:
    """Dose x severity at baseline, Table II."""
    data = tables["wort"]
    dose = np.array(data["dosage"]) * 7 / 1000 * np.array(data["duration"]) - 34
    baseline = np.array(data["baseline"]) - 20
    X = np.column_stack([np.ones(17), dose, baseline, dose * baseline])
    fit = fit_meta_regression(data["yi"], data["vi"], X, method="DL")
    assert_printed([fit.tau2, fit.r2], "0.0475", "47.3778")
    assert_printed(fit.beta, "0.4763", "-0.0058", "-0.0672", "-0.0016")
    assert_printed(fit.se, "0.0876", "0.0100", "0.0352", "0.0034")
    assert_printed(fit.pval, "0.0000", "0.5588", "0.0563", "0.6487")
    at = predict(fit, [[1.0, 0.0, 12.5 - 20, 0.0], [1.0, 0.0, 23.6 - 20, 0.0]])
    assert_printed(np.exp([at.pred, at.ci_lb, at.ci_ub]).T, "2.6657", "1.4560", "4.8806", "1.2639", "0.9923", "1.6099")
    by_method = {"HS": "0.0253", "HE": "0.0388", "SJ": "0.0912", "PM": "0.0633", "ML": "0.024", "REML": "0.0558"}
    for method, printed in by_method.items():
        assert_printed(fit_meta_regression(data["yi"], data["vi"], X, method=method).tau2, printed)
