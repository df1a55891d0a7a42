"""The pages of the package: every public name is there, nothing is fetched, the bytes repeat."""

import ast
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from analysis.errors import DataError
from analysis.reporting.api import describe_room, rooms_of
from analysis.stages.render_api import main, read_layers

ROOT = Path(__file__).parents[2]
MAX_BYTES = 3_000_000
ROOMS = rooms_of(read_layers(ROOT / "pyproject.toml"))


class Reader(HTMLParser):
    """Collects identifiers, links and what could be fetched or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.outside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        if tag == "a":
            self.links.append(values["href"])
        elif (
            tag in ("script", "link", "iframe", "object")
            or "src" in values
            or any(key.startswith("on") for key in values)
        ):
            self.outside.append(self.get_starttag_text() or tag)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("api")
    assert (
        main(
            [
                "--project",
                str(ROOT / "pyproject.toml"),
                "--templates",
                str(ROOT / "reports/templates"),
                "--out",
                str(folder),
            ]
        )
        == 0
    )
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def documented(room: str) -> Iterator[str]:
    """Yield the public functions and classes with a docstring, from the source alone."""
    package = importlib.import_module(f"analysis.{room}")
    exported = getattr(package, "__all__", None)
    modules = [package.__name__]
    if hasattr(package, "__path__"):
        modules += [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    for name in modules:
        source = importlib.import_module(name).__file__
        assert source is not None
        for node in ast.parse(Path(source).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
                public = node.name in exported if exported is not None else not node.name.startswith("_")
                if public:
                    yield (
                        node.name
                        if exported is not None or name == package.__name__
                        else f"{name.rpartition('.')[2]}.{node.name}"
                    )


def test_rooms_stand_in_the_order_of_the_floors(pages: dict[str, str]) -> None:
    listed = re.findall(r'<dt><a href="(\w+)\.html">', pages["index.html"])
    assert listed == ROOMS
    assert listed.index("measures") < listed.index("frequentist") < listed.index("models") < listed.index("config")
    assert set(pages) == {"index.html", *(f"{room}.html" for room in ROOMS)}
    assert not {"stages", "commands"} & set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_documented_name_is_on_the_page(room: str, pages: dict[str, str]) -> None:
    reader = Reader(pages[f"{room}.html"])
    assert [name for name in documented(room) if name not in reader.ids] == []
    package = importlib.import_module(f"analysis.{room}")
    assert {*getattr(package, "__all__", ())} <= {*reader.ids}
    about = (package.__doc__ or "").strip().split("\n")[0]
    words = unescape(re.sub(r"<[^>]+>", "", pages["index.html"]))
    assert about.replace("`", "") in words


def test_links_lead_somewhere(pages: dict[str, str]) -> None:
    ids = {name: set(Reader(text).ids) for name, text in pages.items()}
    broken = []
    for name, text in pages.items():
        for link in Reader(text).links:
            page, _, anchor = unquote(link).partition("#")
            if page != "../index.html" and ((page or name) not in ids or (anchor and anchor not in ids[page or name])):
                broken.append((name, link))
    assert broken == []


def test_no_identifier_twice(pages: dict[str, str]) -> None:
    assert [name for name, text in pages.items() if len(set(Reader(text).ids)) != len(Reader(text).ids)] == []


def test_nothing_is_fetched_and_nothing_names_this_machine(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        assert Reader(text).outside == [], name
        assert "default-src 'none'" in text
        assert not re.search(r"url\((?!#)|@import", text), name
        assert str(ROOT) not in text
        assert str(Path.home()) + "/" not in text
        assert not re.search(r"\bat 0x[0-9a-f]+", text), name
        assert len(text.encode()) < MAX_BYTES


def test_bytes_repeat_in_another_process(pages: dict[str, str], tmp_path: Path) -> None:
    """Sets are ordered by hashes, which differ from process to process; and nothing may warn."""
    environment = {**os.environ, "PYTHONHASHSEED": "4"}
    command = [sys.executable, "-W", "error", "-m", "analysis.stages.render_api", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name: path.read_text(encoding="utf-8") for path in sorted(tmp_path.iterdir())} == pages


def test_docstrings_keep_what_they_say(pages: dict[str, str]) -> None:
    """References and shapes, which pdoc's own pages would drop or put in double brackets."""
    page = pages["frequentist.html"]
    section = page[page.index('id="fit_random_effects"') : page.index('id="heterogeneity_intervals"')]
    words = unescape(re.sub(r"<[^>]+>", "", section))
    assert "[1] Viechtbauer (2010), J. Stat. Softw. 36(3), 1-48." in words
    assert "yi, vi (..., k): Effects in units of the measure" in words
    assert "method: str = 'REML'" in words
    assert '<a href="results.html#Fit">Fit</a>' in section
    assert '<a href="vocabulary.html#METHODS"><code>vocabulary.METHODS</code></a>' in section


def test_a_name_leads_to_the_one_that_is_meant(pages: dict[str, str]) -> None:
    """Two rooms have a `Row`, and only one of them is the figures'."""
    assert "figures.html#forest_rows.Row" not in pages["reporting.html"]
    assert "figures.html#forest_rows.Row" in pages["figures.html"]


def test_constants_are_shown_with_their_values() -> None:
    (group,) = describe_room("vocabulary").groups
    (tests,) = [entry for entry in group.entries if entry.name == "TESTS"]
    assert (tests.kind, tests.value) == ("constant", "('z', 't', 'knha', 'adhoc')")


def test_missing_floors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool]\n")
    with pytest.raises(DataError, match=r"pyproject\.toml: \[tool\.importlinter\] has no contract"):
        read_layers(path)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
@pytest.mark.parametrize("name", ["index", "fragility", "vocabulary"])
def test_pages_open_offline_and_are_accessible(
    browser: Any, pages: dict[str, str], tmp_path: Path, name: str, scheme: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = tmp_path / f"{name}.html"
    path.write_text(pages[path.name], encoding="utf-8")
    context = browser.new_context(offline=True, color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("request", lambda request: problems.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert problems == []
    context.close()
