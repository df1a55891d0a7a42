"""Write the tables a reader sees, at full precision: `results/{analysis}/tables/*.csv`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from analysis.files import read_json, read_records, write_records
from analysis.rows import AnalysisRow, AnyModelRow, model_row_from_json
from analysis.stages.running import run_stage
from analysis.tables.collection import build_all_tables
from analysis.tables.fragility import FRAGILITY_TABLES
from analysis.tables.records import ModelResults
from analysis.vocabulary import BAYESIAN_ENGINES

MODEL_TABLES = (
    *("coefficients", "heterogeneity", "studies", "predictions", "tests", "cells", "slopes", "collinearity"),
    *("subgroups", "excluded"),
)
DEPENDENCE_TABLES = ("components", "sweep", "support", "power")
POSTERIOR_TABLES = ("answers", "priors", "prior_checks", "expectations", "diagnostics", "sensitivity", "averaging")


def read_model(results: Path, row: AnyModelRow) -> ModelResults:
    """Return what one model left behind."""
    folder = results / row.name
    names = (*MODEL_TABLES, *(POSTERIOR_TABLES if row.engine in BAYESIAN_ENGINES else DEPENDENCE_TABLES))
    tables = {name: read_records(folder / f"{name}.csv", name) for name in names}
    return ModelResults(name=row.name, fit=read_json(folder / "fit.json"), tables=tables)


def run(arguments: argparse.Namespace) -> None:
    """Read, build, write."""
    analysis = AnalysisRow.from_json(arguments.analysis)
    rows = [model_row_from_json(json.dumps(row)) for row in json.loads(arguments.models)]
    tables = build_all_tables(
        asdict(analysis),
        read_json(arguments.data / "dataset.json"),
        read_records(arguments.results / "excluded.csv", "excluded"),
        [read_model(arguments.results, row) for row in rows],
        read_records(arguments.comparison, "comparison") if arguments.comparison else (),
        {name: read_records(arguments.results / "fragility" / f"{name}.csv", name) for name in FRAGILITY_TABLES},
        review=read_json(arguments.data / "review.json"),
        rows=read_records(arguments.data / "effects.csv", "data_effects"),
    )
    for name, records in tables.items():
        write_records(arguments.out / f"{name}.csv", f"../tables/{name}", records)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--analysis", required=True, help="row of the analysis, JSON")
    parser.add_argument("--models", required=True, help="rows of its models, a JSON list")
    parser.add_argument("--data", required=True, type=Path, help="checked dataset, results/data/{dataset}")
    parser.add_argument("--results", required=True, type=Path, help="results of the analysis, results/{analysis}")
    parser.add_argument("--comparison", type=Path, help="comparison of the sampled models, where there are several")
    parser.add_argument("--out", required=True, type=Path, help="folder of the tables")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
