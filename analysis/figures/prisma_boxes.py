"""What stands in the boxes of a flow diagram: the words of the PRISMA 2020 template, each with its counts.

References
----------
.. [1] Page, McKenzie, Bossuyt et al. (2021), The PRISMA 2020 statement, BMJ 372, n71, figure 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from analysis.figures import style
from analysis.figures.lettering import fit_text, safe_text, text_width, wrap_text
from analysis.figures.records import Record, Records, number, word
from analysis.figures.wording import NO_BREAK
from analysis.formatting import format_count

# A reason longer than this many lines is cut; its count never is.
LINES: Final = 12
INDENT: Final = 0.1
HANG: Final = 0.08
HEADS: Final[Mapping[tuple[str, str], str]] = {
    ("databases", "identified"): "Records identified from:",
    ("databases", "removed"): "Records removed before screening:",
    ("databases", "screened"): "Records screened",
    ("databases", "excluded"): "Records excluded",
    ("databases", "sought"): "Reports sought for retrieval",
    ("databases", "not_retrieved"): "Reports not retrieved",
    ("databases", "assessed"): "Reports assessed for eligibility",
    ("databases", "excluded_reports"): "Reports excluded:",
    ("other", "identified"): "Records identified from:",
    ("other", "sought"): "Reports sought for retrieval",
    ("other", "not_retrieved"): "Reports not retrieved",
    ("other", "assessed"): "Reports assessed for eligibility",
    ("other", "excluded_reports"): "Reports excluded:",
}
KINDS: Final = {
    "database": "Databases",
    "register": "Registers",
    "duplicates": "Duplicate records",
    "automation": "Records marked as ineligible by automation tools",
    "other": "Records removed for other reasons",
}
INCLUDED: Final = {"studies": "Studies included in review", "reports": "Reports of included studies"}
NEW: Final = {"studies": "New studies included in review", "reports": "Reports of new included studies"}
TOTALS: Final[Mapping[tuple[str, str], str]] = {
    ("previous", "studies"): "Studies included in previous version of review",
    ("previous", "reports"): "Reports of studies included in previous version of review",
    ("total", "studies"): "Total studies included in review",
    ("total", "reports"): "Reports of total included studies",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a box; `indent` in inches."""

    text: str
    indent: float = 0.0


def box_lines(flow: Records, route: str, step: str, width: float) -> list[Line]:
    """Return the lines of one step of one route, none wider than `width` inches."""
    rows = [row for row in flow if row["route"] == route and row["step"] == step]
    head = HEADS[route, step]
    total = next(row for row in rows if row["kind"] is None and row["detail"] is None)
    parts = [row for row in rows if row is not total]
    if not parts:
        return _counted(head.removesuffix(":"), total, width)
    lines = [Line(line) for line in wrap_text(head, width, style.SMALL, lines=LINES)]
    for row in parts:
        # A source stands beneath its kind; where there is one kind alone, as a reason does, beneath the heading.
        nested = step == "identified" and row["detail"] is not None and row["kind"] != "method"
        name = word(row, "detail") if row["detail"] is not None else KINDS[word(row, "kind")]
        lines += _counted(name, row, width, INDENT * (2 if nested else 1))
    return lines


def inclusion_lines(flow: Records, route: str, width: float) -> list[Line]:
    """Return the lines of a box of studies and reports: new ones, those of the previous version, or all."""
    updated = any(row["route"] == "previous" for row in flow)
    lines: list[Line] = []
    for row in (row for row in flow if row["route"] == route):
        step = word(row, "step")
        lines += _counted(TOTALS.get((route, step), (NEW if updated else INCLUDED)[step]), row, width)
    return lines


def _counted(name: str, row: Record, width: float, indent: float = 0.0) -> list[Line]:
    """Wrap a name and set its count behind it; the count stays whole, whatever the name is."""
    count = f"(n = {format_count(number(row, 'n'))})".replace(" ", NO_BREAK)
    alone = f"{safe_text(name)} {count}"
    if text_width(alone, style.SMALL) <= width - indent:
        return [Line(alone, indent)]
    # What runs on to a further line of an item stands a little to the right of its first.
    hang = HANG if indent else 0.0
    room = width - indent - hang
    lines = wrap_text(safe_text(name), room, style.SMALL, lines=LINES)
    whole = f"{lines[-1]} {count}"
    if text_width(whole, style.SMALL) <= room:
        lines[-1] = whole
    else:
        lines.append(fit_text(count, room, style.SMALL))
    return [Line(line, indent + hang * (i > 0)) for i, line in enumerate(lines)]
