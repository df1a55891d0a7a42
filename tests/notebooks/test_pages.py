"""Notebooks run from top to bottom; their pages open from a file, fetch nothing, and can be moved without a script."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import DataError
from analysis.reporting.notebooks import read_lesson, read_opening
from analysis.stages import render_notebook_index
from analysis.stages.render_notebook import execute

ROOT = Path(__file__).parents[2]
NAMES = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
pytestmark = pytest.mark.xdist_group("notebooks")


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(page: Path) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.found


@pytest.mark.parametrize("name", NAMES)
class TestPage:
    def test_runs_in_less_than_a_minute_and_says_nothing_on_stderr(self, name: str, pages: dict[str, Any]) -> None:
        page = pages[name]
        assert (page.status, page.said) == (0, "")
        assert page.seconds < 60

    def test_fetches_nothing_and_runs_no_script(self, name: str, pages: dict[str, Any]) -> None:
        found = elements(pages[name].path)
        assert not {tag for tag, _ in found} & {"script", "link", "iframe", "object", "base"}
        addresses = [value for _, attributes in found for key in ("src", "href") if (value := attributes.get(key))]
        assert all(re.match(r"data:image/|#|index\.html$", address) for address in addresses)
        assert not re.search(r"url\(|@import", pages[name].path.read_text(encoding="utf-8"))
        assert pages[name].path.stat().st_size < 3_000_000

    def test_says_in_words_what_every_picture_shows(self, name: str, pages: dict[str, Any]) -> None:
        images = [attributes for tag, attributes in elements(pages[name].path) if tag == "img"]
        assert images
        assert all(len(image.get("alt") or "") > 20 for image in images)

    def test_has_names_that_are_there_once(self, name: str, pages: dict[str, Any]) -> None:
        names = [attributes["id"] for _, attributes in elements(pages[name].path) if attributes.get("id")]
        assert len(set(names)) == len(names)

    def test_holds_no_place_and_no_time_of_this_machine(self, name: str, pages: dict[str, Any]) -> None:
        text = pages[name].path.read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert not re.search(r" at 0x[0-9a-f]{6,}", text)

    def test_shows_results_and_not_their_names_in_memory(self, name: str, pages: dict[str, Any]) -> None:
        text = pages[name].path.read_text(encoding="utf-8")
        assert "interactive(" not in text
        assert "Choices(" not in text
        assert '<fieldset class="choices"' in text


def test_the_same_notebook_gives_the_same_bytes(pages: dict[str, Any]) -> None:
    assert pages["again"].path.read_bytes() == pages[NAMES[0]].path.read_bytes()


def test_the_list_names_every_notebook(tmp_path: Path) -> None:
    out = tmp_path / "index.html"
    notebooks = [str(ROOT / "notebooks" / f"{name}.ipynb") for name in NAMES]
    templates = str(ROOT / "reports" / "templates")
    assert render_notebook_index.main(["--notebooks", *notebooks, "--templates", templates, "--out", str(out)]) == 0
    links = [attributes["href"] for tag, attributes in elements(out) if tag == "a"]
    assert links == ["../index.html", *(f"{name}.html" for name in NAMES)]


def notebook_of(*sources: str) -> dict[str, Any]:
    code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    opening = {"cell_type": "markdown", "id": "first", "metadata": {}, "source": "# A title\n\nA sentence."}
    cells = [opening, *({**code, "id": f"c{i}", "source": source} for i, source in enumerate(sources))]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_a_cell_that_fails_is_named(tmp_path: Path) -> None:
    import json

    path = tmp_path / "broken.ipynb"
    path.write_text(json.dumps(notebook_of("1 / 0")), encoding="utf-8")
    with pytest.raises(DataError, match=r"broken.ipynb[\s\S]*ZeroDivisionError"):
        execute(path)


def test_words_on_stderr_are_refused() -> None:
    notebook = notebook_of("1")
    notebook["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stderr", "text": "a warning"}]
    with pytest.raises(DataError, match="a warning"):
        read_lesson("lesson", notebook)


def test_a_notebook_without_a_title_is_refused() -> None:
    with pytest.raises(DataError, match="one sentence"):
        read_opening("lesson", {"cells": []})


@pytest.mark.parametrize("name", ["02_random_effects", "08_reproducing_a_published_table"])
def test_buttons_and_solutions_work_offline_without_scripts(browser: Any, name: str, pages: dict[str, Any]) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
    page.goto(pages[name].path.as_uri())
    frames = page.locator("fieldset.choices .choice-frame")
    shown = [frames.nth(i).is_visible() for i in range(frames.count())]
    assert sum(shown) == 1
    last = frames.count() - 1
    page.locator("fieldset.choices label").nth(last).click()
    assert [frames.nth(i).is_visible() for i in range(frames.count())] == [i == last for i in range(frames.count())]
    solution = page.locator("details.solution").first
    assert not solution.locator(".cell").is_visible()
    solution.locator("summary").click()
    assert solution.locator(".cell").is_visible()
    # A phone scrolls the page in one direction only.
    width = page.locator("html").bounding_box()["width"]
    assert page.locator("body").bounding_box()["width"] <= width
    assert problems == []
    context.close()
