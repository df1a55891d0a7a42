"""Draw what was found: the mean of every analysis, `results/found.csv`, `reports/rendered/found.{svg,json}`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.datasets.cells import Record
from analysis.files import read_records, write_bytes, write_json, write_records
from analysis.stages.running import run_stage
from analysis.tables.found import build_found_table


def read_tables(folder: Path) -> tuple[list[Record], list[Record]]:
    """Return the tables `headline` and `models` of an analysis."""
    headline, models = (read_records(folder / f"{name}.csv", f"../tables/{name}") for name in ("headline", "models"))
    return headline, models


def run(arguments: argparse.Namespace) -> None:
    """Read, pick, draw, write."""
    from analysis.figures.found import plot_found
    from analysis.figures.found_words import describe_caption, describe_found, summarise_found
    from analysis.figures.style import render

    rows = build_found_table([read_tables(arguments.results / name / "tables") for name in arguments.names])
    is_found = any(not row["synthetic"] for row in rows)
    words = {
        "alt": describe_found(rows),
        "caption": describe_caption(rows),
        "summary": summarise_found(rows) if is_found else "",
    }
    write_records(arguments.table, "found", rows)
    write_bytes(arguments.figure, render(plot_found(rows), "svg"))
    write_json(arguments.words, words)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", required=True, nargs="+", help="analyses, in the order of the figure")
    parser.add_argument("--results", required=True, type=Path, help="folder of all results")
    parser.add_argument("--table", required=True, type=Path, help="the rows that are drawn, CSV")
    parser.add_argument("--figure", required=True, type=Path, help="the figure, SVG")
    parser.add_argument("--words", required=True, type=Path, help="what is said of it, JSON")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
