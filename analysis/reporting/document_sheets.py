"""Which blocks stand on sheets turned by a quarter: wide tables, with their heading, and what fits below them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analysis.reporting.document import Block, Heading, Paragraph, Table, plain
from analysis.reporting.document_layout import TEXT_WIDTH, lay_out_table, table_height, text_height

# Paragraphs that may stand between a heading and the wide table that takes it along.
OPENING: Final = 3
# Height of a heading with its space.
HEADING: Final = 40.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """Blocks on sheets that stand upright, or are turned by a quarter."""

    landscape: bool
    blocks: tuple[Block, ...]


def into_sheets(blocks: Sequence[Block]) -> list[Sheet]:
    """Part blocks by how their sheets stand."""
    parts: list[tuple[bool, list[Block]]] = [(False, [])]
    # What is left of a turned sheet.
    room = 0.0
    for block in blocks:
        turned, kept = parts[-1]
        height = _height(block)
        if isinstance(block, Table) and lay_out_table(block).landscape:
            opening = [] if turned else _opening(kept)
            if not turned:
                parts.append((True, opening))
            room = TEXT_WIDTH if not turned or height > room else room
            room -= height + sum(map(_height, opening))
            parts[-1][1].append(block)
        elif turned and height <= room:
            room -= height
            kept.append(block)
        elif turned:
            parts.append((False, [*_opening(kept), block]))
        else:
            kept.append(block)
    return [Sheet(landscape, tuple(kept)) for landscape, kept in parts if kept]


def _height(block: Block) -> float:
    """Return about how high a block is; what never goes below a wide table is as high as can be."""
    if isinstance(block, Heading):
        return HEADING
    if isinstance(block, Paragraph):
        return text_height(plain(block.body), landscape=True)
    return table_height(block) if isinstance(block, Table) else float("inf")


def _opening(before: list[Block]) -> list[Block]:
    """Take the heading away from the end of these blocks, with the few paragraphs after it."""
    start = len(before)
    while start and isinstance(before[start - 1], Paragraph) and len(before) - start < OPENING:
        start -= 1
    end = start
    while start and isinstance(before[start - 1], Heading):
        start -= 1
    if start == end:
        return []
    taken = before[start:]
    del before[start:]
    return taken
