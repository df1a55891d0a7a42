"""From the page for paper to a `Document`: pandoc reads the HTML, and what needs a screen is left out."""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from analysis.errors import ConfigError
from analysis.reporting.document import (
    Block,
    Cell,
    Document,
    Figure,
    Heading,
    Item,
    Listing,
    Paragraph,
    Run,
    Style,
    Table,
    Text,
    ids,
    plain,
)

# Pandoc keeps the class of no paragraph, and nothing outside <main>. The text of a page has none of these tags: it is
# escaped.
REWRITTEN: Final = (
    (re.compile(r'<p class="([\w -]+)">(.*?)</p>', re.DOTALL), r'<div class="\1"><p>\2</p></div>'),
    (re.compile(r"<main[^>]*>"), "<div>"),
    (re.compile(r"</main>"), "</div>"),
    (re.compile(r"<summary>(.*?)</summary>", re.DOTALL), r"<h4>\1</h4>"),
    (re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL), ""),
)
SCREEN: Final = "screen"
NO_BREAK: Final = "\u00a0"
STYLED: Final[dict[str, Style]] = {"Emph": "em", "Strong": "strong", "Subscript": "sub", "Superscript": "sup"}
# A number reads wrongly when a line ends in it.
SPACES: Final = re.compile(r"\s+")


def pandoc(*arguments: str, data: bytes) -> bytes:
    """Run pandoc on bytes; ConfigError with what it says."""
    done = subprocess.run([_pandoc_path(), *arguments], input=data, capture_output=True, check=False)
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip()
        raise ConfigError(f"pandoc: {message}. Mend the template of the page.")
    return done.stdout


@cache
def _pandoc_path() -> str:
    import pypandoc

    path: str = pypandoc.get_pandoc_path()
    return path


def read_document(page: str) -> Document:
    """Return what a page for paper holds.

    Raises
    ------
    ConfigError
        When pandoc cannot read the page.
    """
    for pattern, text in REWRITTEN:
        page = pattern.sub(text, page)
    # Larger steps of its memory: half the time.
    tree = json.loads(pandoc("+RTS", "-A64m", "-RTS", "-f", "html", "-t", "json", data=page.encode()))
    reader = _Reader()
    blocks = _linked(tuple(reader.blocks(tree["blocks"])))
    return Document(reader.title, reader.banner, reader.lead, blocks)


@dataclass
class _Reader:
    """Goes through pandoc's tree in order, and counts tables and figures."""

    title: str = ""
    banner: Text = ()
    lead: Text = ()
    section: str = ""
    level: int = 1
    counts: dict[str, int] = field(default_factory=dict)

    def blocks(self, nodes: Iterable[Any], role: str = "") -> Iterator[Block]:
        for node in nodes:
            kind, content = node["t"], node.get("c")
            if kind == "Div":
                classes = content[0][1]
                if SCREEN not in classes:
                    yield from self.blocks(content[1], " ".join(classes))
            elif kind == "Header":
                yield from self._heading(content)
            elif kind in ("Para", "Plain"):
                yield from self._paragraph(content, role)
            elif kind in ("BulletList", "OrderedList"):
                yield self._list(content if kind == "BulletList" else content[1])
            elif kind == "DefinitionList":
                yield Listing("definitions", tuple(self._definitions(content)))
            elif kind == "Figure":
                yield from self._figure(content)
            elif kind == "Table":
                yield self._table(content, "", ())
            elif kind == "CodeBlock":
                yield Paragraph((Run("code", (content[1],)),))
            elif kind == "BlockQuote":
                yield from self.blocks(content, role)

    def _heading(self, content: Any) -> Iterator[Block]:
        level, (name, _, _), body = content
        if level == 1:
            self.title = plain(text(body))
        else:
            self.section = name if level == 2 else self.section
            # What unfolds on a screen has a heading on paper, one level below where it stands.
            self.level = min(level, self.level + 1)
            yield Heading(self.level, text(body), name)

    def _paragraph(self, content: Any, role: str) -> Iterator[Block]:
        body = text(content)
        if role == "banner":
            self.banner = body
        elif role == "question":
            self.lead = body
        elif plain(body).strip():
            yield Paragraph(body)

    def _list(self, items: Any) -> Listing:
        return Listing(
            "references" if self.section == "references" else "bullets",
            tuple(Item(tuple(self.blocks(item)), id=_first_id(item)) for item in items),
        )

    def _definitions(self, entries: Any) -> Iterator[Item]:
        for term, definitions in entries:
            for definition in definitions:
                yield Item(tuple(self.blocks(definition)), term=text(term))

    def _figure(self, content: Any) -> Iterator[Block]:
        (name, _, _), (_, caption), blocks = content
        words = tuple(run for node in caption for run in text(node["c"]))
        table = next(_found(blocks, "Table"), None)
        image = next(_found(blocks, "Image"), None)
        if table is not None:
            yield self._table(table["c"], name, words)
        elif image is not None:
            _, alt, (file, _) = image["c"]
            title, note = _headed(words)
            yield Figure(self._next("figure"), file.rpartition("/")[2], plain(text(alt)), title, note)

    def _table(self, content: Any, name: str, note: Text) -> Table:
        _, (_, caption), _, (_, heads), bodies, _ = content
        title = tuple(run for node in caption for run in text(node["c"]))
        rows = [row for _, _, above, below in bodies for row in (*above, *below)]
        heading = bodies[0][1] if bodies else 0
        return Table(
            id=name,
            number=self._next("table"),
            title=title,
            note=note,
            heads=tuple(_cell(cell, heads=True) for _, cells in heads[:1] for cell in cells),
            rows=tuple(
                tuple(_cell(cell, heads=index < heading) for index, cell in enumerate(cells)) for _, cells in rows
            ),
        )

    def _next(self, kind: str) -> int:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return self.counts[kind]


def text(nodes: Sequence[Any]) -> Text:
    """Return inline nodes of pandoc as runs: neighbouring letters joined, marks of the screen left out."""
    joined: list[str | Run] = []
    for run in _runs(nodes):
        if isinstance(run, str) and joined and isinstance(joined[-1], str):
            joined[-1] += run
        else:
            joined.append(run)
    return tuple(joined)


def _runs(nodes: Sequence[Any]) -> Iterator[str | Run]:
    for node in nodes:
        kind, content = node["t"], node.get("c")
        if kind == "Str":
            yield content
        elif kind in ("Space", "SoftBreak"):
            yield " "
        elif kind == "LineBreak":
            yield Run("break")
        elif kind == "Code":
            yield Run("code", (content[1],))
        elif kind in STYLED:
            yield Run(STYLED[kind], text(content))
        elif kind == "Quoted":
            yield from ("\u201c", *_runs(content[1]), "\u201d")
        elif kind in ("Span", "Link"):
            yield from _span(content)


def _span(content: Any) -> Iterator[str | Run]:
    (_, classes, attributes), body = content[:2]
    if SCREEN in classes:
        return
    runs = text(body)
    if "nowrap" in classes:
        runs = unbroken(runs)
    # A number leads to where it stands: on paper nowhere.
    if len(content) == 3 and "source" not in dict(attributes):
        yield Run("link", runs, content[2][0])
    else:
        yield from runs


def unbroken(runs: Text) -> Text:
    """Return a text in which no line ends."""
    return tuple(
        SPACES.sub(NO_BREAK, run) if isinstance(run, str) else replace(run, body=unbroken(run.body)) for run in runs
    )


def _cell(content: Any, *, heads: bool) -> Cell:
    (_, classes, _), _, _, _, blocks = content
    nodes = [node for block in blocks for node in block["c"]]
    numeric = "num" in classes
    body = text(nodes)
    sources = tuple(" ".join(_sources(nodes)).split())
    return Cell(unbroken(body) if sources else body, numeric, heads, sources)


def _sources(nodes: Sequence[Any]) -> Iterator[str]:
    for node in nodes:
        if node["t"] in ("Span", "Link"):
            attributes = dict(node["c"][0][2])
            if "source" in attributes:
                yield attributes["source"]
            yield from _sources(node["c"][1])
        elif node["t"] in STYLED:
            yield from _sources(node["c"])


def _found(node: Any, kind: str) -> Iterator[Any]:
    if isinstance(node, dict):
        if node.get("t") == kind:
            yield node
        yield from _found(node.get("c"), kind)
    elif isinstance(node, list):
        for child in node:
            yield from _found(child, kind)


def _first_id(nodes: Any) -> str:
    return next((span["c"][0][0] for span in _found(nodes, "Span") if span["c"][0][0]), "")


def _headed(words: Text) -> tuple[Text, Text]:
    """Part a caption into its title, which is in bold, and the rest."""
    title, *rest = words or ("",)
    if isinstance(title, str) or title.style != "strong":
        return words, ()
    if rest and isinstance(rest[0], str):
        rest[0] = rest[0].lstrip()
    return _without_stop(title.body), tuple(rest)


def _without_stop(words: Text) -> Text:
    *before, last = words
    return (*before, last.removesuffix(".")) if isinstance(last, str) else words


def _linked(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return the blocks without links to what is not there."""
    known = {f"#{name}" for name in ids(blocks) if name}
    return tuple(_relinked(block, known) for block in blocks)


def _relinked(block: Block, known: set[str]) -> Block:
    if isinstance(block, Heading | Paragraph):
        return replace(block, body=_kept(block.body, known))
    if isinstance(block, Listing):
        items = (
            replace(item, term=_kept(item.term, known), body=tuple(_relinked(one, known) for one in item.body))
            for item in block.items
        )
        return replace(block, items=tuple(items))
    if isinstance(block, Figure):
        return replace(block, title=_kept(block.title, known), note=_kept(block.note, known))
    rows = tuple(tuple(replace(cell, body=_kept(cell.body, known)) for cell in row) for row in block.rows)
    return replace(block, title=_kept(block.title, known), note=_kept(block.note, known), rows=rows)


def _kept(runs: Text, known: set[str]) -> Text:
    kept: list[str | Run] = []
    for run in runs:
        if isinstance(run, str):
            kept.append(run)
        elif run.style == "link" and not run.target.startswith("https://") and run.target not in known:
            kept.extend(_kept(run.body, known))
        else:
            kept.append(replace(run, body=_kept(run.body, known)))
    return tuple(kept)
