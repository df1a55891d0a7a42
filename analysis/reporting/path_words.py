"""Words for the variables and ways of a path model."""

from collections.abc import Mapping, Sequence

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


def per_cent(text: str) -> str:
    """Set per cent as the pages do, without a space."""
    return text.replace(" %", "%")


def choice_words(choice: str, words: Mapping[str, str], choices: Mapping[str, str]) -> str:
    """Word a choice of the sensitivity: by its name, or what it says, the pair of variables before the colon."""
    if choice in choices:
        return choices[choice]
    pair, colon, reading = choice.partition(": ")
    return per_cent(f"{pair_words(pair.split(' - '), words)}{colon}{reading}" if colon else sentence_case(choice))


def pair_words(pair: Sequence[str], words: Mapping[str, str]) -> str:
    """Word a pair of variables."""
    return " \u2013 ".join(words.get(name, name) for name in pair)


def with_article(words: str) -> str:
    """Return words as they stand within a sentence."""
    return f"the {words}" if words == "alliance" else words
