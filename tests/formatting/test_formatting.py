"""Rounding for a reader: against decimal arithmetic, APA examples and the inverse transformations of numpy."""

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.formatting import (
    MINUS,
    MISSING,
    format_bounded,
    format_count,
    format_df,
    format_effect,
    format_interval,
    format_number,
    format_p,
    format_percent,
    format_shown_interval,
)

FINITE = st.floats(min_value=-1e8, max_value=1e8)


@given(value=FINITE, digits=st.integers(1, 4))
def test_number_is_what_decimal_arithmetic_rounds_to(value: float, digits: int) -> None:
    exact = Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    assert Decimal(format_number(value, digits).replace(MINUS, "-").replace(",", "")) == exact


@given(value=FINITE, digits=st.integers(0, 4))
def test_no_number_has_a_hyphen_or_a_negative_zero(value: float, digits: int) -> None:
    text = format_number(value, digits)
    assert "-" not in text
    assert text.strip("0.,") != MINUS


@given(value=st.floats(-1, 1))
def test_bounded_numbers_have_no_leading_zero(value: float) -> None:
    text = format_bounded(value)
    assert not text.removeprefix(MINUS).startswith("0")
    assert text.removeprefix(MINUS).lstrip(".").replace(".", "").isdigit()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.5, "1,234.50"),
        (-0.001, "0.00"),
        (2.5e9, "2.50 \u00d7 10\u2079"),
        (float("inf"), "\u221e"),
        (None, MISSING),
    ],
)
def test_number_at_the_edges(value: float | None, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0123, "p = .012"),
        (0.00099, "p < .001"),
        (0.0, "p < .001"),
        (0.001, "p = .001"),
        (0.9996, "p > .999"),
        (1.0, "p > .999"),
        (0.9994, "p = .999"),
        (None, MISSING),
        (float("nan"), MISSING),
    ],
)
def test_p_values_as_apa_words_them(p: float | None, text: str) -> None:
    assert format_p(p) == text


@pytest.mark.parametrize(
    ("measure", "inverse", "text"),
    [
        ("ZCOR", np.arctanh, ".25"),
        ("OR", np.log, "0.25"),
        ("PLO", lambda x: np.log(x / (1 - x)), ".25"),
        ("SMD", float, "0.25"),
        ("COR", float, ".25"),
    ],
)
def test_effects_are_shown_on_the_scale_of_their_measure(measure: str, inverse: object, text: str) -> None:
    assert callable(inverse)
    assert format_effect(float(inverse(0.25)), measure) == text


def test_intervals() -> None:
    assert format_interval(float(np.arctanh(0.12)), float(np.arctanh(0.36)), "ZCOR") == "[.12, .36]"
    assert format_shown_interval(-0.05, None, "ZCOR") == f"[{MINUS}.05, {MISSING}]"
    assert format_interval(None, None, "SMD") == MISSING


def test_counts_percentages_and_degrees_of_freedom() -> None:
    assert format_count(3158.0) == "3,158"
    assert format_percent(45.27) == "45.3%"
    assert [format_df(value) for value in (17.0, 12.345, None)] == ["17", "12.35", MISSING]
