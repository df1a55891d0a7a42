"""Path models from row to page: the stages run on the shelf's data, once for both kinds of row."""

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.config import load_config
from analysis.figures.path_descriptions import describe_path_diagram
from analysis.files import read_json
from analysis.path_models import correlation_tables
from analysis.rows import CorrelationPathRow, PathRow
from analysis.stages import draw_paths, fit_paths, render_index, render_paths, validate_data
from tests.pages import strange_scripts
from tests.reporting.test_page import HOSTILE, read, section, visible

ROOT = Path(__file__).parents[2]
ROWS = {
    name: replace(row, draws=2000)
    for name, row in load_config(ROOT / "config/config.yaml", ROOT / "data").paths.items()
}
TEACHER, ATTACHMENT = "teacher_student_paths", "attachment_alliance_outcome"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    for dataset in {dataset for row in ROWS.values() for dataset in row.datasets}:
        options = ["--dataset", str(ROOT / "data" / dataset), "--out-dir", str(folder / dataset)]
        assert validate_data.main(options) == 0
    return folder


def run(folder: Path, shelf: Path, row: PathRow) -> Path:
    """Fit, draw and render a row; return the folder of its page."""
    results, page = folder / "results" / "paths" / row.name, folder / "rendered" / row.name
    shared, data = ["--path", row.to_json()], ["--data", *(str(shelf / dataset) for dataset in row.datasets)]
    assert fit_paths.main([*shared, *data, "--out-dir", str(results)]) == 0
    assert draw_paths.main([*shared, "--results", str(results), "--out", str(results / "figures")]) == 0
    words = ["--templates", str(ROOT / "reports/templates"), "--references", str(ROOT / "reports/references.bib")]
    pages = ["--paper", str(results / "paper.html"), "--out", str(page)]
    assert render_paths.main([*shared, *data, *words, "--results", str(results), *pages]) == 0
    return page


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, shelf: Path) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    for row in ROWS.values():
        run(folder, shelf, row)
    return folder


def page_of(whole: Path, name: str) -> str:
    return (whole / "rendered" / name / "index.html").read_text(encoding="utf-8")


def stored(whole: Path, name: str, source: str) -> str:
    table, line, column = source.split(":")
    with open(whole / "results" / "paths" / name / table, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))[int(line) - 2][column]


def as_numbers(text: str) -> list[tuple[float, int]]:
    plain = text.replace("\u2212", "-").replace(",", "") if "[" not in text else text.replace("\u2212", "-")
    found = re.findall(r"-?\d*\.?\d+", plain)
    return [(float(one), len(one.partition(".")[2])) for one in found]


@pytest.mark.parametrize("name", ROWS)
def test_every_number_stands_in_the_results(whole: Path, name: str) -> None:
    page = page_of(whole, name)
    pieces = re.findall(r'data-source="([^"]+)"[^>]*>((?:<i>p</i>)?[^<]*)<', page)
    assert len(pieces) > 60
    for sources, text in pieces:
        shown = as_numbers(re.sub(r"<i>p</i>", "", text).replace("&lt;", "<").replace("&gt;", ">"))
        values = [float(stored(whole, name, source)) for source in sources.split()]
        assert len(shown) == len(values), (sources, text)
        for (number, digits), value in zip(shown, values, strict=True):
            scaled = 100 * value if "%" in text else value
            if "<" in text or "&lt;" in text:
                assert scaled < number
            elif "&gt;" in text or ">" in text:
                assert scaled > number
            else:
                assert number == pytest.approx(scaled, abs=0.5 * 10.0**-digits * 1.0001), (sources, text)


@pytest.mark.parametrize("name", ROWS)
def test_the_sections_come_in_order_and_the_page_is_its_own(whole: Path, name: str) -> None:
    page = page_of(whole, name)
    names = re.findall(r'<section aria-labelledby="(\w+)"', page)
    assert names == ["answer", "assumptions", "data", "figures", "tables", "methods", "provenance", "references"]
    assert strange_scripts(page) == []
    assert "default-src 'none'" in page
    beside = r"\.\./index\.html|provenance\.json|report\.|tables[./]|figures/"
    assert not re.search(rf'(src|href)="(?!#|https://doi\.org/|{beside})', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert all(target in ids for target in re.findall(r'href="#([^"]+)"', page))


def test_the_answer_claims_what_excludes_zero_and_nothing_else(whole: Path) -> None:
    for name in ROWS:
        said = visible(section(page_of(whole, name), "answer"))
        assert said.startswith("Answer If the arrows are right")
        assert "Correlations do not show what causes what" in said
        with open(whole / "results" / "paths" / name / "effects.csv", encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        open_ended = [row for row in rows if float(row["monte_carlo_lb"]) <= 0 <= float(row["monte_carlo_ub"])]
        assert "nothing is claimed" in said
        assert {row["source"] for row in open_ended if row["kind"] == "direct"} in ({"positive"}, {"avoidance"})
        assert not re.search(r"\b(causes|caused by|leads to|because of|proves?)\b", said.replace("causes what", ""))


def test_what_hangs_on_a_choice_is_said_with_the_choice(whole: Path) -> None:
    teacher = visible(section(page_of(whole, TEACHER), "answer"))
    assert "positive relationship \u2192 achievement hangs on a choice" in teacher
    assert "the estimated covariance is singular" in teacher
    attachment = visible(section(page_of(whole, ATTACHMENT), "answer"))
    assert "attachment security \u2192 outcome hangs on a choice: its interval comes to include zero" in attachment
    assert "No study was analysed" in attachment


def test_assumptions_and_readings_are_listed(whole: Path) -> None:
    said = visible(section(page_of(whole, ATTACHMENT), "assumptions"))
    for words in ("Causal order", "One population", "80% credibility interval", "at the bound", "independent"):
        assert words in said
    assert "Whitener" in page_of(whole, ATTACHMENT)


def test_the_simpler_model_is_tested(whole: Path) -> None:
    said = visible(section(page_of(whole, TEACHER), "tables"))
    assert "does not fit the pooled correlations: \u03c7\u00b2(2) = 10.80" in said


def test_a_diagram_says_its_numbers(whole: Path) -> None:
    (entry,) = read_json(whole / "results" / "paths" / TEACHER / "figures" / "figures.json")
    assert "From positive relationship to achievement: 0.048, 95% interval [\u22120.002, 0.098]." in entry["alt"]
    assert "dashed" in entry["caption"]
    files = {path.name for path in (whole / "results" / "paths" / ATTACHMENT / "figures").iterdir()}
    assert files == {
        "figures.json",
        *(f"diagram_{one}.{kind}" for one in ("security", "anxiety", "avoidance") for kind in ("svg", "png")),
    }


def test_a_caption_speaks_of_what_is_drawn() -> None:
    path: dict[str, Any] = {
        "kind": "path",
        "source": "a",
        "outcome": "b",
        "estimate": 0.3,
        "ci_lb": 0.1,
        "ci_ub": 0.5,
        "level": 90.0,
    }
    about = describe_path_diagram([path], words={"a": "cause"}, title="t")
    assert "dashed" not in about["caption"]
    assert "two heads" not in about["caption"]
    assert about["alt"] == "Path diagram. From cause to b: 0.300, 90% interval [0.100, 0.500]."


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the unstructured covariance out of the other choices: it takes most of the time."""
    monkeypatch.setattr(correlation_tables, "PATH_STRUCTURES", ("DIAG",))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", ROWS)
def test_two_runs_give_the_same_bytes(shelf: Path, tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    tmp_path, whole = (tmp_path_factory.mktemp("run") for _ in range(2))
    for folder in (tmp_path, whole):
        run(folder, shelf, ROWS[name])
    kept = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert kept
    for path in kept - {Path("rendered", name, one) for one in ("index.html", "provenance.json")}:
        assert (tmp_path / path).read_bytes() == (whole / path).read_bytes(), path
    # The folders of results are named in the digests, and differ here.
    pages = [
        re.sub(r"<details class=.digested.*?</details>", "", page_of(one, name), flags=re.S)
        for one in (tmp_path, whole)
    ]
    assert pages[0] == pages[1]


@pytest.mark.usefixtures("quick")
def test_a_hostile_row_stays_text(shelf: Path, tmp_path: Path) -> None:
    row = ROWS[TEACHER]
    assert isinstance(row, CorrelationPathRow)
    words = {**row.constructs, "positive": HOSTILE}
    page = run(tmp_path, shelf, replace(row, title=HOSTILE, question=HOSTILE, constructs=words, structure="DIAG"))
    html = (page / "index.html").read_text(encoding="utf-8")
    assert "img" not in {tag for tag, _ in read(html).tags}
    assert strange_scripts(html) == []
    assert "{{ 7 * 7 }}" in html


def test_the_first_page_lists_them(whole: Path, tmp_path: Path) -> None:
    rows = json.dumps([json.loads(row.to_json()) for row in ROWS.values()])
    options = ["--analyses", "[]", "--paths", rows, "--results", str(whole / "results")]
    options += ["--pages", str(whole / "rendered"), "--templates", str(ROOT / "reports/templates")]
    assert render_index.main([*options, "--out", str(tmp_path / "index.html")]) == 0
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    for name in ROWS:
        assert f'<a href="{name}/index.html">' in page
        assert visible(re.search(r'<p class="answer">.*?</p>', page_of(whole, name), re.DOTALL)[0]) in visible(page)  # type: ignore[index]


def test_a_stage_says_what_it_lacks(shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = ROWS[ATTACHMENT]
    options = ["--path", row.to_json(), "--data", str(shelf / "levy2011_claims"), "--out-dir", str(tmp_path / "out")]
    assert fit_paths.main(options) == 1
    assert "Give the claims of all four publications" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert fit_paths.main(["--path", "{}", *options[2:]]) == 1
    assert "--path: a row needs exactly these keys" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_loads_nothing_else_and_no_screen_is_too_narrow(whole: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    seen: list[Any] = []
    addresses = [(whole / "rendered" / name / "index.html").as_uri() for name in ROWS]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for width in (320, 390, 1200):
            for address in addresses:
                page = browser.new_context(viewport={"width": width, "height": 800}, offline=True).new_page()
                page.on("request", lambda request: seen.append(request.url))
                page.on("console", lambda message: seen.append(message.text))
                page.goto(address)
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        browser.close()
    assert set(seen) == set(addresses)
