from itertools import product

import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from analysis.errors import DataError
from analysis.figures.prisma import plot_prisma
from analysis.figures.review_descriptions import describe_prisma
from analysis.figures.style import render
from tests.figures.reading import SLACK, boxes, flaws, words
from tests.figures.review_samples import HOSTILE, flow_rows

TITLE = "A title"


def overflowing(figure: Figure) -> list[str]:
    """Words that start in a box and leave it."""
    placed = boxes(figure)
    frames = [Bbox(patch.get_window_extent().get_points() / figure.dpi) for patch in figure.axes[0].patches]
    found = []
    for text, box in placed:
        own = [frame for frame in frames if frame.contains(box.x0 + SLACK, (box.y0 + box.y1) / 2)]
        sides = [min(box.x0 - each.x0, each.x1 - box.x1, box.y0 - each.y0, each.y1 - box.y1) for each in own]
        if text != TITLE and max(sides, default=-1.0) < -SLACK:
            found.append(text)
    return found


@pytest.mark.parametrize(("previous", "other"), list(product([False, True], [False, True])))
@pytest.mark.parametrize(("reason", "reasons"), [("no outcome", 0), ("no outcome", 40), (HOSTILE, 4)])
def test_no_words_collide_or_leave_their_box(previous: bool, other: bool, reason: str, reasons: int) -> None:
    figure = plot_prisma(flow_rows(previous=previous, other=other, reasons=reasons, reason=reason), title=TITLE)
    assert flaws(figure) == []
    assert overflowing(figure) == []


def test_every_count_is_drawn() -> None:
    rows = flow_rows(previous=True, other=True, reasons=3)
    text = " ".join(words(plot_prisma(rows))).replace("\u00a0", " ")
    # Where a step has parts, the parts stand in its box instead of their sum.
    whole = {(row["route"], row["step"]) for row in rows if row["kind"] is not None}
    drawn = [row for row in rows if row["kind"] is not None or (row["route"], row["step"]) not in whole]
    assert [row for row in drawn if f"(n = {row['n']:,})" not in text] == []
    assert text.count("(n = ") == len(drawn)


def test_hostile_words_are_text() -> None:
    svg = render(plot_prisma(flow_rows(other=True, reason=HOSTILE)), "svg").decode()
    assert "<script" not in svg
    assert "\u202e" not in svg


def test_the_same_flow_gives_the_same_bytes() -> None:
    assert len({render(plot_prisma(flow_rows(other=True)), "svg") for _ in range(2)}) == 1


def test_the_description_tells_every_step() -> None:
    alt = describe_prisma(flow_rows(previous=True, other=True))["alt"]
    assert "Of 1,240 records from databases and registers, 240 were removed before screening, 1,000 were scree" in alt
    assert "96 were assessed for eligibility and 2 excluded: no outcome 0 (1); no outcome 1 (1)." in alt
    assert "Included: 30 studies in 94 reports. With the previous version of the review: 35 studies in 100" in alt


def test_no_flow_is_refused() -> None:
    with pytest.raises(DataError, match=r"Bring a flow in review\.yaml"):
        plot_prisma([])
