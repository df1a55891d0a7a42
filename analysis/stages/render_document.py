"""Write a page as PDF and Word, its tables as files, and its figures beside them: all from the page for paper.

All in the folder of the page: `report.{pdf,docx}`, `tables.{docx,xlsx}`, `tables/*.csv`, `figures/*.{svg,png}`.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from analysis.errors import ConfigError
from analysis.files import read_bytes, read_text, write_bytes, write_text
from analysis.provenance import source_seconds
from analysis.reporting.document import Document
from analysis.reporting.document_pdf import letters_without_font, parts_of, pdf_data, set_pages, without_letters
from analysis.reporting.document_reading import read_document
from analysis.reporting.document_word import write_word
from analysis.reporting.table_files import Stored, read_stored, sources_of, to_csv, to_workbook
from analysis.stages.running import run_stage

# The letters of drawings; Word and PDF readers have none of them for certain.
FONTS: Final = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSans-BoldOblique.ttf")
# 1 January 1980, the first day a zip file knows: where no date is set, the files say none worth reading.
NO_DATE: Final = 315_532_800


@dataclass(frozen=True, slots=True)
class Drawings:
    """Figures of a document by the name of their SVG file: text of that, and bytes of the PNG beside it."""

    vectors: Mapping[str, str]
    pixels: Mapping[str, bytes]


def read_drawings(document: Document, folder: Path) -> Drawings:
    """Read every figure of a document."""
    names = [figure.file for figure in document.figures]
    return Drawings(
        vectors={name: read_text(folder / name) for name in names},
        pixels={name: read_bytes((folder / name).with_suffix(".png")) for name in names},
    )


def read_values(document: Document, tables: Path) -> Stored:
    """Return what stands in the results where the tables of a document point to."""
    sources = sources_of(document.tables)
    texts = {file: read_text(tables / file) for file in sorted({source.split(":", 1)[0] for source in sources})}
    return read_stored(sources, texts)


def make_pdf(document: Document, vectors: Mapping[str, str], template: Path, seconds: int | None) -> bytes:
    """Return the PDF; letters that no font at hand has are named by their code points, and the page says so."""
    fonts = {name: read_bytes(font_folder() / name) for name in FONTS}
    with TemporaryDirectory() as name:
        folder = Path(name)
        for font, content in fonts.items():
            write_bytes(folder / "fonts" / font, content)
        write_text(folder / template.name, read_text(template))

        def set_with(missing: Sequence[str], *, system_fonts: bool) -> bytes | None:
            for drawing, text in vectors.items():
                for part, shown in parts_of(drawing, text).items():
                    write_text(folder / "figures" / part, without_letters(shown, missing))
            data = pdf_data(document, vectors, missing) | {"dated": seconds is not None}
            write_text(folder / "document.json", json.dumps(data, ensure_ascii=False))
            stamp = NO_DATE if seconds is None else seconds
            return set_pages(folder / template.name, [folder / "fonts"], timestamp=stamp, system_fonts=system_fonts)

        pdf = set_with((), system_fonts=False) or set_with((), system_fonts=True)
        if pdf is None:
            texts = [*vectors.values(), json.dumps(pdf_data(document, vectors), ensure_ascii=False)]
            pdf = set_with(letters_without_font(texts, letters_of(folder / "fonts" / FONTS[0])), system_fonts=False)
    if pdf is None:
        raise ConfigError(f"{template.name}: some letters cannot be shown. Look for unusual ones in the data.")
    return pdf


def font_folder() -> Path:
    """Return the folder of the fonts in which figures are drawn: matplotlib brings them along."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ConfigError("matplotlib: its fonts are not there. Install the environment again.")
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


def letters_of(font: Path) -> Mapping[int, Any]:
    """Return the code points a font has letters for."""
    from matplotlib.ft2font import FT2Font

    letters: Mapping[int, Any] = FT2Font(str(font)).get_charmap()
    return letters


def run(arguments: argparse.Namespace) -> None:
    """Read, set, write."""
    document = read_document(read_text(arguments.paper))
    drawings = read_drawings(document, arguments.figures)
    stored = read_values(document, arguments.tables)
    seconds = source_seconds()
    stamp = NO_DATE if seconds is None else seconds
    styles = read_text(arguments.templates / "word_styles.xml")
    tables = replace(document, lead=("Tables",), blocks=document.tables)
    out = arguments.out
    for name, table in sorted((table.name, table) for table in document.tables):
        write_text(out / "tables" / f"{name}.csv", to_csv(table, stored))
    for name in drawings.vectors:
        write_text(out / "figures" / name, drawings.vectors[name])
        write_bytes((out / "figures" / name).with_suffix(".png"), drawings.pixels[name])
    write_bytes(out / "tables.xlsx", to_workbook(document.title, document.tables, stored, timestamp=stamp))
    write_bytes(out / "tables.docx", write_word(tables, {}, {}, styles, timestamp=stamp))
    write_bytes(out / "report.docx", write_word(document, drawings.vectors, drawings.pixels, styles, timestamp=stamp))
    write_bytes(out / "report.pdf", make_pdf(document, drawings.vectors, arguments.templates / "document.typ", seconds))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paper", required=True, type=Path, help="page for paper, results/{analysis}/paper.html")
    parser.add_argument("--tables", required=True, type=Path, help="folder its numbers are in")
    parser.add_argument("--figures", required=True, type=Path, help="folder its drawings are in, SVG and PNG")
    parser.add_argument("--templates", type=Path, default=Path("reports/templates"), help="folder of the templates")
    parser.add_argument("--out", required=True, type=Path, help="folder of the page")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
