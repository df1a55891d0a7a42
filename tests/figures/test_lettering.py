import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.font_manager import findfont, get_font

from analysis.figures.lettering import ELLIPSIS, fit_text, safe_text, text_width, wrap_text

GLYPHS = set(get_font(findfont("DejaVu Sans")).get_charmap())


@given(st.text(max_size=60))
def test_any_text_becomes_one_printable_line(text: str) -> None:
    line = safe_text(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in line)
    assert line == line.strip()
    assert {ord(character) for character in line} <= GLYPHS


@given(st.text(max_size=80), st.floats(0.5, 4))
def test_a_fitted_text_is_no_wider_than_its_room(text: str, width: float) -> None:
    assert text_width(fit_text(text, width)) <= width


def test_a_long_label_ends_in_an_ellipsis() -> None:
    label = fit_text("A study with a very long label " * 8, 3.0)
    assert label.endswith(ELLIPSIS)
    assert text_width(label) > 2.6


def test_a_short_label_is_left_alone() -> None:
    assert fit_text("Mallinckrodt (2000)", 3.0) == "Mallinckrodt (2000)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u202eevil\u202c\x00\x1b[31m\n\ttab", "evil[31m tab"),
        ("\u4e2d\u6587 (2010)", "\u25a1\u25a1 (2010)"),
        ("e\u0301clair", "\u00e9clair"),
        ("\u05d0\u05d1\u05d2 (2001)", "\u05d0\u05d1\u05d2 (2001)"),
        ("x" + "\u0301" * 50, "x\u0301\u0301"),
    ],
)
def test_what_the_font_cannot_draw_is_replaced(text: str, shown: str) -> None:
    assert safe_text(text) == shown


def test_a_title_is_broken_at_spaces_and_cut_after_three_lines() -> None:
    lines = wrap_text("long words of a title " * 30, 4.0)
    assert len(lines) == 3
    assert all(text_width(line) <= 4.0 for line in lines)
    assert lines[-1].endswith(ELLIPSIS)
