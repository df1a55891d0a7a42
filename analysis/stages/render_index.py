"""Write the first page, `reports/rendered/index.html`: every analysis with its headline result and status."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from analysis.errors import DataError, Problem
from analysis.files import read_json, read_records, read_text, write_text
from analysis.reporting.front_page import render_front_page
from analysis.reporting.page import Tables, build_environment
from analysis.rows import AnalysisRow, path_row_from_json
from analysis.stages.render_paths import read_path_tables
from analysis.stages.render_report import read_templates
from analysis.stages.running import run_stage

TABLES = ("headline", "models", "tests", "cells", "slopes")


def read_tables(results: Path, analysis: str) -> Tables:
    """Return the tables the first page needs of one analysis."""
    folder = results / analysis / "tables"
    return {name: read_records(folder / f"{name}.csv", f"../tables/{name}") for name in TABLES}


def check_pages(pages: Path, names: Sequence[str]) -> None:
    """Refuse to list an analysis that has no page: DataError with every one that is missing."""
    paths = [pages / name / "index.html" for name in names]
    remedy = "Run render_report for this analysis first."
    problems = [Problem(path.as_posix(), "there is no such page.", remedy) for path in paths if not path.is_file()]
    if problems:
        raise DataError(problems)


def read_found(figure: Path, words: Path) -> dict[str, str]:
    """Return the figure of what was found, as text, and what is said of it."""
    return {"figure": read_text(figure), **read_json(words)}


def run(arguments: argparse.Namespace) -> None:
    """Read, render, write."""
    analyses = [asdict(AnalysisRow.from_json(json.dumps(row))) for row in json.loads(arguments.analyses)]
    paths = [path_row_from_json(json.dumps(row)) for row in json.loads(arguments.paths)]
    check_pages(arguments.pages, [*(row["name"] for row in analyses), *(row.name for row in paths)])
    entries = [(row, read_tables(arguments.results, row["name"])) for row in analyses]
    corpus = [] if arguments.corpus is None else read_records(arguments.corpus, "corpus_verdicts")
    modelled = [(row, read_path_tables(arguments.results / "paths" / row.name)) for row in paths]
    found = None if arguments.found is None else read_found(arguments.found, arguments.found_words)
    environment = build_environment(read_templates(arguments.templates))
    write_text(arguments.out, render_front_page(entries, environment, corpus, modelled, found))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--analyses", required=True, help="rows of the analyses, a JSON list")
    parser.add_argument("--paths", default="[]", help="rows of the path models, a JSON list")
    parser.add_argument("--results", required=True, type=Path, help="folder of all results")
    parser.add_argument("--pages", required=True, type=Path, help="folder of the rendered pages")
    parser.add_argument("--corpus", type=Path, help="verdicts of the corpus, results/corpus/verdicts.csv")
    parser.add_argument("--found", type=Path, help="figure of what was found, SVG")
    parser.add_argument("--found-words", type=Path, help="what is said of that figure, JSON")
    parser.add_argument("--templates", type=Path, default=Path("reports/templates"), help="folder of the templates")
    parser.add_argument("--out", required=True, type=Path, help="the first page")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
