"""Fit the path model of one row of the configuration: `results/paths/{path}/*.csv`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.datasets import Column, Records
from analysis.datasets.effects import compute_effects
from analysis.files import read_json, read_records, write_records
from analysis.path_models.correlation_tables import correlation_tables, select_correlations
from analysis.path_models.published_tables import published_tables
from analysis.rows import CorrelationPathRow, path_row_from_json
from analysis.stages.running import run_stage


def fit_reported(folder: Path, row: CorrelationPathRow) -> dict[str, Records]:
    """Read the correlations of studies, fit, and list the rows that did not enter."""
    described = read_json(folder / "dataset.json")
    columns = {rules["name"]: Column(**{**rules, "levels": tuple(rules["levels"])}) for rules in described["columns"]}
    computed = compute_effects(
        read_records(folder / "effects.csv", "data_effects"),
        columns,
        where=f"{described['folder']}/effects.csv",
        measure="COR",
        chosen={},
        aggregate_rho=None,
    )
    return {
        **correlation_tables(select_correlations(computed.effects, row), row),
        "excluded": list(computed.excluded),
    }


def run(arguments: argparse.Namespace) -> None:
    """Read, fit, write; nothing is written before everything is computed."""
    row = path_row_from_json(arguments.path)
    if isinstance(row, CorrelationPathRow):
        (folder,) = arguments.data
        tables = fit_reported(folder, row)
    else:
        claims = [record for folder in arguments.data for record in read_records(folder / "claims.csv", "../claims")]
        tables = {**published_tables(claims, row), "excluded": []}
    for name, records in tables.items():
        schema = name if name == "excluded" else f"path_{name}"
        write_records(arguments.out_dir / f"{name}.csv", schema, records)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m analysis.stages.fit_paths", description=__doc__)
    parser.add_argument("--path", required=True, help="row of the path model, JSON")
    parser.add_argument("--data", required=True, nargs="+", type=Path, help="checked datasets, results/data/{dataset}")
    parser.add_argument("--out-dir", required=True, type=Path, help="folder of the results to write")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
