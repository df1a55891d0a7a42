"""Risk of bias as traffic lights: one row per study, one column per domain; many studies are parted into sheets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.errors import DataError
from analysis.figures import style
from analysis.figures.frame import (
    EDGE,
    INNER,
    notes_room,
    place_axes,
    title_lines,
    title_room,
    write_notes,
    write_title,
)
from analysis.figures.lettering import fit_text, safe_text, text_width, wrap_text
from analysis.figures.records import Record, Records, word
from analysis.figures.risk_marks import KEY_LINE, draw_key, draw_lights, key_lines, key_of
from analysis.vocabulary import OVERALL

# A sheet of more studies than this would be taller than a printed page.
STUDIES_PER_SHEET: Final = 36
ROW: Final = 0.235
HEAD: Final = 0.3
LABELS_AT_MOST: Final = 3.4
WIDEST_COLUMN: Final = 0.72
GAP: Final = 0.15
INSET: Final = 0.05


def part_studies(judgements: Records) -> list[list[Record]]:
    """Part the rows of risk_of_bias.csv into sheets of similar length, whole studies each."""
    by_study: dict[str, list[Record]] = {}
    for row in judgements:
        by_study.setdefault(word(row, "study_id"), []).append(row)
    sheets = -(-len(by_study) // STUDIES_PER_SHEET)
    studies = list(by_study.values())
    bounds = [round(i * len(studies) / sheets) for i in range(sheets + 1)] if sheets else [0]
    return [[row for study in studies[start:end] for row in study] for start, end in pairwise(bounds)]


@style.styled
def plot_risk_of_bias(judgements: Records, summary: Records, *, title: str = "", notes: Sequence[str] = ()) -> Figure:
    """Draw the judgements of some studies.

    Parameters
    ----------
    judgements : records
        Rows of `risk_of_bias.csv`, those of one sheet.
    summary : records
        Rows of `risk_of_bias_summary.csv`: tool, domains and levels in their order.
    title, notes : str, sequence of str

    Raises
    ------
    DataError
        No rows.
    """
    if not judgements or not summary:
        raise DataError("risk_of_bias.csv has no rows. Bring a risk_of_bias in review.yaml.")
    domains = list(dict.fromkeys(word(row, "domain") for row in summary))
    studies = dict.fromkeys((word(row, "study_id"), word(row, "slab")) for row in judgements)
    marks = {(word(row, "study_id"), word(row, "domain")): word(row, "mark") for row in judgements}
    key, heads = key_lines(key_of(summary)), title_lines(title)
    lines = [*domain_lines(summary), *(line for note in notes for line in wrap_text(note, INNER, style.SMALL))]
    grid = _Grid.fitted([slab for _, slab in studies], domains)
    height = grid.head + ROW * len(studies) + GAP + KEY_LINE * len(key)
    below, above = notes_room(lines) + 0.1, title_room(heads)
    figure = Figure(figsize=(style.WIDTH, below + height + above))
    axes = place_axes(figure, EDGE, below, INNER, height)
    axes.set_xlim(0, INNER)
    axes.set_ylim(height, 0)
    axes.axis("off")
    _write_heads(axes, grid)
    lights: list[tuple[float, float, str]] = []
    for i, (study, slab) in enumerate(studies):
        y = grid.head + ROW * (i + 0.5)
        if i % 2 == 0:
            band = Rectangle((0, y - ROW / 2), grid.right, ROW, facecolor=style.BAND, edgecolor="none", zorder=-1)
            axes.add_patch(band)
        axes.text(INSET, y, fit_text(slab, grid.labels), va="center_baseline")
        lights += [(x, y, marks.get((study, domain), "")) for domain, x in grid.places.items()]
    draw_lights(axes, lights)
    draw_key(axes, key, height - KEY_LINE * len(key))
    write_title(figure, heads)
    write_notes(figure, lines)
    return figure


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Inches from the left of the axes: room for labels, middle of each column, end; height of the headings."""

    labels: float
    places: Mapping[str, float]
    width: float
    right: float
    head: float

    @classmethod
    def fitted(cls, slabs: Sequence[str], domains: Sequence[str]) -> Self:
        """Give labels the room of the longest, columns what is left; headings stand upright where they are wider."""
        labels = max(text_width(fit_text(slab, LABELS_AT_MOST)) for slab in slabs) + 0.04
        left = INSET + labels + GAP
        width = min((INNER - left) / len(domains), WIDEST_COLUMN)
        longest = max(text_width(domain_name(domain), bold=True) for domain in domains)
        return cls(
            labels=labels,
            places={domain: left + width * (i + 0.5) for i, domain in enumerate(domains)},
            width=width,
            right=left + width * len(domains),
            head=HEAD if longest + 0.06 <= width else longest + 0.12,
        )


def _write_heads(axes: Axes, grid: _Grid) -> None:
    upright = grid.head > HEAD
    for domain, x in grid.places.items():
        name = axes.text(x, grid.head - 0.08 if upright else HEAD / 2, domain_name(domain), weight="bold", ha="center")
        name.set(rotation=90 if upright else 0, va="bottom" if upright else "center_baseline")
    axes.plot((0, grid.right), (grid.head - 0.02, grid.head - 0.02), color=style.INK, linewidth=0.7)


def domain_name(domain: str) -> str:
    """Return the heading of a domain: its code, or Overall."""
    return "Overall" if domain == OVERALL else safe_text(domain)


def domain_lines(summary: Records) -> list[str]:
    """Say what the codes of the domains stand for, as many to a line as there is room for."""
    domains = {word(row, "domain"): word(row, "name") for row in summary}
    lines: list[str] = []
    for code, label in domains.items():
        if code == OVERALL:
            continue
        entry = f"{code}: {safe_text(label)}."
        longer = f"{lines[-1]} {entry}" if lines else entry
        if lines and text_width(longer, style.SMALL) <= INNER:
            lines[-1] = longer
        else:
            lines += wrap_text(entry, INNER, style.SMALL)
    return lines
