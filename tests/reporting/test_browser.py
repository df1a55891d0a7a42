"""The page in a real browser, offline: what can be sorted, filtered, left out and moved, and what every reader gets."""

import csv
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.formatting import format_p, format_shown
from analysis.stages import make_ledger, make_tables, render_report
from tests.fake_results import Folder, build_folder

pytestmark = pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")

ROOT = Path(__file__).parents[2]
HOSTILE = (
    '<script>alert("x")</script><img src=x onerror=alert(1)>',
    '=HYPERLINK("https://example.org")',
    "\u05de\u05d7\u05e7\u05e8 \u05e2\u05dc \u05d4\u05ea\u05e7\u05e9\u05e8\u05d5\u05ea (2001)",
    "\U0001f9e0 O\u2019Hara & \"Quote\" 'single' </template></td> {{ 7 * 7 }}",
    "Long " * 40,
)
STUDIES = 120
ROWS = "tbody.effects > tr"


def write(folder: Folder) -> Path:
    assert make_tables.main(folder.tables_arguments()) == 0
    assert make_ledger.main(folder.ledger_arguments()) == 0
    assert render_report.main(folder.report_arguments()) == 0
    return folder.page / "index.html"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """A folder of many studies, the first of them with names that nobody should trust."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        root = tmp_path_factory.mktemp("site")
        fit = {"k": STUDIES, "n_studies": STUDIES}
        made = build_folder(root, fit=fit, slab=HOSTILE[0], more_slabs=HOSTILE[1:], left_out=True)
        write(made)
        yield made


@pytest.fixture(scope="module")
def address(folder: Folder) -> str:
    return (folder.page / "index.html").as_uri()


def open_page(browser: Any, address: str, **options: Any) -> Any:
    """Open the page offline; anything it logs or asks for is kept in `page.seen`."""
    page = browser.new_context(offline=True, **{"viewport": {"width": 1280, "height": 900}, **options}).new_page()
    page.seen = []
    page.on("console", lambda message: page.seen.append(message.text))
    page.on("pageerror", lambda error: page.seen.append(str(error)))
    page.on("dialog", lambda dialog: page.seen.append("a dialog"))
    page.on("request", lambda request: request.url == address or page.seen.append(request.url))
    page.goto(address)
    return page


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    opened = open_page(browser, address)
    yield opened
    assert opened.seen == []
    opened.context.close()


def records(folder: Folder, name: str) -> list[dict[str, str]]:
    """Rows of a table as they stand in its file, less the mark that keeps a spreadsheet from running a formula."""
    text = (folder.results / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return [
        {key: cell.removeprefix("'") if cell.startswith("'=") else cell for key, cell in row.items()} for row in rows
    ]


def names(page: Any) -> list[str]:
    """Names in the rows a reader sees, from top to bottom."""
    rows = f"{ROWS} summary"
    return [
        str(name)
        for name in page.evaluate(
            f"[...document.querySelectorAll('{rows}')].filter(e => e.checkVisibility()).map(e => e.textContent)"
        )
    ]


def shown(folder: Folder, row: dict[str, str]) -> list[str]:
    """The estimate and its interval as the page should print them."""
    return [format_shown(float(row[column]), folder.analysis["measure"]) for column in ("estimate", "ci_lb", "ci_ub")]


# --- Sorting and filtering ------------------------------------------------------------------------


def test_sorting_goes_up_down_and_back_with_missing_values_last(page: Any, folder: Folder) -> None:
    first = names(page)
    given = {row["effect_id"]: float(row["given"]) for row in records(folder, "raw") if row["column"] == "share_women"}
    effects = records(folder, "studies")
    slabs = {row["effect_id"]: row["slab"] for row in effects}
    heading = page.locator(".forest thead button", has_text="share women")
    for order, sign in (("ascending", 1), ("descending", -1)):
        heading.click()
        assert heading.locator("xpath=..").get_attribute("aria-sort") == order
        expected = sorted(given, key=lambda key: sign * given[key])
        missing = [row["effect_id"] for row in effects if row["effect_id"] not in given]
        assert names(page) == [slabs[key] for key in (*expected, *missing)]
    heading.click()
    assert names(page) == first
    page.locator(".forest thead button", has_text="Study").click()
    assert names(page) != first


def test_filters_hide_rows_say_how_many_are_left_and_move_no_mean(page: Any, folder: Folder) -> None:
    clinic = {row["effect_id"] for row in records(folder, "raw") if row["word"] == "clinic"}
    share = {row["effect_id"]: float(row["given"]) for row in records(folder, "raw") if row["column"] == "share_women"}
    mean = page.locator("tr.pooled").inner_text()
    page.locator(".controls select").select_option("clinic")
    assert len(names(page)) == len(clinic)
    page.locator(".controls .least").fill("3")
    page.locator(".controls .most").fill("5")
    both = [key for key in clinic if 3 <= share.get(key, -1) <= 5]
    assert len(names(page)) == len(both) > 0
    assert page.locator(".count").inner_text() == f"{len(both)} of {STUDIES} effects shown"
    assert page.locator(".filtered").is_visible()
    assert page.locator("tr.pooled").inner_text() == mean
    page.locator(".reset").click()
    assert len(names(page)) == STUDIES
    page.locator(".search").fill("hyperlink")
    assert names(page) == [HOSTILE[1]]


def test_other_long_tables_can_be_sorted_too(page: Any, folder: Folder) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    table = page.locator("#table-influence")
    table.locator("thead button", has_text="Without it").click()
    table.locator("thead button", has_text="Without it").click()
    last = records(folder, "influence")[-1]
    assert table.locator("tbody tr").first.locator("th").inner_text() == last["slab"]


# --- What stands behind a row ---------------------------------------------------------------------


def test_pointing_at_a_row_shows_its_raw_numbers_and_its_source(page: Any, folder: Folder) -> None:
    row = page.locator(ROWS).nth(6)
    row.scroll_into_view_if_needed()
    row.locator("td.num").first.hover()
    told = page.locator(".pointed").inner_text()
    effect = records(folder, "studies")[6]
    assert effect["slab"] in told
    for cell in (row for row in records(folder, "raw") if row["effect_id"] == effect["effect_id"]):
        assert (cell["word"] or f"{float(cell['given']):g}") in told
    assert f"data/regard/effects.csv, line {effect['row']}" in " ".join(told.split())
    page.keyboard.press("Escape")
    assert not page.locator(".pointed").is_visible()


# --- Left out -------------------------------------------------------------------------------------


def test_without_a_study_the_mean_moves_to_what_was_computed(page: Any, folder: Folder) -> None:
    influence, (headline,) = records(folder, "influence"), records(folder, "headline")
    diamond = page.locator("path.mean").get_attribute("d")
    for number in (6, STUDIES - 1):
        row = page.locator(ROWS).nth(number)
        row.locator(".keep").click()
        said = page.locator(".changed").inner_text().replace("\xa0", " ")
        estimate, lower, upper = shown(folder, influence[number])
        assert said.startswith(
            f"Without {influence[number]['slab']}: r = {estimate}, 95% CI [{lower}, {upper}], "
            f"{format_p(float(influence[number]['pval']))};"
        )
        assert f"With it: r = {shown(folder, headline)[0]}" in said
        assert ("The conclusion changes" in said) == (influence[number]["flips"] == "true")
        assert page.locator("tr.pooled td.num").all_inner_texts() == [estimate, f"[{lower}, {upper}]"]
        assert page.locator("path.mean").get_attribute("d") != diamond
        assert page.locator("path.ghost").evaluate("e => getComputedStyle(e).visibility") == "visible"
        # One at a time.
        assert page.locator(".keep:not(:checked)").count() == 1
    page.locator(".restore").click()
    assert page.locator("path.mean").get_attribute("d") == diamond
    assert page.locator(".changed").inner_text() == ""
    assert page.locator("tr.pooled td.num").first.inner_text() == shown(folder, headline)[0]


def test_a_number_that_moved_still_tells_where_it_comes_from(page: Any) -> None:
    page.locator(".keep").nth(3).click()
    page.locator("tr.pooled td.num a").first.click()
    assert "influence.csv, line 5" in page.locator("#origin").inner_text()


def test_where_nothing_was_computed_nothing_can_be_left_out(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    opened = open_page(browser, write(build_folder(tmp_path)).as_uri())
    assert opened.locator(".keep, .omission, div.rho").count() == 0
    assert opened.locator(".controls").is_visible()
    assert opened.seen == []
    opened.context.close()


# --- Other correlations ---------------------------------------------------------------------------


def test_the_slider_says_what_the_sweep_holds(page: Any, folder: Folder) -> None:
    sweep = records(folder, "sweep")
    slider = page.locator(".correlation")
    assert slider.get_attribute("aria-valuetext") == "0.60"
    assert "which the model assumes" in page.locator(".swept").inner_text()
    slider.focus()
    page.keyboard.press("Home")
    for row in sweep:
        said = page.locator(".swept").inner_text().replace("\xa0", " ")
        estimate, lower, upper = shown(folder, row)
        assert f"r = {estimate}, 95% CI [{lower}, {upper}], {format_p(float(row['pval']))}" in said
        assert ("which the model assumes" in said) == (row["rho"] == "0.6")
        page.keyboard.press("ArrowRight")


# --- Every reader ---------------------------------------------------------------------------------


def test_the_keyboard_alone_sorts_leaves_out_and_opens(page: Any) -> None:
    page.locator(".search").focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.forest thead button')"):
            break
    page.keyboard.press("Enter")
    assert page.locator(".forest thead th[aria-sort=ascending]").count() == 1
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.keep')"):
            break
    page.keyboard.press("Space")
    assert page.locator(".changed").inner_text().startswith("Without")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(f"{ROWS} details[open]").count() == 1
    assert page.locator(".pointed").is_visible()


def test_without_a_script_everything_stands_there(browser: Any, address: str, folder: Folder) -> None:
    opened = open_page(browser, address, java_script_enabled=False)
    text = opened.locator("figure.forest").inner_text()
    for row in records(folder, "studies"):
        assert " ".join(row["slab"].split()) in " ".join(text.split())
    for control in (".controls", ".omission", ".keep", ".pointed", ".sort", ".rho"):
        assert not [each for each in opened.locator(control).all() if each.is_visible()], control
    opened.locator(f"{ROWS} summary").nth(6).click()
    assert "effects.csv, line 8" in " ".join(opened.locator(f"{ROWS} details").nth(6).inner_text().split())
    assert opened.locator("#table-sweep").is_visible()
    opened.context.close()


def test_names_from_a_table_stay_text_wherever_they_are_shown(page: Any) -> None:
    for number, name in enumerate(HOSTILE):
        row = page.locator(ROWS).nth(number)
        row.locator("td.num").first.hover()
        assert page.locator(".pointed strong").text_content() == name
        row.locator(".keep").click()
        assert name.strip() in str(page.locator(".changed").text_content())
    assert page.locator(".forest script, .forest img, .forest iframe").count() == 0
    assert page.evaluate("document.querySelectorAll('script:not([type])').length") == len(
        list((ROOT / "reports" / "templates").glob("*.js"))
    )


def test_print_has_every_study_once_and_no_control(page: Any, folder: Folder, tmp_path: Path) -> None:
    page.locator(".search").fill("study 7")
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert shutil.which("pdftotext") is not None
    text = subprocess.run(
        [str(shutil.which("pdftotext")), "-layout", str(tmp_path / "page.pdf"), "-"], capture_output=True, check=True
    ).stdout.decode()
    for row in records(folder, "studies")[len(HOSTILE) :]:
        assert row["slab"] in text
    assert "effects shown" not in text
    assert "Put it back" not in text
    # The head of a table stands again on every sheet it goes on to.
    sheets = [sheet for sheet in text.split("\f") if re.search(r"^ *Study \d", sheet, re.MULTILINE)]
    assert len([sheet for sheet in sheets if "Weight" in sheet]) >= 3


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_violation(browser: Any, address: str, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    # The checker is a script of its own, which the policy of the page would refuse.
    opened = open_page(browser, address, bypass_csp=True, color_scheme=scheme, viewport={"width": width, "height": 900})
    opened.locator(".keep").nth(2).click()
    opened.locator(f"{ROWS} summary").nth(2).click()
    found = axe.Axe().run(opened).response["violations"]
    serious = [
        (each["id"], node["html"][:200], node["failureSummary"][:300])
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]
    assert serious == []
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened.context.close()


def test_a_page_of_a_hundred_studies_is_small_and_opens_at_once(browser: Any, address: str, folder: Folder) -> None:
    assert (folder.page / "index.html").stat().st_size < 3_000_000
    times = []
    for _ in range(3):
        opened = open_page(browser, address)
        times.append(opened.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        opened.context.close()
    assert min(times) < 1000
    assert len(re.findall("<template", (folder.page / "index.html").read_text(encoding="utf-8"))) > STUDIES
