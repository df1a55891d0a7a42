"""Words for codes: terms of formulas, names of models, cells of tables."""

import pytest

from analysis.reporting.display import cell_label, plain_name, prose, show_rows, term_label
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
        ("all", "all moderators"),
    ],
)
def test_terms(term: str, label: str) -> None:
    assert term_label(term) == label


@pytest.mark.parametrize(
    ("term", "cell", "label"),
    [
        ("published", "published unpublished", "published: unpublished"),
        ("social_risk", "social_risk high", "social risk: high"),
        (
            "alliance:dimension",
            "alliance up to its median, dimension a, b",
            "alliance: up to its median, dimension: a, b",
        ),
        ("alliance:C(dimension)", "high alliance, anxiety", "high alliance, anxiety"),
    ],
)
def test_cells(term: str, cell: str, label: str) -> None:
    assert cell_label(term, cell) == label


def test_values_held_read_as_words_and_a_minus_is_one() -> None:
    record = {"at": "social_risk = low, alliance = mean - 1 SD", "relation": "a -> b"}
    (row,) = show_rows("slopes", [record, {**record, "at": "interval = Infancy - Preschool"}][:1], "ZCOR")
    assert row["at"].text == "social risk = low, alliance = mean \u2212 1 SD"
    assert row["relation"].text == "a \u2192 b"
    (row,) = show_rows("slopes", [{"at": "interval = Infancy - Preschool"}], "ZCOR")
    assert row["at"].text == "interval = Infancy - Preschool"


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("run `python -m x` <b>", "run <code>python -m x</code> &lt;b&gt;"),
        ("g = -.05, not -1; 1996-2013, e0-1", "g = \u2212.05, not \u22121; 1996-2013, e0-1"),
        ("`<i>`", "<code>&lt;i&gt;</code>"),
        ("one ` alone", "one ` alone"),
    ],
)
def test_a_sentence_of_a_dataset_is_set_and_stays_text(text: str, markup: str) -> None:
    assert prose(text) == markup


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
    ("quantity", "printed", "ours", "text"),
    [
        ("k", "18", 18.0, "18"),
        ("estimate", ".27", 0.27412, ".274"),
        ("estimate", "0.27", 0.27412, "0.274"),
        ("estimate", "-0.001", -0.04512, "\u22120.0451"),
        ("p", "0.003", 0.00312, "0.0031"),
        ("estimate", "10.5", 0.27412, "0.27"),
        ("p", ".003", 0.00312, ".0031"),
        ("p", "<.001", 0.00312, ".0031"),
        ("I2", "43.7%", 43.666, "43.67"),
        ("Q", "6.1", 6.1234, "6.12"),
        ("I2", "43.7", 43.666, "43.67"),
    ],
)
def test_ours_is_rounded_to_stand_beside_the_printed(quantity: str, printed: str, ours: float, text: str) -> None:
    (row,) = show_rows("../ledger", [{"printed": printed, "quantity": quantity, "ours": ours}], "ZCOR")
    assert row["ours"].cell == text


def test_columns_in_which_nothing_stands_are_left_away() -> None:
    rows = show_rows("models", [{"model": "m", "pi_lb": None, "pi_ub": None, "k": 3, "source": "m/fit.json"}], "SMD")
    columns = [
        {"label": "M", "show": "model"},
        {"label": "PI", "show": ["pi_lb", "pi_ub"]},
        {"label": "k", "show": "k"},
    ]
    table = build_display_table("models", rows, {"caption": "{level}% c", "columns": columns}, {"level": "95"})
    assert [header.label for header in table.headers] == ["M", "k"]
    assert table.caption == "95% c"
    assert table.rows[0][1].title == "models.csv, line 2, k"


def test_what_studies_were_ordered_by_is_shown_as_the_dataset_has_it() -> None:
    (row,) = show_rows("cumulative", [{"order_by": "year", "value": 1971.0}], "ZCOR")
    assert row["value"].cell == "1971"
