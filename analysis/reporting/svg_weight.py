"""Make a drawing light enough for a page of many: what is left out or written once changes nothing that is seen."""

import re
from collections import Counter
from typing import Final
from xml.etree import ElementTree

SVG: Final = "http://www.w3.org/2000/svg"
REFERENCE: Final = re.compile(r"url\(\s*['\"]?([^)'\"]*)['\"]?\s*\)")
# Points; a screen shows no tenth of them.
DECIMALS: Final = 2
LONG_NUMBER: Final = re.compile(r"-?\d+\.\d{3,}")
GEOMETRY: Final = ("d", "points", "x", "y", "x1", "x2", "y1", "y2", "transform")
# A style that so many elements have is written once.
SHARED: Final = 4
# Elements in which blanks between members are seen.
WORDED: Final = ("text", "tspan", "textPath", "style", "title", "desc")


def lighten(root: ElementTree.Element, prefix: str) -> None:
    """Leave away what nobody sees: digits beyond a hundredth of a point, unused names, groups that say nothing.

    `prefix` is the id that the drawing will have on its page: styles that many elements share stand under it.
    """
    used = {name for element in root.iter() for name in _references(element)}
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        for key in GEOMETRY:
            if key in element.attrib:
                element.set(key, " ".join(LONG_NUMBER.sub(_rounded, element.attrib[key]).split()))
        if element.tag.rpartition("}")[2] not in WORDED:
            element.text = (element.text or "").strip() or None
            for child in element:
                child.tail = (child.tail or "").strip() or None
    _unwrap(root)
    _share_styles(root, prefix)


def _share_styles(root: ElementTree.Element, prefix: str) -> None:
    """Write a style that many elements have once, as a class."""
    counts = Counter(element.attrib["style"] for element in root.iter() if "style" in element.attrib)
    # An address inside a rule would not be put under the prefix.
    common = [style for style, count in counts.items() if count >= SHARED and "url(" not in style]
    if not common:
        return
    names = {style: f"s{number}" for number, style in enumerate(common)}
    for element in root.iter():
        name = names.get(element.get("style", ""))
        if name is not None and "class" not in element.attrib:
            del element.attrib["style"]
            element.set("class", name)
    rules = ElementTree.Element(f"{{{SVG}}}style")
    rules.text = f"#{prefix} {{ {' '.join(f'.{name} {{ {style} }}' for style, name in names.items())} }}"
    root.insert(0, rules)


def _references(element: ElementTree.Element) -> list[str]:
    """Return the ids that an element refers to."""
    names: list[str] = []
    for key, value in element.attrib.items():
        name = key.rsplit("}", 1)[-1]
        if name == "href":
            names.append(value.removeprefix("#"))
        elif name in ("aria-labelledby", "aria-describedby"):
            names += value.split()
        names += [address.removeprefix("#") for address in REFERENCE.findall(value)]
    return [*names, *re.findall(r"#([\w-]+)", element.text or "")] if element.tag.endswith("}style") else names


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _unwrap(element: ElementTree.Element) -> None:
    """Put the members of a group without attributes in its place."""
    members: list[ElementTree.Element] = []
    for child in list(element):
        _unwrap(child)
        plain = child.tag == f"{{{SVG}}}g" and not child.attrib and not child.text
        members += list(child) if plain else [child]
    element[:] = members
