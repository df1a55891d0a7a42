"""PDF, Word, CSV and workbook of a page: the same digits everywhere, nobody's text is markup, the same bytes twice."""

import csv
import re
import shutil
import struct
import subprocess
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import defusedxml.ElementTree
import pytest
from openpyxl import load_workbook

from analysis.reporting.document import Cell, Document, Heading, Paragraph, Run, Table, plain
from analysis.reporting.document_layout import TEXT_HEIGHT, lay_out_figure, lay_out_table
from analysis.reporting.document_pdf import pdf_data
from analysis.reporting.document_reading import read_document
from analysis.reporting.document_sheets import into_sheets
from analysis.reporting.document_word import write_word
from analysis.reporting.table_files import guarded, number_format, sheet_names
from analysis.stages import make_ledger, make_tables, render_document, render_report
from tests.fake_results import Folder, build_folder
from tests.paper import (
    before_references,
    is_rounding_of,
    missing_and_added,
    numbers,
    pdf_text,
    read_page,
    word_paragraphs,
    word_text,
    wrong_numbers,
)

ROOT = Path(__file__).parents[2]
STYLES = (ROOT / "reports" / "templates" / "word_styles.xml").read_text(encoding="utf-8")
CLAIMS = [{"quantity": "k", "printed": "12"}, {"printed": ".28"}, {"printed": ".31"}]
HOSTILE = {
    "formula": '=HYPERLINK("http://x","y")',
    "markup": r"<script>alert(1)</script> #let x = 1 *b* _e_ @ref $x$ \x41 `c` // -- ~ {{7*7}} {%x%} <a&amp;b>",
    "signs": "@SUM(1+1)*cmd|' /C calc'!A0",
    "other ways": "\u0639\u0631\u0628\u064a \u05e2\u05d1\u05e8\u05d9\u05ea \U0001f600 \u201cquoted\u201d 'single'",
    "long": "Verylongname" * 17,
}


def png(width: int = 2, height: int = 1) -> bytes:
    """The smallest picture there is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + b"\xff" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def svg(lines: int) -> str:
    """A drawing with a line of text every 15 points."""
    texts = "".join(f'<text x="10" y="{20 + 15 * line}" font-size="8">row</text>' for line in range(lines))
    extent = f'viewBox="0 0 648 {40 + 15 * lines}" width="648pt" height="{40 + 15 * lines}pt"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {extent}>{texts}</svg>'


@dataclass(frozen=True)
class Made:
    """A folder of results with all that was written from it."""

    folder: Folder
    out: Path

    @property
    def paper(self) -> str:
        return (self.folder.results / "paper.html").read_text(encoding="utf-8")

    def bytes(self, name: str) -> bytes:
        return (self.out / name).read_bytes()


def arguments(folder: Folder, out: Path) -> list[str]:
    folders = ["--tables", str(folder.results / "tables"), "--figures", str(folder.results / "figures")]
    return ["--paper", str(folder.results / "paper.html"), *folders, "--out", str(out)]


def made(root: Path, **options: object) -> Made:
    folder = build_folder(root, **options)  # type: ignore[arg-type]
    for name in ("forest", "again"):
        (folder.results / "figures" / f"{name}.svg").write_text(svg(70 if name == "again" else 9), encoding="utf-8")
        (folder.results / "figures" / f"{name}.png").write_bytes(png())
    assert make_tables.main(folder.tables_arguments()) == 0
    assert make_ledger.main(folder.ledger_arguments()) == 0
    assert render_report.main(folder.report_arguments()) == 0
    assert render_document.main(arguments(folder, folder.page)) == 0
    return Made(folder, folder.page)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Made:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        root = tmp_path_factory.mktemp("whole")
        return made(root, with_moderators=True, claims=CLAIMS, synthetic=True)


@pytest.fixture(scope="module", params=HOSTILE)
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Made]:
    name = HOSTILE[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return name, made(tmp_path_factory.mktemp("hostile"), slab=name, note=name)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u00a0\u00ad\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text)


# --- The same digits ------------------------------------------------------------------------------


def test_every_number_of_the_page_for_paper_is_a_rounding_of_what_its_file_holds(whole: Made) -> None:
    page = read_page(whole.paper)
    assert len(page.sourced) > 300
    assert wrong_numbers(page, whole.folder.results) == []


@pytest.mark.parametrize(
    ("shown", "value", "right"),
    [
        (".28", "0.2812", True),
        (".29", "0.2812", False),
        ("\u2212.15", "-0.1523", True),
        (".15", "-0.1523", False),
        ("< .001", "0.0004", True),
        ("< .001", "0.004", False),
        ("61.4%", "61.4321", True),
        ("61%", "0.6143", True),
        ("1,067", "1067", True),
        ("p = .021", "0.0213", True),
        ("> 99.9%", "0.9995", True),
    ],
)
def test_a_rounding_is_told_from_another_number(shown: str, value: str, right: bool) -> None:
    assert is_rounding_of(shown, value) is right


def counted(made: Made) -> tuple[Counter[str], Counter[str]]:
    """Numbers of the page before its references, and those that numbered tables and figures add."""
    document = read_document(made.paper)
    labels = Counter(str(one.number) for one in (*document.tables, *document.figures))
    return numbers(before_references(read_page(made.paper).text)), labels


def test_word_prints_each_number_of_the_page_as_often_as_the_page_and_no_other(whole: Made) -> None:
    said, labels = counted(whole)
    text = before_references(word_text(whole.bytes("report.docx")))
    # The second drawing is cut in two, and its number repeated.
    assert numbers(text) - (said + labels) == Counter({"2": 1})
    assert said - numbers(text) == Counter()


def test_pdf_prints_each_number_of_the_page_and_besides_only_numbers_of_pages_and_repeated_parts(whole: Made) -> None:
    said, labels = counted(whole)
    text = before_references(pdf_text(whole.out / "report.pdf"))
    pages = Counter(map(str, range(text.count("\f") + 2)))
    heads = numbers(" ".join(read_page(whole.paper).heads))
    notes = numbers(" ".join(plain(table.note) for table in read_document(whole.paper).tables))
    assert missing_and_added(said, numbers(text), labels + pages + heads + notes) == ([], [])


def test_one_changed_digit_is_found(whole: Made) -> None:
    said, _ = counted(whole)
    word, pdf = word_text(whole.bytes("report.docx")), pdf_text(whole.out / "report.pdf")
    for text in (before_references(word), before_references(pdf)):
        place = re.search(r"\.28\b", text)
        assert place is not None
        changed = f"{text[: place.start()]}.29{text[place.end() :]}"
        assert said - numbers(changed) == Counter({".28": 1})
    page = read_page(re.sub(r'(data-source="headline.csv:2:estimate"[^>]*>)\.27', r"\1.28", whole.paper, count=1))
    assert len(wrong_numbers(page, whole.folder.results)) == 1


def test_references_are_the_same_in_every_format(whole: Made) -> None:
    works = re.findall(r'<li id="ref-[^"]+">(.*?)</li>', whole.paper, re.DOTALL)
    entries = [squeezed(read_page(work).text) for work in works]
    assert len(entries) > 5
    word, pdf = (squeezed(text) for text in (word_text(whole.bytes("report.docx")), pdf_text(whole.out / "report.pdf")))
    for entry in entries:
        assert entry in word
    # A reference that goes on overleaf has the running head in it.
    assert sum(entry not in pdf for entry in entries) <= 2


def test_tables_have_the_same_cells_in_word_of_tables_alone(whole: Made) -> None:
    document = read_document(whole.paper)
    text = squeezed(word_text(whole.bytes("tables.docx")))
    for table in document.tables:
        assert squeezed(f"Table {table.number}{plain(table.title)}") in text
        for row in table.rows:
            assert squeezed("".join(plain(cell.body) for cell in row)) in text


# --- Tables as files ------------------------------------------------------------------------------


def shown_by(number_form: str, value: float) -> str:
    """What a spreadsheet shows for a number, for the formats that are written."""
    positive, negative, _ = number_form.split(";")
    form = negative if value < 0 else positive
    if re.fullmatch(r'"[^"]*"', form):
        return form.strip('"')
    form, sign = form.replace('"\u2212"', ""), "\u2212" if value < 0 else ""
    percent = form.endswith('"%"') or form.endswith("%")
    amount = abs(value) * (100 if form.endswith("%") and not form.endswith('"%"') else 1)
    digits = len(re.search(r"(?:\.(0+))?$", re.sub(r'"?%"?$', "", form))[1] or "")  # type: ignore[index]
    text = f"{amount:,.{digits}f}" if "#,##0" in form else f"{amount:.{digits}f}"
    return sign + (text.removeprefix("0") if form.startswith(".") else text) + ("%" if percent else "")


def test_the_workbook_shows_the_digits_of_the_page_and_holds_all_of_them(whole: Made) -> None:
    document = read_document(whole.paper)
    book = load_workbook(whole.out / "tables.xlsx")
    assert book.sheetnames == sheet_names(document.tables)
    found = 0
    for table, sheet in zip(document.tables, book.worksheets, strict=True):
        assert sheet["A1"].value == f"Table {table.number}"
        assert sheet["A2"].value == plain(table.title)
        for cells, row in zip(sheet.iter_rows(min_row=5), table.rows, strict=False):
            shown = [shown_by(one.number_format, one.value) for one in cells if isinstance(one.value, int | float)]
            printed = [
                part
                for cell in row
                if cell.sources
                for part in re.sub(r"[\[\]]", "", plain(cell.body).replace("\u00a0", " ")).split(", ")
                if re.search(r"\d", part)
            ]
            # What is stored as text stays text.
            assert [one for one in printed if one not in shown] == [
                one.value
                for one in cells
                if isinstance(one.value, str) and one.value in printed and one.value not in shown
            ]
            found += len(shown)
    assert found > 250


def test_whatever_the_page_links_to_stands_beside_it(whole: Made) -> None:
    page = (whole.out / "index.html").read_text(encoding="utf-8")
    targets = set(re.findall(r'href="(?!#|https://|\.\./)([^"]+)"', page))
    assert {"report.pdf", "report.docx", "tables.xlsx", "tables.docx", "tables/studies.csv"} <= targets
    assert [target for target in targets if not (whole.out / target).is_file()] == []


def test_csv_files_hold_numbers_as_stored(whole: Made) -> None:
    document = read_document(whole.paper)
    tables = {table.name: table for table in document.tables}
    assert {path.stem for path in (whole.out / "tables").iterdir()} == set(tables)
    rows = list(csv.DictReader(lines(whole.out / "tables" / "studies.csv")))
    stored = list(csv.DictReader(lines(whole.folder.results / "tables" / "studies.csv")))
    assert [float(row["Estimate"]) for row in rows] == [float(row["effect"]) for row in stored]
    assert {"95% CI, lower", "95% CI, upper"} <= set(rows[0])


@pytest.mark.parametrize(
    ("shown", "value", "form"),
    [
        (".28", 0.2812, ".00"),
        ("\u2212.15", -0.1523, ".00"),
        ("1,067", 1067.0, "#,##0"),
        ("61.4%", 61.4321, '0.0"%"'),
        ("61%", 0.6143, "0%"),
        ("< .001", 0.0004, '"< .001"'),
        (".29", 0.2812, '".29"'),
    ],
)
def test_a_format_shows_what_the_page_shows(shown: str, value: float, form: str) -> None:
    assert number_format(shown, value).split(";")[0] == form
    assert shown_by(number_format(shown, value), value) == shown


def test_names_of_sheets_are_short_and_differ() -> None:
    tables = [Table(f"table-{'x' * 60}[*]", number, (), (), (), ()) for number in range(1, 4)]
    names = sheet_names(tables)
    assert len(set(names)) == len(names)
    assert all(len(name) <= 31 and not re.search(r"[\[\]:*?/\\]", name) for name in names)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\uff1d"])
def test_text_that_a_spreadsheet_would_run_is_guarded(start: str) -> None:
    assert guarded(f"{start}1+1") == f"'{start}1+1"
    assert guarded("a=1") == "a=1"


# --- A stranger's text ----------------------------------------------------------------------------


def test_a_hostile_name_is_text_in_every_format(hostile: tuple[str, Made]) -> None:
    name, files = hostile
    wanted = squeezed(name)
    assert wanted in squeezed(word_text(files.bytes("report.docx")))
    assert wanted in squeezed(word_text(files.bytes("tables.docx")))
    pdf = squeezed(pdf_text(files.out / "report.pdf"))
    if name.isascii():
        assert wanted in pdf
    else:
        # Letters that run from right to left come out word by word.
        assert [word for word in name.split() if squeezed(word) not in pdf] == []
    rows = list(csv.reader(lines(files.out / "tables" / "studies.csv")))
    assert rows[1][0] == (f"'{name}" if name.startswith(("=", "@")) else name)
    book = load_workbook(files.out / "tables.xlsx")
    sheet = next(book[title] for title in book.sheetnames if title.endswith(" studies"))
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == name] == ["s"]
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_word_holds_no_code_and_only_links_to_works(hostile: tuple[str, Made]) -> None:
    _, files = hostile
    folder = files.out / "unpacked"
    shutil.unpack_archive(files.out / "report.docx", folder, "zip")
    for path in folder.rglob("*.xml"):
        defusedxml.ElementTree.parse(path)
    assert not list(folder.rglob("*vba*"))
    targets = re.findall(
        r'Target="([^"]+)" TargetMode="External"', (folder / "word/_rels/document.xml.rels").read_text()
    )
    assert all(target.startswith("https://doi.org/") for target in targets)


def test_letters_without_a_font_are_named_and_the_page_says_so(whole: Made, tmp_path: Path) -> None:
    document = Document("\u4e2d a", (), (), (Paragraph(("\u4e2d\u6587 and a",)),))
    data = pdf_data(document, {}, ["\u4e2d", "\u6587"])
    assert data["title"] == "\u2039U+4E2D\u203a a"
    assert data["sheets"][0]["blocks"][0]["body"] == ["\u2039U+4E2D\u203a\u2039U+6587\u203a and a"]
    template = ROOT / "reports" / "templates" / "document.typ"
    (tmp_path / "report.pdf").write_bytes(render_document.make_pdf(document, {}, template, None))
    text = pdf_text(tmp_path / "report.pdf")
    assert "\u4e2d" in text or ("\u2039U+4E2D\u203a" in text and "No font at hand" in text)


# --- The same bytes, and on the sheet -------------------------------------------------------------


def test_the_same_page_gives_the_same_bytes(whole: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert render_document.main(arguments(whole.folder, tmp_path / "again")) == 0
    for path in sorted((tmp_path / "again").rglob("*")):
        if path.is_file():
            assert path.read_bytes() == whole.bytes(str(path.relative_to(tmp_path / "again"))), path.name


def test_the_pdf_is_tagged_for_readers_who_hear_it(whole: Made) -> None:
    assert b"pdfuaid" in whole.bytes("report.pdf")
    done = subprocess.run(["pdfinfo", str(whole.out / "report.pdf")], capture_output=True, text=True, check=True)
    assert re.search(r"Title:\s+Positive regard and outcome", done.stdout)
    assert re.search(r"Tagged:\s+yes", done.stdout)


def boxes(pdf: Path) -> list[tuple[float, float, list[tuple[float, ...]]]]:
    """Width and height of each page, and the boxes of its words."""
    text = pdf_text(pdf, "-bbox")
    pages = re.split(r"<page ", text)[1:]
    found = []
    for page in pages:
        size = re.match(r'width="([\d.]+)" height="([\d.]+)"', page)
        assert size is not None
        words = re.findall(r'xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)"', page)
        found.append((float(size[1]), float(size[2]), [tuple(map(float, word)) for word in words]))
    return found


def overlaps(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two words share more than the edges of their letters."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1.0 and down > 0.5 * min(one[3] - one[1], other[3] - other[1])


def wide_table(rows: int) -> Table:
    heads = ("Study", *(f"Head of {number}" for number in range(12)), "What to know")
    cells = ("Conte, Ratto, Clutz, & Karasu (1995)", *("[\u221212.34,\u00a056.78]",) * 12, "It is so. " * 12)
    return Table(
        id="table-wide",
        number=1,
        title=("A wide table",),
        note=("So it is.",),
        heads=tuple(Cell((head,), numeric=0 < at < 13) for at, head in enumerate(heads)),
        rows=tuple(
            tuple(
                Cell((cell,), numeric=0 < at < 13, sources=("a",) if 0 < at < 13 else ())
                for at, cell in enumerate(cells)
            )
            for _ in range(rows)
        ),
    )


def set_document(document: Document, path: Path) -> Path:
    template = ROOT / "reports" / "templates" / "document.typ"
    path.write_bytes(render_document.make_pdf(document, {}, template, None))
    return path


def test_a_wide_table_is_neither_clipped_nor_overprinted(tmp_path: Path) -> None:
    pdf = set_document(Document("Wide", (), (), (Heading(2, ("One",), "one"), wide_table(30))), tmp_path / "wide.pdf")
    for width, height, words in boxes(pdf):
        assert all(word[0] > 10 and word[2] < width - 10 and word[1] > 10 and word[3] < height - 10 for word in words)
        assert not [(a, b) for at, a in enumerate(words) for b in words[:at] if overlaps(a, b)]


def test_the_tables_of_a_report_are_neither_clipped_nor_overprinted(whole: Made) -> None:
    for width, height, words in boxes(whole.out / "report.pdf"):
        assert all(word[0] > 10 and word[2] < width - 10 and word[1] > 10 and word[3] < height - 10 for word in words)
        assert not [(a, b) for at, a in enumerate(words) for b in words[:at] if overlaps(a, b)]


def long_table() -> Table:
    heads = (Cell(("Study",)), Cell(("Estimate",), numeric=True))
    rows = tuple((Cell((f"Study {at}",)), Cell((f".{at:03}",), numeric=True)) for at in range(120))
    return Table("table-long", 1, ("Long",), (), heads, rows)


def test_the_head_of_a_long_table_is_on_each_of_its_pages(tmp_path: Path) -> None:
    document = Document("Long", (), (), (long_table(),))
    pages = pdf_text(set_document(document, tmp_path / "long.pdf")).split("\f")[:-1]
    assert len(pages) > 1
    assert all("Study Estimate" in " ".join(page.split()) for page in pages)
    xml = word_xml(write_word(document, {}, {}, STYLES, timestamp=315_532_800))
    assert xml.count("<w:tblHeader") == 1
    assert xml.count("<w:cantSplit/>") == xml.count("<w:tr>") == 121


def word_xml(docx: bytes) -> str:
    from io import BytesIO
    from zipfile import ZipFile

    with ZipFile(BytesIO(docx)) as archive:
        return archive.read("word/document.xml").decode("utf-8")


def test_a_wide_table_turns_its_sheet_and_takes_its_heading_along() -> None:
    blocks = (Paragraph(("a",)), Heading(2, ("One",), "one"), Paragraph(("b",)), wide_table(30), Heading(2, ("Two",)))
    assert lay_out_table(wide_table(30)).landscape
    sheets = into_sheets(blocks)
    assert [sheet.landscape for sheet in sheets] == [False, True, False]
    assert [len(sheet.blocks) for sheet in sheets] == [1, 3, 1]
    xml = word_xml(write_word(Document("Wide", (), (), blocks), {}, {}, STYLES, timestamp=315_532_800))
    assert xml.count("<w:sectPr>") == 3
    assert xml.count('w:orient="landscape"') == 1


def test_numbers_of_a_column_are_never_broken() -> None:
    layout = lay_out_table(wide_table(3))
    assert len(set(layout.widths[1:13])) == 1
    assert layout.widths[1] > 12 * 0.5 * layout.size


def test_a_tall_drawing_is_cut_between_its_lines() -> None:
    layout = lay_out_figure(svg(100))
    assert len(layout.parts) == 2
    assert layout.parts[0].bottom == layout.parts[1].top
    assert (layout.parts[0].bottom - 20) % 15 == pytest.approx(7.5 - 3)
    assert all((part.bottom - part.top) * layout.scale < TEXT_HEIGHT for part in layout.parts)
    assert len(lay_out_figure(svg(20)).parts) == 1


def test_drawings_are_vectors_in_word_with_pixels_beside_them_and_words_for_them(whole: Made) -> None:
    xml = word_xml(whole.bytes("report.docx"))
    # The second is cut in two.
    assert xml.count("<asvg:svgBlip ") == xml.count("<pic:pic>") == 3
    assert xml.count("<a:srcRect ") == 2
    assert all(alt for alt in re.findall(r'<wp:docPr [^>]*descr="([^"]*)"', xml))
    assert [part for part in word_paragraphs(whole.bytes("report.docx")) if part.startswith("Figure ")] == [
        "Figure 1",
        "Figure 2",
        "Figure 2 (continued)",
    ]


def test_what_must_be_read_first_stands_first(whole: Made) -> None:
    assert word_paragraphs(whole.bytes("report.docx"))[0].startswith("These data are simulated.")
    assert "These data are simulated." in pdf_text(whole.out / "report.pdf")[:200]


def test_what_needs_a_screen_is_left_out_and_links_lead_somewhere() -> None:
    page = (
        '<main><h1>T</h1><section><h2 id="a">A</h2><p>See <a href="#b">b</a>, <a href="#a">a</a> and '
        '<a href="javascript:alert(1)">c</a>.</p><p class="screen files"><a href="x.csv">CSV</a></p></section></main>'
    )
    blocks = read_document(page).blocks
    assert blocks == (
        Heading(2, ("A",), "a"),
        Paragraph(("See ", "b", ", ", Run("link", ("a",), "#a"), " and ", "c", ".")),
    )


def test_a_problem_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    nothing = ["--paper", str(tmp_path / "no.html"), "--tables", str(tmp_path), "--figures", str(tmp_path)]
    assert render_document.main([*nothing, "--out", str(out)]) == 1
    assert "no.html" in capsys.readouterr().err
    assert not out.exists()
