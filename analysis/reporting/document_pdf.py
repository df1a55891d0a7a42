"""From a `Document` to PDF: typst sets what `templates/document.typ` says, out of data that it never parses as markup.

The file is tagged (PDF/UA-1): it has a language and a title, drawings tell in words what they show, tables have heads.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from analysis.errors import ConfigError
from analysis.reporting.document import Block, Document, Figure, Heading, Item, Listing, Paragraph, Table, Text, plain
from analysis.reporting.document_layout import TEXT_HEIGHT, Part, lay_out_figure, lay_out_table, table_height
from analysis.reporting.document_sheets import into_sheets

# In every installation of typst; then those of matplotlib, in which the drawings are set.
FONTS: Final = ("Libertinus Serif", "DejaVu Sans")
STANDARD: Final = "ua-1"
# A table lower than this part of a page is not broken.
WHOLE: Final = 0.4
WORDS: Final = re.compile(r'<text[^>]* y="([\d.]+)"[^>]*>.*?</text>', re.DOTALL)
# Lines have no room for a longer word.
LONG_WORD: Final = re.compile(r"\S{25,}")
STRETCH: Final = 8
MAY_BREAK: Final = "\u200b"


def pdf_data(document: Document, drawings: Mapping[str, str], missing: Sequence[str] = ()) -> dict[str, Any]:
    """Return what the template reads as document.json.

    Parameters
    ----------
    document : what the page holds.
    drawings : the text of every SVG file by its name.
    missing : letters that no font has; each is replaced by its code point, and the page says so.
    """
    writer = _Writer(_names(missing), drawings)
    return {
        "title": writer.words(document.title),
        "description": writer.words(plain(document.lead)),
        "banner": writer.runs(document.banner),
        "lead": writer.runs(document.lead),
        "fonts": list(FONTS),
        "missing": [f"U+{ord(letter):04X}" for letter in missing],
        "sheets": [
            {"landscape": sheet.landscape, "blocks": writer.blocks(sheet.blocks)}
            for sheet in into_sheets(document.blocks)
        ],
    }


def part_files(file: str, count: int) -> list[str]:
    """Name the files of the parts of a drawing; one that is whole keeps its name."""
    return [file] if count == 1 else [f"{number}-{file}" for number in range(1, count + 1)]


def parts_of(file: str, drawing: str) -> dict[str, str]:
    """Return the drawing of each part by the name of its file: words outside the part would be heard, but not seen."""
    parts = lay_out_figure(drawing).parts
    files = part_files(file, len(parts))
    if len(parts) == 1:
        return {file: drawing}
    return {name: _without_words(drawing, part) for name, part in zip(files, parts, strict=True)}


def _without_words(drawing: str, part: Part) -> str:
    return WORDS.sub(lambda match: match[0] if part.top <= float(match[1]) < part.bottom else "", drawing)


def code_point(letter: str) -> str:
    """Name a letter that cannot be shown."""
    return f"\u2039U+{ord(letter):04X}\u203a"


def without_letters(text: str, missing: Sequence[str]) -> str:
    """Return a text in which code points stand for letters that cannot be shown."""
    return text.translate(_names(missing))


def _names(missing: Sequence[str]) -> dict[int, str]:
    return {ord(letter): code_point(letter) for letter in missing}


@dataclass(frozen=True, slots=True)
class _Writer:
    """Turns blocks into plain data; letters that cannot be shown are replaced on the way."""

    replaced: Mapping[int, str]
    drawings: Mapping[str, str]

    def words(self, words: str) -> str:
        shown = words.translate(self.replaced)
        return LONG_WORD.sub(lambda match: _stretched(match[0]), shown)

    def runs(self, runs: Text) -> list[Any]:
        return [
            self.words(run)
            if isinstance(run, str)
            else {"style": run.style, "body": self.runs(run.body), "target": run.target}
            for run in runs
        ]

    def blocks(self, blocks: Sequence[Block]) -> list[dict[str, Any]]:
        return [self._block(block) for block in blocks]

    def _block(self, block: Block) -> dict[str, Any]:
        if isinstance(block, Heading):
            return {"kind": "heading", "level": block.level, "id": block.id, "body": self.runs(block.body)}
        if isinstance(block, Paragraph):
            return {"kind": "paragraph", "body": self.runs(block.body)}
        if isinstance(block, Listing):
            return {"kind": "list", "list": block.kind, "items": [self._item(item) for item in block.items]}
        return self._table(block) if isinstance(block, Table) else self._figure(block)

    def _item(self, item: Item) -> dict[str, Any]:
        return {"id": item.id, "term": self.runs(item.term), "body": self.blocks(item.body)}

    def _table(self, table: Table) -> dict[str, Any]:
        layout = lay_out_table(table)
        return {
            "kind": "table",
            "id": table.id,
            "number": table.number,
            "title": self.runs(table.title),
            "note": self.runs(table.note),
            "numeric": [cell.numeric for cell in table.heads],
            "heads": [self.runs(cell.body) for cell in table.heads],
            "rows": [[self.runs(cell.body) for cell in row] for row in table.rows],
            "size": layout.size,
            "widths": layout.widths,
            "whole": table_height(table) < WHOLE * TEXT_HEIGHT,
        }

    def _figure(self, figure: Figure) -> dict[str, Any]:
        return {
            "kind": "figure",
            "number": figure.number,
            "file": figure.file,
            "alt": figure.alt.translate(self.replaced),
            "title": self.runs(figure.title),
            "note": self.runs(figure.note),
            **asdict(lay_out_figure(self.drawings[figure.file])),
            "files": part_files(figure.file, len(lay_out_figure(self.drawings[figure.file]).parts)),
        }


def _stretched(word: str) -> str:
    """Let a word of many letters break anywhere; an address breaks where its signs allow it."""
    return word if "/" in word else MAY_BREAK.join(word[at : at + STRETCH] for at in range(0, len(word), STRETCH))


def set_pages(template: Path, fonts: Sequence[Path], *, timestamp: int, system_fonts: bool = False) -> bytes | None:
    """Return the PDF of a template whose data stand beside it; None when no font at hand has a letter.

    Parameters
    ----------
    template : document.typ, beside it document.json and the folder figures.
    fonts : folders of fonts besides those of typst itself.
    timestamp : when it was made, in seconds; the same makes the same bytes.
    system_fonts : whether to look through the fonts of this machine too.

    Raises
    ------
    ConfigError
        When the template cannot be set for another reason.
    """
    import typst

    try:
        pdf: bytes = typst.compile(
            template,
            root=template.parent,
            font_paths=list(fonts),
            ignore_system_fonts=not system_fonts,
            pdf_standards=[STANDARD],
            timestamp=timestamp,
        )
    except typst.TypstError as error:
        if "could not be displayed" in error.message:
            return None
        raise ConfigError(f"{template.name}: {error.message} {error.diagnostic}. Mend the template.") from None
    return pdf


def letters_without_font(texts: Iterable[str], covered: Container[int]) -> list[str]:
    """Return the letters of texts that a font does not have, in their order."""
    return sorted(
        {letter for text in texts for letter in text if ord(letter) not in covered and letter not in "\n\r\t"}
    )
