"""From a `Document` to Word: pandoc writes the text, and this module the styles, sections and pictures around it.

Styles stand in `templates/word_styles.xml`; a reference document would be a binary that no one can read in a diff.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from analysis.reporting.document import Block, Document, Figure, Heading, Item, Listing, Paragraph, Run, Table, Text
from analysis.reporting.document_layout import lay_out_figure, lay_out_table
from analysis.reporting.document_reading import pandoc
from analysis.reporting.document_sheets import into_sheets
from analysis.reporting.word_package import Package, Picture, drawing, finish, section_end

# Version of pandoc's tree that this module speaks.
VERSION: Final = [1, 23, 1]
NODES: Final = {"em": "Emph", "strong": "Strong", "sub": "Subscript", "sup": "Superscript"}
PLAIN: Final[list[Any]] = ["", [], []]


def write_word(
    document: Document, drawings: Mapping[str, str], pictures: Mapping[str, bytes], styles: str, *, timestamp: int
) -> bytes:
    """Return a document as DOCX.

    Parameters
    ----------
    document : what it holds.
    drawings, pictures : text of every SVG file, and bytes of the PNG beside it, both by the name of the SVG.
    styles : content of `word/styles.xml`.
    timestamp : when it was made, in seconds; the same makes the same bytes.
    """
    writer = _Writer(drawings)
    sheets = into_sheets(document.blocks)
    blocks = [*writer.opening(document)]
    for number, sheet in enumerate(sheets, start=1):
        blocks += writer.blocks(sheet.blocks)
        if number < len(sheets):
            blocks.append(_raw("RawBlock", section_end(sheet.landscape)))
    tree = {"pandoc-api-version": VERSION, "meta": {}, "blocks": blocks}
    written = pandoc("-f", "json", "-t", "docx", "-o", "-", data=json.dumps(tree).encode())
    package = Package(
        title=document.title,
        styles=styles,
        pictures=[Picture(name, pictures[name], drawings[name]) for name in dict.fromkeys(writer.used)],
        widths=[lay_out_table(table).widths for table in document.tables],
        landscape=bool(sheets) and sheets[-1].landscape,
        timestamp=timestamp,
    )
    return finish(written, package)


class _Writer:
    """Turns blocks into pandoc's tree, and remembers which drawings it used."""

    def __init__(self, drawings: Mapping[str, str]):
        self.drawings = drawings
        self.used: list[str] = []
        self.shown = 0

    def opening(self, document: Document) -> list[Any]:
        """Return what stands above everything: what must be read first, title and question."""
        parts = (("Banner", document.banner), ("Title", (document.title,)), ("Subtitle", document.lead))
        return [_styled(style, [_para(text)]) for style, text in parts if text]

    def blocks(self, blocks: Sequence[Block]) -> list[Any]:
        return [node for block in blocks for node in self._block(block)]

    def _block(self, block: Block) -> list[Any]:
        if isinstance(block, Heading):
            return [{"t": "Header", "c": [block.level - 1, [block.id, [], []], inlines(block.body)]}]
        if isinstance(block, Paragraph):
            return [_para(block.body)]
        if isinstance(block, Listing):
            return self._list(block)
        return self._table(block) if isinstance(block, Table) else self._figure(block)

    def _list(self, listing: Listing) -> list[Any]:
        if listing.kind == "bullets":
            return [{"t": "BulletList", "c": [self.blocks(item.body) for item in listing.items]}]
        if listing.kind == "definitions":
            entries = [[inlines(item.term), [self.blocks(item.body)]] for item in listing.items]
            return [{"t": "DefinitionList", "c": entries}]
        return [_styled("Bibliography", self._target(item)) for item in listing.items]

    def _target(self, item: Item) -> list[Any]:
        return [{"t": "Div", "c": [[item.id, [], []], self.blocks(item.body)]}]

    def _table(self, table: Table) -> list[Any]:
        layout = lay_out_table(table)
        size = round(2 * layout.size)
        # The last row stays with the note.
        styles = [f"Table Text {size}"] * (len(table.rows) - 1) + [f"Table End {size}"] * bool(table.rows)
        align = [{"t": "AlignRight" if head.numeric else "AlignLeft"} for head in table.heads]
        rows = [_row((cell.body for cell in row), style) for row, style in zip(table.rows, styles, strict=True)]
        body = [PLAIN, 0, [], rows]
        head = [PLAIN, [_row((cell.body for cell in table.heads), f"Table Text {size}")]]
        columns = [[one, {"t": "ColWidthDefault"}] for one in align]
        node = {"t": "Table", "c": [PLAIN, [None, []], columns, head, [body], [PLAIN, []]]}
        return [*_numbered("Table", table.number, table.title, table.id), node, *_note(table.note)]

    def _figure(self, figure: Figure) -> list[Any]:
        layout = lay_out_figure(self.drawings[figure.file])
        nodes: list[Any] = []
        self.used.append(figure.file)
        count = len(layout.parts)
        for index, part in enumerate(layout.parts, start=1):
            self.shown += 1
            alt = figure.alt if count == 1 else f"{figure.alt} Part {index} of {count}."
            shown = drawing(figure.file, alt, layout, part, self.shown)
            nodes += _numbered("Figure", figure.number, figure.title, overleaf=index > 1)
            style = "Figure" if index == count else "Figure Part"
            nodes.append(_styled(style, [{"t": "Para", "c": [_raw("RawInline", shown)]}]))
        return [*nodes, *_note(figure.note)]


def inlines(text: Text) -> list[Any]:
    """Return a text as inline nodes of pandoc."""
    return [_inline(run) for run in text]


def _inline(run: str | Run) -> Any:
    if isinstance(run, str):
        return {"t": "Str", "c": run}
    if run.style == "break":
        return {"t": "LineBreak"}
    if run.style == "code":
        return {"t": "Code", "c": [PLAIN, "".join(part for part in run.body if isinstance(part, str))]}
    if run.style == "link":
        return {"t": "Link", "c": [PLAIN, inlines(run.body), [run.target, ""]]}
    return {"t": NODES[run.style], "c": inlines(run.body)}


def _numbered(kind: str, number: int, title: Text, name: str = "", *, overleaf: bool = False) -> list[Any]:
    label = [{"t": "Span", "c": [[name, [], []], [{"t": "Strong", "c": inlines((f"{kind} {number}",))}]]}]
    return [
        _styled(
            "Number Overleaf" if overleaf else "Number",
            [{"t": "Para", "c": [*label, *inlines((" (continued)" if overleaf else "",))]}],
        ),
        _styled("Caption", [_para((Run("em", title),))]),
    ]


def _note(note: Text) -> list[Any]:
    return [_styled("Note", [_para((Run("em", ("Note.",)), " ", *note))])] if note else []


def _row(cells: Any, style: str) -> Any:
    return [PLAIN, [[PLAIN, {"t": "AlignDefault"}, 1, 1, [_styled(style, [_para(cell)])]] for cell in cells]]


def _para(text: Text) -> Any:
    return {"t": "Para", "c": inlines(text)}


def _styled(style: str, blocks: list[Any]) -> Any:
    return {"t": "Div", "c": [["", [], [["custom-style", style]]], blocks]}


def _raw(kind: str, xml: str) -> Any:
    return {"t": kind, "c": ["openxml", xml]}
