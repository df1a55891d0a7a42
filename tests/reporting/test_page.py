"""The page of an analysis: what it says, by which rules, where its numbers stand, and what it never does."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from analysis.formatting import MISSING, format_df
from analysis.stages import make_ledger, make_tables, render_index, render_report
from tests.fake_results import Folder, build_folder
from tests.pages import strange_scripts

ROOT = Path(__file__).parents[2]
HOSTILE = '<script>alert("x")</script>{{ 7 * 7 }}<img src=x onerror=alert(1)>'
type Render = Callable[..., str]


class Text(HTMLParser):
    """Visible text of a page, and the elements in it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.hidden += tag in ("style", "title", "head", "svg")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "title", "head", "svg")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def read(page: str) -> Text:
    parser = Text()
    parser.feed(page)
    return parser


def visible(page: str) -> str:
    return " ".join("".join(read(page).parts).split())


def section(page: str, name: str) -> str:
    return re.search(rf'<section aria-labelledby="{name}".*?</section>', page, re.DOTALL)[0]  # type: ignore[index]


def rendered(folder: Folder) -> str:
    assert make_tables.main(folder.tables_arguments()) == 0
    assert make_ledger.main(folder.ledger_arguments()) == 0
    assert render_report.main(folder.report_arguments()) == 0
    return (folder.page / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Render:
    monkeypatch.chdir(ROOT)
    return lambda **options: rendered(build_folder(tmp_path, **options))


# --- What it says ---------------------------------------------------------------------------------


def test_simulated_data_are_named_in_the_first_line(render: Render) -> None:
    page = render(synthetic=True)
    assert visible(page).startswith("These data are simulated.")
    assert re.search(r"<body>\s*<p", page)
    assert "data are simulated" not in visible(render())


def test_the_sections_come_in_order_under_headings_that_skip_no_level(render: Render) -> None:
    page = render(with_moderators=True)
    names = re.findall(r'<section aria-labelledby="(\w+)"', page)
    expected = [
        "rests",
        "answer",
        "data",
        "figures",
        "results",
        "tables",
        "published",
        "conventions",
        "methods",
        "provenance",
        "references",
    ]
    assert names == expected
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_an_interval_without_zero_is_said_to_be_on_one_side(render: Render) -> None:
    page = render()
    assert "lies above zero" in visible(section(page, "answer"))
    assert "entirely on the positive side of zero" in visible(section(page, "results"))


def test_an_interval_with_zero_claims_nothing(render: Render) -> None:
    page = render(estimate=0.05, se=0.06, pval=0.42)
    answer, results = visible(section(page, "answer")), visible(section(page, "results"))
    assert "The question stays open" in answer
    assert "includes zero" in results
    assert "neither the presence nor the direction" in results
    for text in (answer, results):
        assert not re.search(r"lies (above|below)|side of zero|\byes\b|\bhas an effect\b|\bwas related\b", text)


def test_a_prediction_interval_with_zero_is_said_to_have_it(render: Render) -> None:
    words = "it includes zero, so the true value of a new study may lie on either side of it"
    assert words in visible(section(render(), "results"))
    assert words not in visible(section(render(fit={"pi_lb": 0.04}), "results"))


def test_few_studies_are_said_to_be_few(render: Render) -> None:
    page = render(fit={"k": 6, "n_studies": 6, "qe_pval": 0.3})
    assert "With 6 studies both the mean and its heterogeneity are uncertain" in visible(section(page, "results"))
    assert "with so few studies it has little power" in visible(section(page, "results"))
    assert "read with caution" in visible(section(page, "answer"))


def test_dependent_effects_are_said_to_be_treated_as_independent(render: Render) -> None:
    text = visible(section(render(fit={"n_studies": 10}), "results"))
    assert "Several effects come from the same study" in text


def test_sparse_cells_come_before_any_p_value_of_an_interaction(render: Render) -> None:
    results = visible(section(render(with_moderators=True, headline="by_dimension"), "results"))
    sparse = results.index("some cells are sparse")
    assert results.index("high alliance, anxiety, with 2 studies") > sparse
    assert results.index("alliance \u00d7 dimension, F(1, 8) = 1.27, p = .293") > sparse
    assert min(match.start() for match in re.finditer(r"p [=<>] \.", results)) > sparse
    answer = visible(section(render(with_moderators=True, headline="by_dimension"), "answer"))
    assert answer.index("too few studies for a firm answer") < answer.index("p = .293")
    assert "do not show an interaction" in answer


def test_r2_is_called_what_it_is(render: Render) -> None:
    results = visible(section(render(with_moderators=True), "results"))
    assert "With the moderators the estimate of the between-study variance was 18.2% lower than without." in results
    assert "account" not in results
    answer = visible(section(render(with_moderators=True, headline="by_dimension"), "answer"))
    assert "the estimate of the between-study variance is 18.2% lower than without" in answer


def test_no_variance_is_not_accounted_for(render: Render) -> None:
    page = render(with_moderators=True, moderated={"r2": 0.0, "tau2": 0.0})
    assert "No between-study variance was found that the moderators could account for." in visible(page)
    page = render(with_moderators=True, moderated={"r2": 0.0})
    assert "the estimate of the between-study variance was no lower than without." in visible(page)


def test_a_note_that_several_models_share_is_said_once(render: Render) -> None:
    shared = "9 effects come from 7 studies and are treated as independent here."
    notes = {"notes": ["One of its own.", shared]}
    page = render(with_moderators=True, fit={"k": 12, "n_studies": 10, **notes}, moderated={"notes": [shared]})
    answer = visible(section(page, "answer"))
    assert answer.count(shared) == 1
    assert "One of its own. 9 effects" in answer
    own = "12 effects come from 10 studies and are treated as independent here."
    page = render(with_moderators=True, fit={"n_studies": 10, "notes": [own]}, moderated={"notes": [own]})
    answer = visible(section(page, "answer"))
    assert own not in answer
    assert answer.count("Several effects come from the same study (12 effects, 10 studies)") == 1


def test_the_moderators_of_an_analysis_are_described_with_their_units(render: Render) -> None:
    assert "share womenproportion of women. Unit: per cent" in visible(section(render(), "data"))


def test_a_row_that_another_model_repeats_is_shown_once(render: Render) -> None:
    page = render(with_moderators=True)
    rows = re.findall(r'<th scope="row">dimension</th><td>(\w+)</td>', re.sub(r"\s*\n\s*", "", page))
    assert rows == ["anxiety", "security"]


def test_methods_name_estimator_test_interval_and_prediction(render: Render) -> None:
    methods = visible(section(render(with_moderators=True), "methods"))
    for words in (
        "restricted maximum likelihood (Viechtbauer, 2005)",
        "the method of Knapp and Hartung (2003)",
        "Q-profile intervals (Viechtbauer, 2007)",
        "t with k \u2212 p degrees of freedom",
        "alliance * C(dimension)",
        "numpy",
    ):
        assert words in methods


def test_every_work_cited_is_in_the_references_and_no_other(render: Render) -> None:
    page = render(with_moderators=True, headline="by_dimension")
    assert set(re.findall(r'href="#ref-(\w+)"', page)) == set(re.findall(r'id="ref-(\w+)"', page))


def test_what_was_left_out_is_counted_and_listed(render: Render) -> None:
    text = visible(section(render(), "data"))
    assert "1 row (measure): ri is 1" in text
    assert "Litter (2004)" in text


def test_published_numbers_have_one_decimal_more_beside_them(render: Render) -> None:
    assert "Estimate .27 .274 1.5% reproduced r" in visible(section(render(), "published"))


CLAIMS = (
    {},
    {"quantity": "ci_lb", "printed": ".10"},
    {"quantity": "ci_ub", "printed": ".30"},
    {"quantity": "pi_lb", "printed": ".06"},
    {"quantity": "estimate", "printed": "0.55", "metric": "d"},
    {"quantity": "k", "printed": "12", "metric": None},
    {"quantity": "tau2", "printed": "0.022", "metric": "z"},
)


def test_the_ledger_says_how_many_numbers_come_out_again_and_which_do_not(render: Render) -> None:
    text = visible(section(render(claims=CLAIMS), "published"))
    assert "Of 7 published numbers, 2 are reproduced: what comes out here rounds to what was printed." in text
    assert "A further 1 is within the tolerance of 5%." in text
    assert "1 changes a decision: regard \u2192 outcome: Lower prediction limit .06 (r), ours" in text
    assert "the limit passes 0." in text
    assert "2 differ: regard \u2192 outcome: Lower confidence limit .10 (r), ours .134, 33.6% away." in text
    assert (
        "1 cannot be computed here: regard \u2192 outcome: Estimate 0.55 (d): the printed metric d is not one" in text
    )
    assert "rows 2-13 of effects.csv" in text


def test_printed_numbers_that_contradict_each_other_are_named(render: Render) -> None:
    text = visible(section(render(claims=CLAIMS), "published"))
    assert "Not all do, whatever the data were: regard \u2192 outcome: with lower limit .10 and upper limit .30" in text
    assert "f(estimate) = (f(lower) + f(upper)) / 2" in text
    agreeing = visible(section(render(claims=(*CLAIMS[:2], {"quantity": "ci_ub", "printed": ".42"})), "published"))
    assert "As far as they can be checked against each other, they do." in agreeing


def test_without_published_numbers_there_is_no_ledger(render: Render) -> None:
    page = render(claims=())
    assert 'id="published"' not in page
    assert 'href="#published"' not in page


# --- Where its numbers stand ----------------------------------------------------------------------


def stored(folder: Path, source: str) -> float:
    name, line, column = source.split(":")
    rows = list(csv.DictReader((folder / "tables" / name).read_text(encoding="utf-8").splitlines()))
    return float(rows[int(line) - 2][column])


@pytest.mark.parametrize("headline", ["random_effects", "by_dimension"])
def test_every_number_of_answer_and_results_stands_in_a_table(tmp_path: Path, render: Render, headline: str) -> None:
    page = render(with_moderators=True, headline=headline)
    numbers = 0
    for name in ("answer", "results"):
        part = re.sub(r'<div class="cautions">.*?</div>', "", section(page, name), flags=re.DOTALL)
        for source, text in re.findall(r'<a class="number" href="#numbers" data-source="([^"]+)"[^>]*>(.*?)</a>', part):
            bare = re.sub(r"<[^>]+>", "", text).replace("\u2212", "-").replace("&lt;", "<")
            shown = re.sub(r"p [=<>]|[%,]", "", bare)
            assert float(shown) == pytest.approx(stored(tmp_path / "results" / "regard", source), abs=0.06)
            numbers += 1
        # Outside the numbers that name their source there is no digit.
        rest = re.sub(r'<a class="number".*?</a>|<code>.*?</code>', "", part, flags=re.DOTALL)
        assert not re.search(r"\d", re.sub(r"<[^>]+>", "", rest))
    assert numbers > 20


def test_every_number_in_a_table_names_file_line_and_column(tmp_path: Path, render: Render) -> None:
    page = render(with_moderators=True, claims=CLAIMS)
    sourced = [attrs for tag, attrs in read(page).tags if tag == "a" and "tabindex" in attrs]
    assert len(sourced) > 80
    for cell in sourced:
        for source in str(cell["data-source"]).split():
            stored(tmp_path / "results" / "regard", source)
        file, line, columns = str(cell["title"]).split(", ", 2)
        assert [source.removeprefix("../") for source in str(cell["data-source"]).split()] == [
            f"{file}:{line.removeprefix('line ')}:{column}" for column in columns.split(", ")
        ]
    empty = re.findall(r'<td class="num">(.*?)</td>', page)
    assert {text for text in empty if "<a " not in text} <= {MISSING}


def test_templates_hold_no_typed_number() -> None:
    for path in (ROOT / "reports" / "templates").glob("*.j2"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"<[^>]+>", "", text)
        assert not re.search(r"[0-9]", text), path.name


# --- What it never does ---------------------------------------------------------------------------


def test_hostile_text_is_text(render: Render) -> None:
    claims = [{"paper": HOSTILE, "relation": HOSTILE, "where": HOSTILE, "note": HOSTILE, "printed": ".9"}]
    page = render(slab=HOSTILE, note=HOSTILE, fit={"notes": [HOSTILE]}, claims=claims)
    tags = read(page).tags
    assert not [tag for tag, _ in tags if tag in ("img", "iframe", "object", "link", "form", "base")]
    assert strange_scripts(page) == []
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]
    assert visible(page).count('<script>alert("x")</script>{{ 7 * 7 }}') >= 8


def test_the_page_loads_nothing(render: Render) -> None:
    page = render(with_moderators=True)
    tags = read(page).tags
    assert not [attrs for tag, attrs in tags if "src" in attrs or (tag == "link" and "href" in attrs)]
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    policy = next(attrs["content"] for _, attrs in tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy.replace("style-src 'unsafe-inline'", "")
    assert policy.endswith("style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'")


def test_no_undefined_number_and_no_python_is_shown(render: Render) -> None:
    text = visible(render(with_moderators=True, headline="by_dimension"))
    assert not re.search(r"\b(nan|None|NaN|inf|True|False|Undefined)\b", text)


def test_tables_have_captions_and_scopes_and_ids_are_unique(render: Render) -> None:
    page = render(with_moderators=True)
    assert page.count("<table") == page.count("<caption>")
    assert not [attrs for tag, attrs in read(page).tags if tag == "th" and attrs.get("scope") not in ("col", "row")]
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert page.count('role="img"') == page.count('aria-label="Twelve studies, most on the positive side."') == 1


def test_the_same_results_give_the_same_bytes(tmp_path: Path, render: Render) -> None:
    first = render(with_moderators=True)
    provenance = (tmp_path / "reports" / "rendered" / "regard" / "provenance.json").read_bytes()
    assert render(with_moderators=True) == first
    assert (tmp_path / "reports" / "rendered" / "regard" / "provenance.json").read_bytes() == provenance


def test_a_problem_is_one_message_and_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = build_folder(tmp_path)
    assert render_report.main(folder.report_arguments()) == 1
    assert "headline.csv" in capsys.readouterr().err
    assert not folder.page.exists()


# --- The first page -------------------------------------------------------------------------------


def listed(tmp_path: Path, *folders: Folder) -> str:
    out = tmp_path / "reports" / "rendered" / "index.html"
    rows = json.dumps([folder.analysis for folder in folders])
    paths = ["--results", str(tmp_path / "results"), "--pages", str(out.parent), "--out", str(out)]
    assert render_index.main(["--analyses", rows, *paths]) == 0
    return out.read_text(encoding="utf-8")


def test_the_first_page_lists_results_and_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    folders = [build_folder(tmp_path), build_folder(tmp_path, synthetic=True, with_moderators=True)]
    for folder in folders:
        rendered(folder)
    page = listed(tmp_path, *folders)
    text = visible(page)
    assert text.startswith("Some of these analyses use simulated data")
    assert text.index("Published data") < text.index("Simulated data")
    assert "r = .27, and its 95% CI [.13, .40] lies above zero" in text.replace("\xa0", " ")
    assert "complete" in text
    for folder in folders:
        assert f'href="{folder.analysis["name"]}/index.html"' in page


def test_an_analysis_without_a_page_is_not_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = build_folder(tmp_path)
    arguments = ["--analyses", json.dumps([folder.analysis]), "--results", str(tmp_path), "--pages", str(tmp_path)]
    assert render_index.main([*arguments, "--out", str(tmp_path / "index.html")]) == 1
    assert "regard/index.html" in capsys.readouterr().err
    assert not (tmp_path / "index.html").exists()


def test_levels_are_those_of_the_row() -> None:
    assert format_df(95.0) == "95"


# --- In a browser ---------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_loads_nothing_else_and_no_screen_is_too_narrow(tmp_path: Path, render: Render) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    render(with_moderators=True, headline="by_dimension", synthetic=True)
    address = (tmp_path / "reports" / "rendered" / "synthetic_regard" / "index.html").as_uri()
    seen: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for width in (320, 390, 1200):
            page = browser.new_context(viewport={"width": width, "height": 800}, offline=True).new_page()
            page.on("request", lambda request: seen.append(request.url))
            page.on("console", lambda message: seen.append(message.text))
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        browser.close()
    assert set(seen) == {address}
