"""Make an SVG file safe to stand inside a page beside others: no script, no outside address, no id shared."""

import re
from typing import Final
from xml.etree import ElementTree

from markupsafe import Markup

from analysis.errors import DataError
from analysis.reporting.svg_weight import REFERENCE, SVG, lighten

XLINK: Final = "http://www.w3.org/1999/xlink"
# What a figure is drawn with; anything else (script, foreignObject, image, animation, metadata) is dropped.
ALLOWED: Final = frozenset(
    (
        *(
            "svg",
            "g",
            "defs",
            "path",
            "rect",
            "circle",
            "ellipse",
            "line",
            "polyline",
            "polygon",
            "text",
            "tspan",
            "textPath",
        ),
        *(
            "use",
            "clipPath",
            "mask",
            "marker",
            "symbol",
            "pattern",
            "linearGradient",
            "radialGradient",
            "stop",
            "style",
        ),
        *("title", "desc", "a"),
    )
)
NUMBER: Final = r"-?\d+(?:\.\d+)?"
UNSAFE_STYLE: Final = re.compile(r"@import|expression\s*\(|javascript:", re.IGNORECASE)


def inline_svg(text: str, prefix: str, label: str) -> Markup:
    """Return an SVG document as an element for a page.

    Parameters
    ----------
    text : the SVG file.
    prefix : put before every id, and before every reference to one.
    label : what a person who does not see the figure is told.

    Raises
    ------
    DataError
        When the text is not an SVG document.
    """
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise DataError(f"{prefix}: this is not an SVG file ({error}). Draw the figure again.") from None
    if root.tag != f"{{{SVG}}}svg":
        raise DataError(f"{prefix}: this is not an SVG file (it begins with {root.tag}). Draw the figure again.")
    _clean(root, prefix)
    lighten(root, prefix)
    _describe(root, label)
    _scope_ids(root, prefix)
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    # The text went through the parser and the list of allowed elements above.
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _clean(element: ElementTree.Element, prefix: str) -> None:
    for child in list(element):
        name = child.tag.removeprefix(f"{{{SVG}}}") if isinstance(child.tag, str) else ""
        if name not in ALLOWED:
            element.remove(child)
            continue
        _clean(child, prefix)
        if name == "style":
            child.text = _scoped_style(child.text or "", prefix)
    for key, value in list(element.attrib.items()):
        if not _is_safe(key, value):
            del element.attrib[key]


def _is_safe(key: str, value: str) -> bool:
    name = key.rsplit("}", 1)[-1].lower()
    if name.startswith("on") or UNSAFE_STYLE.search(value):
        return False
    if name in ("href", "src"):
        return value.startswith("#")
    return all(address.startswith("#") for address in REFERENCE.findall(value))


def _scoped_style(style: str, prefix: str) -> str:
    if UNSAFE_STYLE.search(style) or any(not address.startswith("#") for address in REFERENCE.findall(style)):
        return ""
    # A style element inside a page would dress the whole page: nest its rules under the figure.
    return f"#{prefix} {{ {style.strip()} }}" if style.strip() else ""


def _describe(root: ElementTree.Element, label: str) -> None:
    # A title element would pop up over the whole figure; the label is only for those who do not see it.
    for old in root.findall(f"{{{SVG}}}title"):
        root.remove(old)
    for key in [key for key in root.attrib if key.startswith("aria-") or key == "id"]:
        del root.attrib[key]
    root.set("role", "img")
    root.set("aria-label", label)
    width, height = (re.match(r"[\d.]+", root.get(side, "")) for side in ("width", "height"))
    if "viewBox" not in root.attrib and width and height:
        root.set("viewBox", f"0 0 {width[0]} {height[0]}")
    box = re.fullmatch(rf"{NUMBER} {NUMBER} ({NUMBER}) ({NUMBER})", root.get("viewBox", ""))
    if box:
        # A browser that draws a figure only once it is scrolled to must know how high it will be.
        root.set("style", f"aspect-ratio: {box[1]} / {box[2]}")


def _scope_ids(root: ElementTree.Element, prefix: str) -> None:
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            name = key.rsplit("}", 1)[-1]
            if name == "id":
                element.set(key, f"{prefix}-{value}")
            elif name == "href":
                element.set(key, f"#{prefix}-{value[1:]}")
            elif name in ("aria-labelledby", "aria-describedby"):
                element.set(key, " ".join(f"{prefix}-{part}" for part in value.split()))
            elif "url(" in value:
                element.set(key, REFERENCE.sub(lambda match: f"url(#{prefix}-{match[1].removeprefix('#')})", value))
    root.set("id", prefix)
