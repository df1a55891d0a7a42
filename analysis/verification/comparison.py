"""The page as it stands beside the page as it comes out again: a verdict on every number, and every change of words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Final

from analysis.reporting.display import FIRST_LINE, Value
from analysis.reproduction.ledger import name_rows
from analysis.verification.page_content import DRAWING, NUMBER, Piece

AGREES: Final = "agrees"
DIFFERS: Final = "differs"
NOT_RECOMPUTED: Final = "not recomputed"
MISSING: Final = "missing"
ADDED: Final = "added"
# How much of a long text is shown on either side of where two texts part.
CONTEXT: Final = 24

type Tables = Mapping[str, Sequence[Mapping[str, Value]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberVerdict:
    """One number: `page` is what the page shows, `data` what comes out again (None where there is no such number).

    `table, line, column` say where it stands (several columns make an interval); `model` is its model row, `rows` the
    lines of the dataset behind it; `why` says what a verdict other than `agrees` rests on.
    """

    verdict: str
    page: str | None
    data: str | None
    place: str
    table: str
    line: int | None
    column: str
    model: str | None
    rows: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Words, or a drawing, that are not those that come out again; `number` says that a number was typed into them."""

    page: str
    data: str
    place: str
    drawing: bool
    number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What stands behind the numbers of a page.

    `tables` by name; `lines` of the dataset by model; `stored_models` and `stored_tables` say why numbers are not
    recomputed, except those of `recomputed_tables`.
    """

    tables: Tables
    headline: str
    lines: Mapping[str, Sequence[int]]
    stored_models: Mapping[str, str]
    stored_tables: Mapping[str, str] = field(default_factory=dict)
    recomputed_tables: frozenset[str] = frozenset()


def compare_pages(
    page: Sequence[Piece], expected: Sequence[Piece], behind: Behind
) -> tuple[list[NumberVerdict], list[Wording]]:
    """Compare two pages piece by piece.

    Parameters
    ----------
    page, expected : pieces of the page as it stands, and as rendered from what was recomputed.
    behind : tables and models behind the numbers.

    Returns
    -------
    A verdict on every number of either page, in the order of the page, and every other change.
    """
    pairs, loose_page, loose_expected = _align(page, expected)
    verdicts = [(index, _judge(piece, other, behind)) for index, piece, other in pairs if piece.kind == NUMBER]
    numbers, words = _pair_loose(loose_page, loose_expected)
    verdicts += [(index, _judge(piece, other, behind)) for index, piece, other in numbers]
    wordings = list(_reword(words))
    return [verdict for _, verdict in sorted(verdicts, key=lambda each: each[0])], wordings


type Placed = tuple[int, Piece]
type Pair = tuple[int, Piece, Piece]
type Stretches = list[list[Placed]]
type LoosePair = tuple[int, Piece | None, Piece | None]


def _align(
    page: Sequence[Piece], expected: Sequence[Piece]
) -> tuple[list[Pair], list[list[Placed]], list[list[Placed]]]:
    """Pair what stands in both pages; what is left comes in stretches, those of one page beside those of the other."""
    ours, theirs = [piece.token for piece in page], [piece.token for piece in expected]
    start = _common(ours, theirs)
    end = _common(ours[start:][::-1], theirs[start:][::-1])
    pairs = [(i, page[i], expected[i]) for i in range(start)]
    loose_page: Stretches = []
    loose_expected: Stretches = []
    middle = slice(start, len(ours) - end), slice(start, len(theirs) - end)
    for tag, a, b, c, d in SequenceMatcher(None, ours[middle[0]], theirs[middle[1]]).get_opcodes():
        a, b, c, d = a + start, b + start, c + start, d + start
        if tag == "equal":
            pairs += [(i, page[i], expected[j]) for i, j in zip(range(a, b), range(c, d), strict=True)]
        else:
            loose_page.append([(i, page[i]) for i in range(a, b)])
            loose_expected.append([(a, expected[j]) for j in range(c, d)])
    pairs += [(len(ours) - n, page[len(ours) - n], expected[len(theirs) - n]) for n in range(end, 0, -1)]
    return pairs, loose_page, loose_expected


def _common(a: Sequence[object], b: Sequence[object]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _pair_loose(
    loose_page: Sequence[Sequence[Placed]], loose_expected: Sequence[Sequence[Placed]]
) -> tuple[list[LoosePair], list[LoosePair]]:
    """Pair left-over numbers by their sources wherever they stand; left-over words within their stretch, in order."""
    waiting: dict[tuple[str, ...], list[Placed]] = {}
    for stretch in loose_expected:
        for placed in stretch:
            if placed[1].kind == NUMBER:
                waiting.setdefault(placed[1].sources, []).append(placed)
    numbers: list[LoosePair] = []
    words: list[LoosePair] = []
    for ours, theirs in zip(loose_page, loose_expected, strict=True):
        for index, piece in ours:
            if piece.kind == NUMBER:
                found = waiting.get(piece.sources)
                numbers.append((index, piece, found.pop(0)[1] if found else None))
        words += _zip_words(ours, theirs)
    numbers += [(index, None, piece) for left in waiting.values() for index, piece in left]
    return numbers, words


def _zip_words(ours: Sequence[Placed], theirs: Sequence[Placed]) -> Iterator[LoosePair]:
    a = [placed for placed in ours if placed[1].kind != NUMBER]
    b = [placed for placed in theirs if placed[1].kind != NUMBER]
    if not a or not b:
        # Something whole is missing or added: it is told once, and by its numbers where it has no other words.
        seen = [placed for placed in (*a, *b) if placed[1].seen]
        if seen or (a or b) == [*ours, *theirs]:
            index, whole = _joined(seen or [*a, *b])
            yield (index, whole, None) if a else (index, None, whole)
        return
    for i in range(max(len(a), len(b))):
        index = a[i][0] if i < len(a) else b[i][0]
        yield index, a[i][1] if i < len(a) else None, b[i][1] if i < len(b) else None


def _joined(placed: Sequence[Placed]) -> Placed:
    index, first = placed[0]
    return index, replace(first, text=", ".join(piece.text for _, piece in placed if piece.kind != DRAWING))


def _judge(piece: Piece | None, other: Piece | None, behind: Behind) -> NumberVerdict:
    either = piece or other
    assert either is not None
    table, line, columns = _split(either.sources)
    record = _record(table, line, behind)
    model = _model(table, record, behind)
    found = NumberVerdict(
        verdict=AGREES,
        page=piece.text if piece else None,
        data=other.text if other else None,
        place=either.place,
        table=table,
        line=line,
        column=", ".join(columns),
        model=model,
        rows=_rows(table, record, model, behind),
    )
    if piece is None:
        return replace(found, verdict=MISSING, why="the page should show it and does not")
    if other is None:
        return replace(found, verdict=ADDED, why="this number should not stand here")
    stored = _stored(table, model, behind)
    if piece.text != other.text:
        return replace(found, verdict=DIFFERS, why=stored)
    return replace(found, verdict=NOT_RECOMPUTED, why=stored) if stored else found


def _split(sources: Sequence[str]) -> tuple[str, int | None, list[str]]:
    """Take `table.csv:line:column` apart; a column's name may hold colons, the name of a table may not."""
    parts = [source.split(":", 2) for source in sources]
    if not parts or any(len(part) != 3 or not part[1].isdigit() for part in parts):
        return "", None, list(sources)
    return parts[0][0].removesuffix(".csv"), int(parts[0][1]), [part[2] for part in parts]


def _record(table: str, line: int | None, behind: Behind) -> Mapping[str, Value]:
    rows = behind.tables.get(table, ())
    index = -1 if line is None else line - FIRST_LINE
    return rows[index] if 0 <= index < len(rows) else {}


def _model(table: str, record: Mapping[str, Value], behind: Behind) -> str | None:
    if record.get("model") is not None:
        return str(record["model"])
    return behind.headline if table == "studies" else None


def _rows(table: str, record: Mapping[str, Value], model: str | None, behind: Behind) -> str:
    own = record.get("row") if table in ("studies", "pooled_studies", "raw", "excluded") else None
    lines = [int(own)] if isinstance(own, int | float) else behind.lines.get(model or "", ())
    return name_rows(lines) if lines else ""


def _stored(table: str, model: str | None, behind: Behind) -> str:
    if table in behind.recomputed_tables:
        return ""
    return behind.stored_tables.get(table, "") or behind.stored_models.get(model or "", "")


def _reword(words: Sequence[LoosePair]) -> Iterator[Wording]:
    for _, piece, other in words:
        either = piece or other
        assert either is not None
        page, data = piece.text if piece else "", other.text if other else ""
        if either.kind == DRAWING or (other is not None and other.kind == DRAWING):
            yield Wording(page="", data="", place=either.place, drawing=True, number=False)
        elif page != data:
            typed = bool(page) and _numerals(page) != _numerals(data)
            shown = _around(page, data)
            yield Wording(page=shown[0], data=shown[1], place=either.place, drawing=False, number=typed)


def _numerals(text: str) -> list[str]:
    return "".join(mark if mark.isdigit() or mark == "." else " " for mark in text).split()


def _around(page: str, data: str) -> tuple[str, str]:
    """Cut two texts to where they part, with some words before and after."""
    start = _common(page, data)
    end = min(_common(page[::-1], data[::-1]), len(page) - start, len(data) - start)
    low = max(0, start - CONTEXT)
    cut = [text[low : len(text) - end + CONTEXT] if end > CONTEXT else text[low:] for text in (page, data)]
    return f"{'...' if low else ''}{cut[0]}", f"{'...' if low else ''}{cut[1]}"
