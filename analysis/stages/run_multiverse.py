"""Fit every specification that an analysis declares: `results/{analysis}/fragility/multiverse*.csv`.

Headers alone where it declares none.
"""

import argparse
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from analysis.datasets import Column
from analysis.datasets.cells import Records
from analysis.datasets.effects import compute_effects
from analysis.errors import ToolkitError
from analysis.files import read_json, read_records, write_records
from analysis.models.multiverse_sets import ChosenEffects, combinations_of
from analysis.models.multiverse_tables import build_multiverse_tables, empty_multiverse_tables
from analysis.rows import AnalysisRow, ModelRow, MultiverseRow, Scalar
from analysis.stages.running import run_stage

type Filter = Mapping[str, Collection[Scalar]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; a problem goes to stderr, and then nothing is written."""
    parser = argparse.ArgumentParser(prog="python -m analysis.stages.run_multiverse", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder validate_data wrote to")
    parser.add_argument("--analysis", required=True, help="row of the analysis, JSON")
    parser.add_argument("--multiverse", default="null", help="row of its multiverse, JSON; null for none")
    parser.add_argument("--headline", required=True, help="row of the model on the first page, JSON")
    parser.add_argument("--out-dir", type=Path, required=True, help="folder of the results to write")
    return run_stage(parser, run, argv)


def run(arguments: argparse.Namespace) -> None:
    """Read, compute, fit, write."""
    analysis, headline = AnalysisRow.from_json(arguments.analysis), ModelRow.from_json(arguments.headline)
    tables = empty_multiverse_tables()
    if arguments.multiverse != "null":
        row = MultiverseRow.from_json(arguments.multiverse)
        tables = build_multiverse_tables(
            choose_effects(arguments.data, analysis, row),
            row,
            measure=analysis.measure,
            headline=headline,
            aggregate_rho=analysis.aggregate_rho,
        )
    for name, records in tables.items():
        write_records(arguments.out_dir / f"{name}.csv", name, records)


def choose_effects(folder: Path, analysis: AnalysisRow, row: MultiverseRow) -> list[ChosenEffects]:
    """Effects of every measure, variance and subset of a checked dataset; where there are none, why."""
    described = read_json(folder / "dataset.json")
    columns = {rules["name"]: Column(**{**rules, "levels": tuple(rules["levels"])}) for rules in described["columns"]}
    records = read_records(folder / "effects.csv", "data_effects")
    where = f"{described['folder']}/effects.csv"
    chosen = []
    for measure, vtype, subset in combinations_of(row):
        problem = ""
        effects: Records = []
        try:
            effects = compute_effects(
                records,
                columns,
                where=where,
                measure=measure,
                vtype=vtype,
                chosen=_both(analysis.filter, row.subsets[subset]),
                aggregate_rho=None,
            ).effects
        except ToolkitError as error:
            problem = " ".join(str(error).split())
        one = ChosenEffects(measure=measure, vtype=vtype, subset=subset, effects=effects, problem=problem)
        chosen.append(one)
    return chosen


def _both(one: Filter, other: Filter) -> dict[str, list[Scalar]]:
    """What both filters keep."""
    shared = {column: [value for value in one[column] if value in other[column]] for column in one if column in other}
    return {**{column: list(values) for column, values in (*one.items(), *other.items())}, **shared}


if __name__ == "__main__":
    sys.exit(main())
