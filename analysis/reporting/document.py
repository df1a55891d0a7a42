"""What a page holds, free of its medium: headings, sentences, lists, tables and figures, as PDF and Word both take it.

Text is a tuple of *runs*: a plain string, or a `Run` of further runs in a style. Nothing here is markup of a format.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

type Style = Literal["em", "strong", "code", "sub", "sup", "link", "break"]
type Text = tuple[str | Run, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Text in a style; `target` is where a link leads: an address, or `#` and the id of a block."""

    style: Style
    body: Text = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 2 to 4."""

    level: int
    body: Text
    id: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    body: Text


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list; where the list holds definitions, the term before it."""

    body: tuple["Block", ...]
    term: Text = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with bullets, of definitions, or of references."""

    kind: Literal["bullets", "definitions", "references"]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `sources` say where its numbers stand, `table.csv:line:column` of the folder of results."""

    body: Text
    numeric: bool = False
    heads: bool = False
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A numbered table: heads of columns, rows, and a note below."""

    id: str
    number: int
    title: Text
    note: Text
    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def name(self) -> str:
        """Name of the table in `templates/tables.yaml`."""
        return self.id.removeprefix("table-")


@dataclass(frozen=True, slots=True)
class Figure:
    """A numbered figure: the name of its file, and what it shows in words."""

    number: int
    file: str
    alt: str
    title: Text
    note: Text


type Block = Heading | Paragraph | Listing | Table | Figure


@dataclass(frozen=True, slots=True)
class Document:
    """A whole page. `banner` is what must be read first, such as that the data are simulated; `lead` the question."""

    title: str
    banner: Text
    lead: Text
    blocks: tuple[Block, ...] = field(default=())

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table in order."""
        return tuple(block for block in self.blocks if isinstance(block, Table))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure in order."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))


def plain(text: Text) -> str:
    """Return the letters of a text without their styles."""
    return "".join(run if isinstance(run, str) else " " if run.style == "break" else plain(run.body) for run in text)


def ids(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield every id that a link can lead to."""
    for block in blocks:
        if isinstance(block, Heading | Table):
            yield block.id
        if isinstance(block, Listing):
            for item in block.items:
                yield item.id
                yield from ids(item.body)
