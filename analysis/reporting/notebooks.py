"""An executed notebook as a page that opens from a file: no script, nothing fetched, the same bytes every time.

Cells tagged `solution` are folded away with what they print. Of several forms of an output the page shows HTML before
text; sliders, which need a kernel, it does not show.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from analysis.errors import DataError

SOLUTION: Final = "solution"
HEADING: Final = re.compile(r"<h2>(.*?)</h2>")
TAGS: Final = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One cell: its `kind` (markdown or code), its words or code as HTML, what it left, and whether it is folded."""

    kind: str
    source: str
    outputs: tuple[str, ...]
    folded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A notebook: its title, what it is about in one sentence, its sections by identifier, its parts."""

    name: str
    title: str
    about: str
    sections: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]


def read_lesson(name: str, notebook: Mapping[str, Any]) -> Lesson:
    """Turn the JSON of an executed notebook into what a page shows.

    Raises
    ------
    DataError
        When it does not begin with a title and a sentence, or a cell wrote to stderr or failed.
    """
    title, about = read_opening(name, notebook)
    parts = [_part(name, cell) for cell in notebook["cells"]]
    sections: list[tuple[str, str]] = []
    parts = [_numbered(part, sections) for part in parts]
    return Lesson(name=name, title=title, about=about, sections=tuple(sections), parts=tuple(parts))


def read_opening(name: str, notebook: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and first sentence of a notebook; DataError when its first cell has none."""
    first = notebook["cells"][0] if notebook["cells"] else {"cell_type": "", "source": ""}
    lines = [line.strip() for line in _text(first["source"]).splitlines() if line.strip()]
    if first["cell_type"] != "markdown" or len(lines) < 2 or not lines[0].startswith("# "):
        raise DataError(f"{name}: the first cell must hold a title and, below it, one sentence. Write them.")
    return lines[0].removeprefix("# "), lines[1]


def render_lesson(lesson: Lesson, environment: Any) -> str:
    """Return the page of a notebook."""
    # Blank lines of code must stay, so the page does not go through the tidying of the reports.
    page: str = environment.get_template("notebook.html.j2").render(lesson=lesson)
    return page.rstrip() + "\n"


def render_lessons(lessons: Sequence[tuple[str, str, str]], environment: Any) -> str:
    """Return the page that lists notebooks, given name, title and sentence of each."""
    page: str = environment.get_template("notebooks.html.j2").render(lessons=lessons)
    return page.rstrip() + "\n"


def _part(name: str, cell: Mapping[str, Any]) -> Part:
    source, folded = _text(cell["source"]), SOLUTION in cell["metadata"].get("tags", ())
    if cell["cell_type"] == "markdown":
        return Part(kind="markdown", source=_markdown(source), outputs=(), folded=folded)
    outputs = tuple(shown for output in cell["outputs"] if (shown := _output(name, output)))
    return Part(kind="code", source=_highlighted(source), outputs=outputs, folded=folded)


def _output(name: str, output: Mapping[str, Any]) -> str:
    kind = output["output_type"]
    if kind == "error" or output.get("name") == "stderr":
        said = _text(output.get("text", "")) or f"{output.get('ename')}: {output.get('evalue')}"
        raise DataError(f"{name}: a cell wrote to stderr: {said.strip()[:300]}. Mend the cell.")
    if kind == "stream":
        return f'<pre tabindex="0">{escape(_text(output["text"]).rstrip())}</pre>'
    data = output["data"]
    if "text/html" in data:
        return _text(data["text/html"])
    return f'<pre tabindex="0">{escape(_text(data["text/plain"]))}</pre>'


def _numbered(part: Part, sections: list[tuple[str, str]]) -> Part:
    """Give every second-level heading an identifier and put it on the list."""

    def mark(found: re.Match[str]) -> str:
        plain = TAGS.sub("", found[1])
        identifier = f"part-{len(sections) + 1}"
        sections.append((identifier, plain))
        return f'<h2 id="{identifier}">{found[1]}</h2>'

    if part.kind != "markdown":
        return part
    return Part(kind=part.kind, source=HEADING.sub(mark, part.source), outputs=(), folded=part.folded)


def _markdown(source: str) -> str:
    import mistune

    # Notebooks are part of the repository, not a stranger's text: their details and subscripts are meant.
    return str(mistune.create_markdown(escape=False, plugins=["table"])(source))


def _highlighted(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))).rstrip()


def _text(source: str | Sequence[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
