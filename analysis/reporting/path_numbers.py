"""Cells of the tables of a path model as a reader meets them: rounded, worded, and knowing where they stand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from analysis.formatting import (
    MISSING,
    format_bounded,
    format_count,
    format_df,
    format_number,
    format_p,
    format_percent,
    format_probability,
)
from analysis.reporting.display import FIRST_LINE, Row, Shown, Value
from analysis.reporting.path_words import choice_words, pair_words, per_cent, way_words


def _fine(value: float) -> str:
    return format_number(value, 3)


def _bounded(value: float) -> str:
    return format_bounded(value, 3)


def _share(value: float) -> str:
    return format_percent(100 * value)


# Column -> how it is rounded; of the others two decimals. Indirect effects are products of small numbers.
ROUNDED: Final[dict[str, Callable[[float], str]]] = {
    **dict.fromkeys(("estimate", "se", "sd", "ci_lb", "ci_ub"), _fine),
    **{f"{kind}_{side}": _fine for kind in ("delta", "monte_carlo", "profile") for side in ("lb", "ub")},
    **dict.fromkeys(("rmsea", "rmsea_lb", "rmsea_ub", "srmr", "cfi", "tli"), _bounded),
    **dict.fromkeys(("k", "n", "n_total", "n_studies", "parameters", "row"), format_count),
    **dict.fromkeys(("df", "qe_df", "null_df", "level"), format_df),
    **dict.fromkeys(("pval", "qe_pval"), format_p),
    **dict.fromkeys(("variance_share", "share_pd"), _share),
    "p_positive": format_probability,
}
CORRELATION_TABLES: Final = ("correlations", "inputs")


def show_path_rows(
    table: str, records: Sequence[Mapping[str, Value]], words: Mapping[str, str], choices: Mapping[str, str]
) -> list[Row]:
    """Return every cell of a table ready for sentences and tables, in the order of the records.

    Besides the columns of the file, `way` and `pair` word what a row is about, `from` the variable it starts at, and
    `publication` where a number was printed.
    """
    return [_row(table, record, line, words, choices) for line, record in enumerate(records, start=FIRST_LINE)]


def _row(
    table: str, record: Mapping[str, Value], line: int, words: Mapping[str, str], choices: Mapping[str, str]
) -> Row:
    shown = {name: _cell(table, name, value, line) for name, value in record.items()}
    worded: dict[str, str] = {}
    if "effect" in record:
        worded["way"] = way_words(str(record["effect"]), words)
    if "first" in record:
        worded["pair"] = pair_words([str(record["first"]), str(record["second"])], words)
    if "outcome" in record:
        worded |= {"from": words[str(record["source"])], "outcome": words[str(record["outcome"])]}
    if table == "inputs":
        worded |= {"publication": str(record["source"]), "reading": per_cent(str(record["reading"]))}
    if "choice" in record:
        worded["choice"] = choice_words(str(record["choice"]), words, choices)
    # A table builder takes `source` for where a number is from.
    kept = {name: cell for name, cell in shown.items() if name != "source"}
    return {**kept, **{name: Shown(text, text, text, f"{table}.csv:{line}:{name}") for name, text in worded.items()}}


def _cell(table: str, name: str, value: Value, line: int) -> Shown:
    source = f"{table}.csv:{line}:{name}"
    if value is None:
        return Shown(MISSING, MISSING, None, source)
    if isinstance(value, bool):
        word = "yes" if value else "no"
        return Shown(word, word, word, source)
    if isinstance(value, str):
        return Shown(value, value, value, source)
    rounded = ROUNDED.get(name, format_number)
    if table in CORRELATION_TABLES and name in ("estimate", "ci_lb", "ci_ub"):
        rounded = _bounded
    text = rounded(float(value))
    return Shown(text, text.removeprefix("p = ").removeprefix("p "), value, source)
