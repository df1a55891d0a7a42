"""Words for the variables and ways of a path model."""

from collections.abc import Mapping

from analysis.rows import CorrelationPathRow, PathRow

ARROW = " \u2192 "


def group_words(group: str) -> str:
    """Word what one of several mediations starts from."""
    return f"attachment {group}"


def variable_words(row: PathRow) -> dict[str, str]:
    """Return words for every variable of a row."""
    if isinstance(row, CorrelationPathRow):
        return dict(row.constructs)
    return {**{one: group_words(one) for one in row.dimensions}, "alliance": "alliance", "outcome": "outcome"}


def way_words(effect: str, words: Mapping[str, str]) -> str:
    """Word a way `a -> b -> c`; of a total effect, `a => c`, its two ends."""
    joiner = " => " if " => " in effect else " -> "
    return ARROW.join(words.get(name, name) for name in effect.split(joiner))


def sentence_case(words: str) -> str:
    """Return words as a heading begins."""
    return words[:1].upper() + words[1:]
