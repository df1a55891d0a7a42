"""Teacher expectancy and pupil IQ: 19 studies, as analysed by Raudenbush & Bryk (1985) and Raudenbush (2009).

Pages and four-digit values as on the metafor analysis pages raudenbush1985 and raudenbush2009; three digits where the
fourth is metafor's stopping rule.
"""

from typing import Any

import numpy as np
import pytest

from analysis.frequentist import fit_meta_regression, fit_random_effects
from tests.printed import assert_printed

# tau2, mean, se, z and limits in Table 16.3 of Raudenbush (2009), p. 309: conventional, and with Knapp & Hartung's
# standard error.
CONVENTIONAL = {
    "EE": ("0", "0.0604", "0.0365", "1.6553", "-0.0111", "0.1318"),
    "ML": ("0.0126", "0.0777", "0.0475", "1.637", "-0.0153", "0.1708"),
    "REML": ("0.0188", "0.0837", "0.0516", "1.6208", "-0.0175", "0.1849"),
    "DL": ("0.0259", "0.0893", "0.0558", "1.6009", "-0.0200", "0.1987"),
    "HE": ("0.0804", "0.1143", "0.0792", "1.4432", "-0.0409", "0.2696"),
}
KNAPP_HARTUNG = {
    "EE": ("0", "0.0604", "0.0515", "1.1733", "-0.0477", "0.1685"),
    "ML": ("0.0126", "0.0777", "0.0593", "1.311", "-0.0468", "0.2023"),
    "REML": ("0.0188", "0.0837", "0.0616", "1.359", "-0.0457", "0.2131"),
    "DL": ("0.0259", "0.0893", "0.0636", "1.4050", "-0.0442", "0.2229"),
    "HE": ("0.0804", "0.1143", "0.0711", "1.6078", "-0.0351", "0.2637"),
}


def test_raudenbush_bryk_1985_pages_83_to_86_random_effects(tables: dict[str, Any]) -> None:
    data = tables["raudenbush"]
    fit = fit_random_effects(data["yi"], data["vi"])
    assert_printed([fit.tau2, fit.beta[0], fit.stat[0]], "0.0188", "0.0837", "1.6208")
    assert_printed(fit.qe, "35.8295")  # 35.85 in the paper


def test_raudenbush_bryk_1985_pages_90_to_92_weeks_of_contact(tables: dict[str, Any]) -> None:
    data = tables["raudenbush"]
    X = np.column_stack([np.ones(19), np.minimum(data["weeks"], 3)])
    fit = fit_meta_regression(data["yi"], data["vi"], X)
    assert_printed([fit.tau2, *fit.beta], "0.0000", "0.4072", "-0.1572")
    assert_printed([fit.qe, *fit.stat], "16.5708", "4.678", "-4.388")  # 16.58 in the paper


@pytest.mark.parametrize(("test", "table"), [("z", CONVENTIONAL), ("knha", KNAPP_HARTUNG)])
@pytest.mark.parametrize("method", CONVENTIONAL)
def test_raudenbush_2009_page_309_table_16_3(
    tables: dict[str, Any], method: str, test: str, table: dict[str, tuple[str, ...]]
) -> None:
    data = tables["raudenbush"]
    fit = fit_random_effects(data["yi"], data["vi"], method=method, test=test)
    assert_printed([fit.tau2, fit.beta[0], fit.se[0], fit.stat[0], fit.ci_lb[0], fit.ci_ub[0]], *table[method])
