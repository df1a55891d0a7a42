"""The page and the figure of the corpus, made by the stages from the real tables."""

import csv
import re
from pathlib import Path

import pytest

from analysis.figures.corpus import plot_corpus
from analysis.files import read_json, read_records, read_text
from analysis.reporting.front_page import render_front_page
from analysis.reporting.page import build_environment
from analysis.stages import collect_corpus, render_corpus, reproduce_corpus
from analysis.stages.render_report import read_templates
from tests.corpus.conftest import CORPUS, NAMES, ROOT
from tests.figures.reading import flaws, words
from tests.pages import strange_scripts

SHARED = ["--tolerance", "5"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for name in NAMES:
        options = ["--dataset", str(CORPUS / name), "--level", "95", "--out-dir", str(folder / name)]
        assert reproduce_corpus.main([*SHARED, *options]) == 0
    assert collect_corpus.main([*SHARED, "--names", *NAMES, "--results", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def page(results: Path) -> str:
    options = ["--names", *NAMES, "--results", str(results), "--out", str(results / "page" / "index.html")]
    assert render_corpus.main([*SHARED, *options]) == 0
    return read_text(results / "page" / "index.html")


def stored(results: Path, source: str) -> str:
    table, line, column = source.split(":")
    with open(results / table, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))[int(line) - 2][column]


def test_every_number_of_a_table_is_the_stored_one(results: Path, page: str) -> None:
    cells = re.findall(r'<td class="num"><a [^>]*data-source="([^"]+)"[^>]*>([^<]*)</a></td>', page)
    assert len(cells) > 250
    for source, text in cells:
        value = float(stored(results, source))
        plain = text.replace("\u2212", "-").replace(",", "")
        assert float(plain) == pytest.approx(value, abs=0.5 * 10.0 ** -len(plain.partition(".")[2]) * 1.0001)


def test_every_meta_analysis_is_on_the_page(results: Path, page: str) -> None:
    for name in NAMES:
        meta = read_json(results / name / "dataset.json")
        assert f"https://doi.org/{meta['doi']}" in page
        assert f"data/corpus/{name}" in page
    assert page.count("<tr>") >= 27


def test_the_answer_counts_what_the_ledger_holds(results: Path, page: str) -> None:
    ledger = read_records(results / "ledger.csv", "corpus_ledger")
    bad = {row["dataset"] for row in ledger if row["effects"] == "printed" and row["verdict"] == "differs"}
    answer = re.search(r'<p class="answer">(.*?)</p>', page, re.DOTALL)
    assert answer is not None
    text = " ".join(re.sub(r"<[^>]+>", "", answer[1]).split())
    assert text.startswith(f"Of {len(NAMES)} meta-analyses")
    assert f"{len(bad)} differ." in text


def test_the_first_page_links_to_it_and_says_how_many(results: Path) -> None:
    verdicts = read_records(results / "verdicts.csv", "corpus_verdicts")
    environment = build_environment(read_templates(ROOT / "reports" / "templates"))
    first = render_front_page([], environment, verdicts)
    assert '<a href="corpus/index.html">' in first
    said = " ".join(re.sub(r"<[^>]+>", "", first).split())
    assert f"of {len(NAMES)}, pooled from the effects they print, {verdicts[0]['meta_analyses']} reproduce" in said
    assert "corpus/index.html" not in render_front_page([], environment)


def test_the_page_reaches_for_nothing_outside(page: str) -> None:
    assert strange_scripts(page) == []
    assert not re.search(r'(src|href)="(?!#|https://doi\.org/|\.\./index\.html)', page)


def test_the_figure_is_legible(results: Path) -> None:
    ledger = read_records(results / "ledger.csv", "corpus_ledger")
    titles = {name: read_json(results / name / "dataset.json")["citation"] for name in NAMES}
    figure = plot_corpus(ledger, titles, tolerance=5)
    assert flaws(figure) == []
    said = words(figure)
    assert "Munder et al. (2012), random, \u22120.001" in said
    assert any(text.startswith("Arrow:") for text in said)
    assert "Within 5%" in said


def test_a_broken_dataset_stops_its_job_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--dataset", str(tmp_path), "--level", "95", "--out-dir", str(tmp_path / "out")]
    assert reproduce_corpus.main([*SHARED, *options]) == 1
    assert "dataset.yaml" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
