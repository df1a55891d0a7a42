"""What a path diagram shows: a caption for those who see it, its numbers for those who do not."""

from collections.abc import Mapping

from analysis.figures.path_diagram import DIGITS
from analysis.figures.records import Record, Records, number, word
from analysis.figures.wording import level_text
from analysis.formatting import format_number


def describe_path_diagram(paths: Records, *, words: Mapping[str, str], title: str) -> dict[str, str]:
    """Return title, caption and alternative text; `words` are those for the variables."""
    level = level_text(number(paths[0], "level"))
    caption = f"Standardised paths with their {level} intervals; the arrows are assumed, not tested."
    if any(path["kind"] == "correlation" for path in paths):
        caption += " A line with two heads is a correlation."
    if any(number(path, "ci_lb") <= 0 <= number(path, "ci_ub") for path in paths):
        caption += " A dashed arrow has an interval that includes zero: nothing is claimed of it."
    alt = f"Path diagram. {' '.join(_sentence(path, words, level) for path in paths)}"
    return {"title": title, "caption": caption, "alt": alt}


def _sentence(path: Record, words: Mapping[str, str], level: str) -> str:
    source, outcome = (words.get(word(path, key), word(path, key)) for key in ("source", "outcome"))
    estimate, lower, upper = (format_number(number(path, key), DIGITS) for key in ("estimate", "ci_lb", "ci_ub"))
    between = f"{source} and {outcome}" if path["kind"] == "correlation" else f"From {source} to {outcome}"
    return f"{between[0].upper()}{between[1:]}: {estimate}, {level} interval [{lower}, {upper}]."
