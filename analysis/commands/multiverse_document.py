"""What `multiverse` computes of a table: effects of every measure, variance and subset, and the tables made of them."""

from collections.abc import Sequence
from typing import Any, Final

from analysis.datasets.cells import Record
from analysis.errors import ConfigError, Problem, ToolkitError
from analysis.models.multiverse_sets import ChosenEffects, combinations_of
from analysis.models.multiverse_tables import build_multiverse_tables
from analysis.rows import MultiverseRow, ordered_subsets
from analysis.vocabulary import SHARED_SCALES, VTYPES

type Choices = dict[str, Any]

# Key of a multiverse and the option that holds it.
OPTIONS: Final[dict[str, str]] = {
    "measure": "measures",
    "vtype": "vtypes",
    "aggregate": "aggregate",
    "subsets": "subsets",
    "outliers": "outliers",
    "method": "methods",
    "test": "tests",
}


def build_document(choices: Choices, explicit: set[str]) -> dict[str, Any]:
    """Everything that is printed as JSON.

    Raises
    ------
    ToolkitError
        Options that cannot be used, or a table that gives no effect.
    """
    choices = {**choices, "weights": None, **_defaults(choices)}
    measures = choices["measures"]
    _refuse(choices, explicit)
    chosen, notes = _read(choices, explicit)
    row = _row(choices, [one for one in measures if any(found.measure == one for found in chosen)])
    tables = build_multiverse_tables(chosen, row, measure=measures[0], rho=choices["rho"], ratio=choices["ratio"])
    reference = next((one for one in tables["multiverse"] if one["reference"]), None)
    return {
        "measure": measures[0],
        "level": row.level,
        "options": {key: list(getattr(row, key)) for key in OPTIONS},
        "reference": reference,
        "tables": tables,
        "notes": notes,
    }


def _defaults(choices: Choices) -> Choices:
    """Measures, and what is made of several effects of one study, where no option says them."""
    from analysis.commands.multiverse import AGGREGATE, INDEPENDENT
    from analysis.commands.table_options import named_inputs
    from analysis.datasets.foreign import infer_measure

    main = infer_measure(named_inputs(choices)) or "GEN"
    scale = SHARED_SCALES.get(main)
    others = [one for one, shared in SHARED_SCALES.items() if scale is not None and shared == scale and one != main]
    several = AGGREGATE if choices["study"] else INDEPENDENT
    return {
        "measures": choices["measures"] or (main, *others),
        "aggregate": choices["aggregate"] or tuple(several.split(",")),
    }


def _row(choices: Choices, measures: Sequence[str]) -> MultiverseRow:
    words = {key: tuple(choices[OPTIONS[key]]) for key in ("vtype", "outliers", "method", "test")}
    return MultiverseRow(
        name=choices["file"].stem,
        **words,
        measure=tuple(measures),
        aggregate=_aggregate(choices),
        subsets=ordered_subsets(choices["subsets"]),
        draws=choices["draws"],
        level=choices["level"],
        seed=choices["seed"],
    )


def _aggregate(choices: Choices) -> tuple[str, ...]:
    """Options of aggregation; 0.60 is 0.6."""
    from analysis.fragility.aggregation import aggregation_rho

    rhos = [(one, aggregation_rho(one)) for one in choices["aggregate"]]
    return tuple(dict.fromkeys(one if rho is None else f"{rho:g}" for one, rho in rhos))


def _refuse(choices: Choices, explicit: set[str]) -> None:
    """Refuse options as the rows of the configuration are refused."""
    from analysis.config.multiverse_problems import problems_of_multiverse

    row = {key: list(choices[option]) for key, option in OPTIONS.items()}
    row |= {"subsets": choices["subsets"], "draws": choices["draws"]}
    own = {key: value for key, value in row.items() if OPTIONS.get(key) in explicit}
    analysis = {"measure": choices["measures"][0], "dataset": choices["file"].name}
    found = list(problems_of_multiverse("", own, row, analysis, None))
    if found:
        raise ConfigError("\n".join(str(_renamed(problem)) for problem in found))


def _renamed(problem: Problem) -> Problem:
    """The problem, with the option in place of the key."""
    key = problem.where.removeprefix(".").partition(".")[0]
    return Problem(f"--{OPTIONS.get(key, key)}" if key else "multiverse", problem.what, problem.remedy)


def _read(choices: Choices, explicit: set[str]) -> tuple[list[ChosenEffects], list[str]]:
    """Effects by measure, variance and subset, and sentences about rows left out of the main ones.

    A measure that no option names and the table does not give is left out.
    """
    chosen: list[ChosenEffects] = []
    main = choices["measures"][0]
    notes: list[str] | None = None
    absent: set[str] = set()
    for measure, vtype, subset in combinations_of(_row(choices, choices["measures"])):
        if measure in absent:
            continue
        problem = ""
        effects: list[Record] = []
        try:
            effects, said = _effects(choices, measure, vtype, subset)
            notes = said if notes is None else notes
        except ToolkitError as error:
            # What the main measure cannot be computed of is a mistake; of the others it is a sentence.
            first = vtype == _usual(measure, choices["vtypes"])
            if measure == main and first:
                raise
            if "measures" not in explicit and subset == "all" and first:
                absent.add(measure)
                continue
            problem = " ".join(str(error).split())
        one = ChosenEffects(measure=measure, vtype=vtype, subset=subset, effects=effects, problem=problem)
        chosen.append(one)
    return chosen, notes or []


def _usual(measure: str, vtypes: Sequence[str]) -> str:
    """The first of these variances that a measure has."""
    return next((word for word in vtypes if word in VTYPES[measure]), "")


def _effects(choices: Choices, measure: str, vtype: str, subset: str) -> tuple[list[Record], list[str]]:
    """Effects of one choice; a row is its own study where no column says otherwise."""
    from analysis.commands.table_effects import read_effects

    rule = choices["subsets"][subset]
    for column in (column for column in rule if choices["wanted"].get(column, rule[column]) != rule[column]):
        what = f"{subset} wants {column}={rule[column]}, --where {column}={choices['wanted'][column]}."
        raise ConfigError(str(Problem("--subset", what, "No row has both; leave one of them out.")))
    wanted = {**choices["wanted"], **rule}
    effects, said = read_effects(choices["file"], {**choices, "measure": measure, "vtype": vtype, "wanted": wanted})
    if not choices["study"]:
        effects = [{**effect, "study_id": f"row {effect['row']}"} for effect in effects]
    return effects, said
