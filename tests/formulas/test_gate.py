"""Formulas: what is allowed is coded as R codes it, what is not allowed never runs."""

import sys

import numpy as np
import pytest

from analysis.errors import ConfigError
from analysis.formulas import build_design, code_rows

DATA = {
    "alliance": list(np.random.default_rng(0).normal(size=12)),
    "dimension": ["security", "anxiety", "avoidance"] * 4,
    "year": list(range(1999, 2011)),
    "focus": ["a", "b"] * 6,
}

HOSTILE = [
    'I(open("w","w").write("x")) ~ a',
    'I(open("w","w").write("x"))',
    '__import__("os").system("x")',
    "alliance.attr()",
    "alliance**99",
    "poly(year,999999)",
    'C(dimension, contr.treatment("zzz"))',
    "",
    "{year}",
    "`year`",
    "alliance + (",
    '"alliance',
    "C(dimension, contr.__class__())",
    "I((lambda: 1)())",
    "I([x for x in year])",
    "I(alliance.__class__)",
    'I(f"{year}")',
    "np.exp(1)",
    "I(year**1000)",
    "year | focus",
    "alliance ~ year",
    "I(1/0)",
    "log(0)",
    "scale(*year)",
    "C(**year)",
    "a" * 600,
    "alliance + .",
    "C(dimension)[T.anxiety]",
    "hashed(year)",
    'I("x"*8*8*8*8)',
    "C(dimension, spans_intercept=True)",
    "unknown",
]


@pytest.mark.parametrize("formula", HOSTILE)
def test_refused_with_a_sentence_and_nothing_run(formula: str) -> None:
    opened: list[str] = []
    armed = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if armed and event == "open" and arguments[0] == "w":
            opened.append(event)

    sys.addaudithook(hook)
    with pytest.raises(ConfigError, match="formula"):
        build_design(formula, DATA)
    armed = False
    assert not opened


def test_levels_and_interaction_are_coded_as_model_matrix_does(r) -> None:
    formula = "alliance * C(dimension, contr.treatment('security'))"
    model = build_design(formula, DATA)
    theirs = r(
        "d <- relevel(factor(unlist(dimension)), ref='security'); X <- model.matrix(~ unlist(alliance) * d);"
        " result <- list(X=c(X))",
        alliance=DATA["alliance"],
        dimension=DATA["dimension"],
    )
    assert pytest.approx(np.array(theirs["X"]).reshape(6, 12).T, abs=1e-12) == model.design.X
    assert model.design.names[0] == "intrcpt"
    assert [term.name for term in model.design.terms] == ["alliance", "dimension", "alliance:dimension"]
    assert model.levels["dimension"] == ("security", "anxiety", "avoidance")


def test_further_rows_are_coded_alike_and_an_unseen_level_is_refused() -> None:
    model = build_design("scale(year) + dimension", DATA)
    assert code_rows(model, {"year": DATA["year"], "dimension": DATA["dimension"]}) == pytest.approx(model.design.X)
    with pytest.raises(ConfigError, match="fearful"):
        code_rows(model, {"year": [2000], "dimension": ["fearful"]})


def test_a_numeric_column_inside_c_is_a_factor() -> None:
    model = build_design("C(code)", {"code": [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]})
    assert model.factors == ("code",)
    assert model.design.names == ("intrcpt", "code[2]", "code[3]")


def test_missing_values_are_refused_with_their_row() -> None:
    with pytest.raises(ConfigError, match="first: row 2"):
        build_design("alliance", {"alliance": [1.0, None, 2.0]})
