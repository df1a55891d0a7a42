"""Judge the published numbers of an analysis, and pool its effects by other conventions: `results/{analysis}/*.csv`."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.datasets import Cell, Records
from analysis.files import read_records, write_records
from analysis.reproduction.consistency import check_claims
from analysis.reproduction.conventions import analysis_conventions
from analysis.reproduction.explaining import explain_ledger
from analysis.reproduction.ledger import build_ledger, count_verdicts, lines_behind
from analysis.rows import AnalysisRow
from analysis.stages.running import run_stage

type Rows = Sequence[Mapping[str, Cell]]


def read_lines(arguments: argparse.Namespace, analysis: AnalysisRow, effects: Rows) -> dict[str, list[int]]:
    """Return, by model, the lines of the dataset's effects.csv that it used."""
    excluded = read_records(arguments.results / "excluded.csv", "excluded")
    composites = analysis.aggregate_rho is not None
    studies = {name: read_records(arguments.results / name / "studies.csv", "studies") for name in analysis.models}
    return {name: lines_behind(rows, effects, excluded, composites=composites) for name, rows in studies.items()}


def pool_by_convention(arguments: argparse.Namespace, analysis: AnalysisRow, records: Rows) -> Records:
    """Return the effects of the analysis as several programs would pool them by default."""
    choices: dict[str, Any] = {"measure": analysis.measure, "aggregate_rho": analysis.aggregate_rho}
    effects = read_records(arguments.results / "effects.csv", "effects")
    return analysis_conventions(effects, records, level=analysis.level, **choices)


def explain(ledger: Rows, claims: Rows, models: Rows, effects: Rows, analysis: AnalysisRow) -> Records:
    """Return what explains the numbers that differ, from the rows that the analysis keeps."""
    kept = [row for row in effects if all(row[column] in values for column, values in analysis.filter.items())]
    choices: dict[str, Any] = {"measure": analysis.measure, "aggregate_rho": analysis.aggregate_rho}
    return explain_ledger(ledger, claims, models, kept, **choices)


def run(arguments: argparse.Namespace) -> None:
    """Read, judge, write."""
    analysis = AnalysisRow.from_json(arguments.analysis)
    claims = read_records(arguments.data / "claims.csv", "../claims")
    effects = read_records(arguments.data / "effects.csv", "data_effects")
    models = read_records(arguments.results / "tables" / "models.csv", "../tables/models")
    ledger = build_ledger(
        claims,
        models,
        read_lines(arguments, analysis, effects),
        headline=analysis.headline,
        dataset=analysis.dataset,
        tolerance=arguments.tolerance,
    )
    tables = {
        "ledger": ledger,
        "verdicts": count_verdicts(ledger, arguments.tolerance),
        "consistency": check_claims(claims, models),
        "explanations": explain(ledger, claims, models, effects, analysis),
        "conventions": pool_by_convention(arguments, analysis, effects),
    }
    for name, records in tables.items():
        write_records(arguments.out_dir / f"{name}.csv", name, records)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--analysis", required=True, help="row of the analysis, JSON")
    parser.add_argument("--data", required=True, type=Path, help="checked dataset, results/data/{dataset}")
    parser.add_argument("--results", required=True, type=Path, help="results of the analysis, results/{analysis}")
    parser.add_argument("--tolerance", required=True, type=float, help="relative distance that is tolerated, per cent")
    parser.add_argument("--out-dir", required=True, type=Path, help="folder of the ledger")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
