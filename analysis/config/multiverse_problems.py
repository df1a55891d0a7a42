"""What can be wrong with the multiverse of an analysis, besides its shape."""

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Any, Final

from analysis.config.explained import did_you_mean
from analysis.config.shelf import Columns
from analysis.config.source import Choices
from analysis.errors import ConfigError, Problem
from analysis.fragility.aggregation import aggregation_rho
from analysis.vocabulary import FIXED_METHODS, MEASURE_INPUTS, METHODS, OUTLIER_WORDS, SCALED_TESTS, TESTS, VTYPES

KEYS: Final = ("method", "test", "measure", "vtype", "outliers", "aggregate", "subsets", "draws")
# GENQ needs weights, which effect sets of different makes do not share.
MULTIVERSE_METHODS: Final = tuple(method for method in METHODS if method != "GENQ")
# A joint test of more specifications than this takes minutes, and nobody reads them.
MAX_SPECIFICATIONS: Final = 20_000
_WORDS: Final[dict[str, tuple[str, Sequence[str]]]] = {
    "method": ("a method of a multiverse", MULTIVERSE_METHODS),
    "test": ("a test", TESTS),
    "measure": ("a measure", tuple(MEASURE_INPUTS)),
    "outliers": ("a rule for outliers", OUTLIER_WORDS),
}


def aggregate_words(options: Iterable[Any]) -> tuple[str, ...]:
    """Return the options of aggregation as words: 0.60 is 0.6."""
    return tuple(f"{one:g}" if isinstance(one, int | float) else str(one) for one in options)


def problems_of_multiverse(
    where: str, own: Choices, defaults: Choices, analysis: Choices, columns: Columns | None
) -> Iterator[Problem]:
    """Yield every problem of a multiverse.

    Parameters
    ----------
    own, defaults : what the analysis says, and what it leaves out.
    analysis : its row.
    columns : those of its dataset; None where they are not known.
    """
    row = {**defaults, **own}
    missing = [key for key in KEYS if key not in row]
    for key in missing:
        yield Problem(f"{where}.{key}", "it is not there.", "Add it here or to multiverse_defaults.")
    if missing:
        return
    found = [*_problems_of_words(where, row), *_problems_of_vtype(where, row, given="vtype" in own)]
    found += _problems_of_aggregate(where, row)
    yield from found
    if not found:
        yield from _problems_of_combinations(where, row, analysis)
    if columns is not None:
        yield from _problems_of_inputs(where, row, columns)
        yield from _problems_of_subsets(where, row, analysis, columns)


def _problems_of_words(where: str, row: Choices) -> Iterator[Problem]:
    for key, (what, known) in _WORDS.items():
        for word in (word for word in row[key] if word not in known):
            yield Problem(f"{where}.{key}", f'"{word}" is not {what}.', did_you_mean(word, known))


def _problems_of_vtype(where: str, row: Choices, *, given: bool) -> Iterator[Problem]:
    """Yield variances that no measure has, where the analysis itself names them, and measures that have none."""
    known = tuple(dict.fromkeys(word for measure in row["measure"] for word in VTYPES.get(measure, ())))
    for word in (word for word in row["vtype"] if given and known and word not in known):
        what = f'"{word}" is no variance of {", ".join(row["measure"])}.'
        yield Problem(f"{where}.vtype", what, did_you_mean(word, known))
    for measure in row["measure"]:
        if measure in VTYPES and not set(VTYPES[measure]) & set(row["vtype"]):
            what = f"{measure} has none of these variances."
            yield Problem(f"{where}.vtype", what, f"Add one of {', '.join(VTYPES[measure])}.")


def _problems_of_aggregate(where: str, row: Choices) -> Iterator[Problem]:
    words = aggregate_words(row["aggregate"])
    for word in words:
        try:
            aggregation_rho(word)
        except ConfigError as error:
            yield Problem(f"{where}.aggregate", str(error), "")
    if len(set(words)) < len(words):
        yield Problem(f"{where}.aggregate", "an option stands here twice.", "Keep one of them.")


def _problems_of_combinations(where: str, row: Choices, analysis: Choices) -> Iterator[Problem]:
    if analysis["measure"] in MEASURE_INPUTS and analysis["measure"] not in row["measure"]:
        what = f"the measure of the analysis, {analysis['measure']}, is not among these."
        yield Problem(f"{where}.measure", what, "Add it: the multiverse is asked how far it is from the headline.")
    if set(row["method"]) <= set(FIXED_METHODS) and set(row["test"]) <= set(SCALED_TESTS):
        what = f"{', '.join(row['method'])} deny the variance between studies that these tests take up."
        yield Problem(f"{where}.test", what, "Add z, or a random-effects method.")
    if row["subsets"].get("all") != {}:
        yield Problem(f"{where}.subsets", "the subset all has to be there and to keep every row.", "Write all: {}.")
    variances = sum(len(set(VTYPES[measure]) & set(row["vtype"])) for measure in row["measure"])
    count = prod(len(row[key]) for key in ("method", "test", "outliers", "aggregate", "subsets")) * variances
    if count > MAX_SPECIFICATIONS:
        what = f"these are {count} specifications; at most {MAX_SPECIFICATIONS} are fitted."
        yield Problem(where, what, "Leave out options that nobody would defend.")


def _problems_of_inputs(where: str, row: Choices, columns: Columns) -> Iterator[Problem]:
    for measure in (measure for measure in row["measure"] if measure in MEASURE_INPUTS):
        if not any(set(names) <= set(columns) for names in MEASURE_INPUTS[measure]):
            needed = " or ".join(", ".join(names) for names in MEASURE_INPUTS[measure])
            what = f"the dataset lacks the columns {measure} is computed from."
            yield Problem(f"{where}.measure", what, f"It needs {needed}.")


def _problems_of_subsets(where: str, row: Choices, analysis: Choices, columns: Columns) -> Iterator[Problem]:
    for name, rule in row["subsets"].items():
        for column, wanted in rule.items():
            place, values = f"{where}.subsets.{name}.{column}", wanted if isinstance(wanted, list) else [wanted]
            if column not in columns:
                what = f'"{column}" is not a column of {analysis["dataset"]}.'
                yield Problem(place, what, did_you_mean(column, columns))
                continue
            declared = columns[column]
            levels = declared.get("levels") if isinstance(declared, dict) else None
            for value in (value for value in values if levels and value not in levels):
                yield Problem(place, f'"{value}" is not a level of this column.', did_you_mean(value, levels or ()))
