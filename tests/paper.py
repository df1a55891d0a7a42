"""What a report says, by its formats: the page for paper, PDF, Word; and the numbers in it, for comparison."""

import csv
import re
import subprocess
from collections import Counter
from collections.abc import Container, Iterable
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import defusedxml.ElementTree

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
NUMBER = re.compile(r"[\u2212-]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)%?")
# Breaks of lines and of long words are no letters.
INVISIBLE = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LINK = re.compile(r"https://\S+")
INLINE = ("a", "i", "em", "b", "strong", "span", "sub", "sup", "code", "bdi")
VOID = ("meta", "img", "br", "link", "input", "hr")


class Page(HTMLParser):
    """Visible text of a page for paper, and the text of everything in it that says where it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.sourced: list[tuple[str, str]] = []
        self.heads: list[str] = []
        self._open: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in VOID:
            self.parts.append(" ")
            return
        screen = "screen" in (known.get("class") or "").split()
        self._open.append((f"{tag}.screen" if screen else tag, known.get("data-source")))
        if known.get("data-source"):
            self.sourced.append((str(known["data-source"]), ""))
        self.parts.append("" if tag in INLINE else " ")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._open.pop()
            self.parts.append("" if tag in INLINE else " ")

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._open]
        if {"style", "title", "script"} & set(tags) or any(tag.endswith(".screen") for tag in tags):
            return
        self.parts.append(data)
        if any(source for _, source in self._open):
            source, text = self.sourced[-1]
            self.sourced[-1] = (source, text + data)
        if "thead" in tags:
            self.heads.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())


def read_page(text: str) -> Page:
    page = Page()
    page.feed(text)
    return page


def word_text(docx: bytes) -> str:
    """The text of a Word file, a line for each paragraph."""
    return "\n".join(word_paragraphs(docx))


def word_paragraphs(docx: bytes) -> list[str]:
    with ZipFile(BytesIO(docx)) as archive:
        body = defusedxml.ElementTree.fromstring(archive.read("word/document.xml"))
    return ["".join(run.text or "" for run in part.iter(f"{WORD}t")) for part in body.iter(f"{WORD}p")]


def pdf_text(pdf: Path, *options: str) -> str:
    """The text of a PDF file, in the order of its content."""
    done = subprocess.run(["pdftotext", *(options or ("-raw",)), str(pdf), "-"], capture_output=True, check=True)
    return INVISIBLE.sub("", done.stdout.decode("utf-8"))


def numbers(text: str) -> Counter[str]:
    """Every number of a text as it is printed, and how often; digits of addresses are none."""
    return Counter(NUMBER.findall(LINK.sub(" ", INVISIBLE.sub("", text).replace("\u00a0", " "))))


def before_references(text: str) -> str:
    """A text without its list of references, which is the last that has this heading."""
    return text[: text.rindex("References")]


def stored_values(results: Path, sources: Iterable[str]) -> dict[str, str]:
    """What the files of results hold at `table.csv:line:column`, seen from their folder of tables."""
    files: dict[str, list[dict[str, str]]] = {}
    values = {}
    for source in sources:
        name, line, column = source.split(":", 2)
        if name not in files:
            text = (results / "tables" / name).read_text(encoding="utf-8")
            files[name] = list(csv.DictReader(text.splitlines()))
        values[source] = files[name][int(line) - 2][column]
    return values


def wrong_numbers(page: Page, results: Path) -> list[tuple[str, str, str]]:
    """Where the page prints another number than the file it names: place, print, and what is stored."""
    sources = [source for places, _ in page.sourced for source in places.split()]
    values = stored_values(results, sources)
    return [
        (source, text, values[source])
        for places, text in page.sourced
        for source, shown in _paired(places.split(), text)
        if not is_rounding_of(shown, values[source])
    ]


def _paired(places: list[str], text: str) -> Iterable[tuple[str, str]]:
    return zip(places, text.strip("[]").split(", ") if len(places) > 1 else [text], strict=True)


def is_rounding_of(shown: str, value: str) -> bool:
    """Whether a printed number is a stored one, rounded to as many decimals as are printed."""
    if not re.fullmatch(r"[+-]?[\d.]+(?:e[+-]?\d+)?", value):
        return shown.strip() == value or not re.search(r"\d", value)
    bare = shown.replace("\u2212", "-").replace(",", "").strip()
    match = re.search(r"([<>]?)\s*(-?(?:\d+(?:\.(\d+))?|\.(\d+)))(%?)$", bare)
    if match is None:
        return False
    unit = 10.0 ** -len(match[3] or match[4] or "")
    for factor in (1.0, 100.0) if match[5] else (1.0,):
        number, printed = float(value) * factor, float(match[2])
        if (match[1] == "<" and number < printed) or (match[1] == ">" and number > printed):
            return True
        if not match[1] and abs(number - printed) <= 0.5 * unit * (1 + 1e-9):
            return True
    return False


def missing_and_added(
    said: Counter[str], printed: Counter[str], allowed: Container[str]
) -> tuple[list[str], list[str]]:
    """Numbers that a format lost, and numbers that it has besides those of the page and those allowed."""
    lost, added = said - printed, printed - said
    return sorted(lost), sorted(one for one in added if one not in allowed)
