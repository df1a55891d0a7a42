"""An SVG inside a page: safe, alone with its ids, and described."""

import re
from xml.etree import ElementTree

import pytest

from analysis.errors import DataError
from analysis.reporting.svg import inline_svg
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
