"""escalc against metafor, live: every measure, every kind of variance, every way of adding to zero cells."""

from typing import Any

import numpy as np
import pytest

from analysis.measures import bias_correction, escalc
from analysis.measures.conversion import LOGISTIC_SD
from tests.measures.cases import CASES, TABLES

# metafor answers in 15 digits; differences of logarithms near zero lose some of them.
RELATIVE, ABSOLUTE = 1e-10, 1e-12
# Where metafor has fewer digits: its J is a difference of log gamma functions, its hypergeometric function at r = 0 is
# good to 1e-10 only, and "UB" takes differences of them. test_conversion and test_correlation hold ours against exact
# values.
LOOSER = {"SMD-UB": (1e-9, ABSOLUTE), "UCOR-UB": (RELATIVE, 2e-10)}


def as_array(values: list[float | None]) -> np.ndarray:
    return np.array(values, dtype=float)


@pytest.mark.parametrize("name", CASES)
def test_equals_metafor(name: str, metafor: dict[str, Any]) -> None:
    case = CASES[name]
    if metafor[name] is None:
        pytest.skip("metafor needs the R package gsl for UCOR")
    ours = escalc(case["measure"], case["columns"], **case["options"])
    relative, absolute = LOOSER.get(name, (RELATIVE, 1e-14))
    np.testing.assert_allclose(ours.yi, as_array(metafor[name]["yi"]), rtol=relative, atol=ABSOLUTE)
    np.testing.assert_allclose(ours.vi, as_array(metafor[name]["vi"]), rtol=relative, atol=absolute)
    assert np.isfinite(ours.yi).sum() >= 5
    assert ours.measure == case["measure"]


ALTERNATIVES = {
    "COR-ti": ("COR", {"ti": [2.5, -1.0, 0.0], "ni": [20, 33, 12.5]}, "escalc('COR', ri=ti/sqrt(ti^2+ni-2), ni=ni)"),
    "ZCOR-pi": (
        "ZCOR",
        {"pi": [0.01, -0.2, 1.0, -1e-12], "ni": [20, 33, 8, 90]},
        "ti <- sign(pi)*qt(abs(pi)/2, ni-2, lower.tail=FALSE); escalc('ZCOR', ri=ti/sqrt(ti^2+ni-2), ni=ni)",
    ),
    "SMD-di": (
        "SMD",
        {"di": [0.5, -1.2, 0.0], "n1i": [10, 4, 60], "n2i": [12, 4, 30]},
        "escalc('SMD', di=di, n1i=n1i, n2i=n2i)",
    ),
    "SMD-di-ni": ("SMD", {"di": [0.5, -1.2], "ni": [21, 8]}, "escalc('SMD', di=di, n1i=ni/2, n2i=ni/2)"),
    "SMD-ti": ("SMD", {"ti": [2.1, -0.3], "n1i": [10, 14], "n2i": [12, 9]}, "escalc('SMD', ti=ti, n1i=n1i, n2i=n2i)"),
    "SMD-pi": (
        "SMD",
        {"pi": [0.03, -0.6], "n1i": [10, 14], "n2i": [12, 9]},
        "escalc('SMD', ti=sign(pi)*qt(abs(pi)/2, n1i+n2i-2, lower.tail=FALSE), n1i=n1i, n2i=n2i)",
    ),
    "SMD-gi": (
        "SMD",
        {"gi": [0.4, -0.9], "n1i": [10, 14], "n2i": [12, 9]},
        "J <- exp(lgamma((n1i+n2i-2)/2) - log(sqrt((n1i+n2i-2)/2)) - lgamma((n1i+n2i-3)/2));"
        "escalc('SMD', di=gi/J, n1i=n1i, n2i=n2i)",
    ),
    "SMCC-ti": (
        "SMCC",
        {"ti": [2.0, -0.7], "ni": [15, 40]},
        "escalc('SMCC', m1i=ti/sqrt(ni), m2i=0*ti, sd1i=1+0*ti, sd2i=1+0*ti, ri=.5+0*ti, ni=ni)",
    ),
    "SMCC-di": (
        "SMCC",
        {"di": [2.0, -0.7], "ni": [15, 40]},
        "escalc('SMCC', m1i=di, m2i=0*di, sd1i=1+0*di, sd2i=1+0*di, ri=.5+0*di, ni=ni)",
    ),
    "SMCR-di": (
        "SMCR",
        {"di": [2.0, -0.7], "ni": [15, 40], "ri": [0.2, -0.4]},
        "escalc('SMCR', m1i=di, m2i=0*di, sd1i=1+0*di, ri=ri, ni=ni)",
    ),
    "OR-n1i": (
        "OR",
        {"ai": [3, 0], "n1i": [10, 14], "ci": [5, 2], "n2i": [12, 9]},
        "escalc('OR', ai=ai, n1i=n1i, ci=ci, n2i=n2i)",
    ),
    "PLO-ni": ("PLO", {"xi": [3, 0, 9], "ni": [10, 14, 9]}, "escalc('PLO', xi=xi, ni=ni)"),
}


@pytest.fixture(scope="module")
def alternatives(r: Any) -> dict[str, Any]:
    calls = ", ".join(f"`{name}` = with(tables[['{name}']], {{{code}}})" for name, (_, _, code) in ALTERNATIVES.items())
    tables = {name: columns for name, (_, columns, _) in ALTERNATIVES.items()}
    answers: dict[str, Any] = r(f"lapply(list({calls}), function(x) list(yi=as.vector(x$yi), vi=x$vi))", tables=tables)
    return answers


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_other_columns_give_the_same(name: str, alternatives: dict[str, Any]) -> None:
    measure, columns, _ = ALTERNATIVES[name]
    ours = escalc(measure, columns)
    np.testing.assert_allclose(ours.yi, as_array(alternatives[name]["yi"]), rtol=RELATIVE, atol=ABSOLUTE)
    np.testing.assert_allclose(ours.vi, as_array(alternatives[name]["vi"]), rtol=RELATIVE)


def test_uncorrected_d_is_what_metafor_turns_into_log_odds(r: Any) -> None:
    table = {name: values[:10] for name, values in TABLES["SMD"].items()}
    code = "x <- do.call(escalc, c(list(measure='D2ORL'), table)); list(yi=as.vector(x$yi), vi=x$vi)"
    theirs, ours = r(code, table=table), escalc("SMD", table, correct=False)
    np.testing.assert_allclose(ours.yi * LOGISTIC_SD, theirs["yi"], rtol=RELATIVE)
    np.testing.assert_allclose(ours.vi * LOGISTIC_SD**2, theirs["vi"], rtol=RELATIVE)


@pytest.mark.parametrize("measure", ["SMCC", "SMCR"])
def test_uncorrected_changes_are_metafor_s_second_form_without_its_factor(
    measure: str, metafor: dict[str, Any]
) -> None:
    j = bias_correction(as_array(TABLES[measure]["ni"]) - 1)
    theirs, ours = metafor[f"{measure}-LS2"], escalc(measure, TABLES[measure], correct=False)
    np.testing.assert_allclose(ours.yi, as_array(theirs["yi"]) / j, rtol=RELATIVE)
    np.testing.assert_allclose(ours.vi, as_array(theirs["vi"]) / j**2, rtol=RELATIVE)
