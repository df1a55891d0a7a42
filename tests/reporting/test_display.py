"""Words for codes: terms of formulas, names of models, cells of tables."""

import pytest

from analysis.reporting.display import plain_name, show_rows, term_label
from analysis.reporting.display_tables import build_display_table


@pytest.mark.parametrize(
    ("term", "label"),
    [
        ("intrcpt", "Intercept"),
        ("age", "age"),
        ("share_women", "share women"),
        ("C(dimension, contr.treatment('security'))[T.anxiety]", "dimension: anxiety"),
        ("alliance:C(dimension, contr.treatment('security'))", "alliance \u00d7 dimension"),
        ("C(interval, contr.treatment('a - b'))[T.x: y]:age", "interval: x: y \u00d7 age"),
        ("center(age)", "center(age)"),
    ],
)
def test_terms(term: str, label: str) -> None:
    assert term_label(term) == label


def test_models_named_after_people_keep_their_capitals() -> None:
    assert plain_name("dersimonian_laird") == "DerSimonian\u2013Laird"
    assert plain_name("by_dimension") == "by dimension"


def test_a_cell_knows_how_it_is_rounded_and_where_it_stands() -> None:
    (row,) = show_rows("models", [{"estimate": 0.2741, "pval": 0.0004, "tau2": 0.02134, "k": 1200, "i2": None}], "ZCOR")
    assert [row[name].cell for name in row] == [".27", "< .001", "0.021", "1,200", "\u2013"]
    assert row["pval"].text == "p < .001"
    assert row["estimate"].source == "models.csv:2:estimate"
    assert "<i>p</i> &lt; .001" in row["pval"].__html__()


def test_a_quantity_decides_how_its_row_is_rounded() -> None:
    records = [{"quantity": name, "estimate": 12.3456, "method": "REML/QP"} for name in ("tau2", "i2", "qe")]
    assert [row["estimate"].cell for row in show_rows("heterogeneity", records, "ZCOR")] == ["12.346", "12.3%", "12.35"]


@pytest.mark.parametrize(
    ("column", "printed", "ours", "text"),
    [
        ("k", "18", 18.0, "18"),
        ("estimate", ".27", 0.27412, ".274"),
        ("pval", ".003", 0.00312, ".0031"),
        ("qe", "6.1", 6.1234, "6.12"),
        ("i2", "43.7", 43.666, "43.67"),
    ],
)
def test_ours_is_rounded_to_stand_beside_the_printed(column: str, printed: str, ours: float, text: str) -> None:
    (row,) = show_rows("published", [{"printed": printed, "our_column": column, "ours": ours}], "ZCOR")
    assert row["ours"].cell == text


def test_columns_in_which_nothing_stands_are_left_away() -> None:
    rows = show_rows("models", [{"model": "m", "pi_lb": None, "pi_ub": None, "k": 3, "source": "m/fit.json"}], "SMD")
    columns = [
        {"label": "M", "show": "model"},
        {"label": "PI", "show": ["pi_lb", "pi_ub"]},
        {"label": "k", "show": "k"},
    ]
    table = build_display_table("models", rows, {"caption": "{level}% c", "columns": columns}, "results/x/tables", "95")
    assert [header.label for header in table.headers] == ["M", "k"]
    assert table.caption == "95% c"
    assert table.rows[0][1].title == "results/x/tables/models.csv, line 2, k; from m/fit.json"
