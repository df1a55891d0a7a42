"""An SVG inside a page: safe, alone with its ids, and described."""

import re
from xml.etree import ElementTree

import pytest

from analysis.errors import DataError
from analysis.reporting.svg import inline_svg
from analysis.reporting.svg_weight import SVG as NAMESPACE
from tests.fake_results import SVG


def test_ids_and_what_points_at_them_get_the_prefix() -> None:
    text = inline_svg(SVG, "figure-1", "Two studies.")
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    pointed = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
    assert pointed == {"figure-1-mark", "figure-1-clip"}
    assert pointed <= ids
    assert all(name.startswith("figure-1") for name in ids)


def test_nothing_active_and_nothing_from_outside_is_left() -> None:
    text = inline_svg(SVG, "figure-1", "x")
    for word in ("<script", "onclick", "<image", "example.org", "<?xml", "<!DOCTYPE", "metadata"):
        assert word not in text


@pytest.mark.parametrize(
    "part",
    [
        '<a xlink:href="https://example.org"><text>x</text></a>',
        '<a xlink:href="javascript:alert(1)"><text>x</text></a>',
        '<rect style="fill: url(https://example.org/x)"/>',
        '<style>@import "https://example.org/x.css";</style>',
        '<style>rect { fill: url("https://example.org/x") }</style>',
        '<foreignObject><b xmlns="http://www.w3.org/1999/xhtml">example.org</b></foreignObject>',
        '<use href="https://example.org/x.svg#y"/>',
    ],
)
def test_every_way_out_is_closed(part: str) -> None:
    text = inline_svg(SVG.replace("<g id", f"{part}<g id"), "f", "x")
    assert "example.org" not in text
    assert "javascript" not in text


def test_a_label_is_text() -> None:
    text = inline_svg(SVG, "f", 'A "quoted" <b>label</b> & more')
    assert ElementTree.fromstring(text).get("aria-label") == 'A "quoted" <b>label</b> & more'
    assert "<b>" not in text


def test_styles_dress_the_figure_alone_and_its_size_is_kept_as_a_view_box() -> None:
    text = inline_svg(SVG, "f", "x")
    assert "#f { *{stroke-linejoin: round} }" in text
    assert 'viewBox="0 0 200 100"' in text
    assert 'style="aspect-ratio: 200 / 100"' in text


@pytest.mark.parametrize("text", ["", "not xml", "<html/>"])
def test_what_is_not_svg_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="not an SVG"):
        inline_svg(text, "f", "x")


def test_a_drawing_loses_digits_names_and_groups_that_nobody_sees() -> None:
    circles = "".join(f'<circle id="c{n}" cx="{n}" r="2" style="fill: red"/>' for n in range(5))
    marker = '<defs><path id="m" d="M 0.123456 -0.000001 \nL 1 2"/></defs><use href="#m" x="3.14159"/>'
    text = inline_svg(
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 9 9"><g>{marker}<g id="g">{circles}</g></g></svg>', "f", "x"
    )
    assert 'd="M 0.12 0 L 1 2"' in text
    assert 'id="f-m"' in text
    assert 'x="3.14"' in text
    assert "<g" not in text
    assert 'id="f-c1"' not in text
    assert text.count("fill: red") == 1
    assert text.count('class="s0"') == 5
    assert "#f { .s0 { fill: red } }" in text


def test_a_style_with_an_address_stays_where_the_address_is_put_under_the_prefix() -> None:
    rects = '<rect style="fill: url(#p)"/>' * 5
    text = inline_svg(f'<svg xmlns="{NAMESPACE}"><defs><pattern id="p"/></defs>{rects}</svg>', "f", "x")
    assert text.count("fill: url(#f-p)") == 5
