"""What the page says of a review: nothing without one, every study with one, hostile words as text."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from analysis.files import write_json
from analysis.stages import make_figures
from tests.fake_results import NO_REVIEW, build_folder
from tests.figures.review_samples import HOSTILE, risk_part
from tests.malformed.test_malformed_reviews import REVIEW
from tests.reporting.test_page import Render, read, render, rendered, section, visible  # noqa: F401

FLOW = REVIEW["flow"]


def characteristics(studies: int, text: str) -> dict[str, Any]:
    """The part of that name of review.json; of the last study nothing is known."""
    columns = [
        {"name": "country", "label": f"Country {text}", "unit": None, "type": "string", "brought": True},
        {"name": "age", "label": "Age", "unit": "years", "type": "number", "brought": False},
    ]
    listed = [
        {"study_id": f"s{i}", "slab": f"Study {i} {text}", "effects": True, "described": i < studies - 1}
        | {"values": {"country": text, "age": "-3.25"} if i < studies - 1 else {"country": None, "age": None}}
        for i in range(studies)
    ]
    return {"columns": columns, "studies": listed}


def flow() -> list[dict[str, Any]]:
    from analysis.datasets.review_flow import describe_flow

    return describe_flow(FLOW)


def test_without_a_review_the_page_says_nothing_of_one(render: Render) -> None:  # noqa: F811
    page = render()
    assert "risk of bias" not in visible(page).lower()
    assert "PRISMA" not in visible(page)


def test_the_flow_is_told_in_numbers_that_name_their_rows(render: Render) -> None:  # noqa: F811
    page = section(render(review={"flow": flow()}), "data")
    text = visible(page)
    assert "Of 120 records from databases and registers, 20 were removed before screening and 100 were scre" in text
    assert "The review includes 2 studies that its previous version had not, 3 in all (Page et al., 2021)." in text
    assert re.search(r'data-source="flow.csv:\d+:n"[^>]*>100<', page)


def test_every_study_stands_in_both_tables_and_silence_is_told(render: Render) -> None:  # noqa: F811
    without = [{"study_id": "w", "slab": "Without (2000)", "reason": "no numbers"}]
    parts = {"characteristics": characteristics(4, "x"), "risk_of_bias": risk_part(20), "without_effects": without}
    page = section(render(review=parts), "data")
    for name, rows in (("characteristics", 4), ("risk_of_bias", 20)):
        table = page.partition(f'id="table-{name}"')[2].partition("</table>")[0]
        assert table.count('<th scope="row"') == rows
    text = visible(page)
    assert "Nothing is said of: Study 3 x." in text
    assert "Not judged: Author (1909); Author (1919)." in text
    assert "Without (2000): no numbers" in text
    assert "\u22123.25" in text


def test_judgements_have_words_and_their_marks_are_a_class_of_ours(render: Render) -> None:  # noqa: F811
    page = render(review={"risk_of_bias": risk_part(20)})
    cells = re.findall(r'<span class="risk risk-(\w+)">([^<]+)</span>', page)
    assert len(cells) == 20 * 6
    assert all(words == ("not judged" if mark == "none" else f"{mark} risk") for mark, words in cells)


def test_hostile_words_are_text(render: Render) -> None:  # noqa: F811
    parts = {"characteristics": characteristics(3, HOSTILE), "risk_of_bias": risk_part(12, 3, HOSTILE)}
    plain = read(render())
    hostile = render(review={**parts, "without_effects": [{"study_id": "w", "slab": HOSTILE, "reason": HOSTILE}]})
    count = [tag for tag, _ in plain.tags].count("script")
    assert [tag for tag, _ in read(hostile).tags].count("script") == count
    assert '<script>alert("x")</script>' in visible(hostile)


def test_a_hundred_studies_stay_small(render: Render) -> None:  # noqa: F811
    parts = {"characteristics": characteristics(100, "words"), "risk_of_bias": risk_part(100)}
    assert len(render(review=parts)) - len(render()) < 400_000


@pytest.mark.parametrize("part", ["flow", "risk_of_bias"])
def test_figures_of_a_review_stand_in_the_data_section(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    review = {"flow": flow(), "risk_of_bias": risk_part(40)}
    folder = build_folder(tmp_path, review={part: review[part]})
    write_json(folder.data / "review.json", {**NO_REVIEW, part: review[part]})
    rows = ["--analysis", json.dumps(folder.analysis), "--models", json.dumps(folder.models)]
    folders = ["--data", str(folder.data), "--results", str(folder.results), "--out", str(folder.results / "figures")]
    assert make_figures.main([*rows, *folders]) == 0
    page = rendered(folder)
    data, drawn = section(page, "data"), section(page, "figures")
    titles = {"flow": ["PRISMA 2020 flow diagram"], "risk_of_bias": ["by domain", "sheet 1 of 2", "sheet 2 of 2"]}
    assert all(title in data for title in titles[part])
    assert not any(title in drawn for title in titles[part])
    paper = (folder.results / "paper.html").read_text(encoding="utf-8")
    assert re.findall(r'<img src="figures/(prisma|risk_of_bias\w*)\.svg"', paper)
