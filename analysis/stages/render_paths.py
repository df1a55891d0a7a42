"""Write the page of one path model: `reports/rendered/{path}/index.html`, and `provenance.json` beside it.

`--paper` is the same page without what needs a screen: PDF and Word are made from it.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from analysis.files import read_json, read_records, read_text, write_json, write_text
from analysis.provenance import describe_path_run
from analysis.reporting.bibtex import parse_bibtex
from analysis.reporting.page import Tables, build_environment
from analysis.reporting.paths import PathInputs, render_path_page
from analysis.rows import path_row_from_json
from analysis.stages.render_report import MEDIA, read_digested, read_templates
from analysis.stages.running import run_stage

TABLES = ("correlations", "pooling", "paths", "effects", "fit", "inputs", "assumptions", "sensitivity")


def read_path_tables(folder: Path) -> Tables:
    """Return every table of a path model by its name."""
    own = {name: read_records(folder / f"{name}.csv", f"path_{name}") for name in TABLES}
    return {**own, "excluded": read_records(folder / "excluded.csv", "excluded")}


def run(arguments: argparse.Namespace) -> None:
    """Read, render, write."""
    import yaml

    row = path_row_from_json(arguments.path)
    datasets = [read_json(folder / "dataset.json") for folder in arguments.data]
    folders = [*(Path(dataset["folder"]) for dataset in datasets), *arguments.data, arguments.results]
    provenance = describe_path_run(asdict(row), read_digested(*folders))
    figures = read_json(arguments.results / "figures" / "figures.json")
    inputs = PathInputs(
        row=row,
        datasets=datasets,
        tables=read_path_tables(arguments.results),
        figures=figures,
        drawings={one["file"]: read_text(arguments.results / "figures" / one["file"]) for one in figures},
        provenance=provenance,
        words=yaml.safe_load(read_text(arguments.templates / "paths.yaml")),
        works=parse_bibtex(read_text(arguments.references)),
    )
    environment = build_environment(read_templates(arguments.templates))
    page, paper = (render_path_page(inputs, environment, medium) for medium in MEDIA)
    write_json(arguments.out / "provenance.json", provenance)
    write_text(arguments.paper, paper)
    write_text(arguments.out / "index.html", page)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m analysis.stages.render_paths", description=__doc__)
    parser.add_argument("--path", required=True, help="row of the path model, JSON")
    parser.add_argument("--data", required=True, nargs="+", type=Path, help="checked datasets, results/data/{dataset}")
    parser.add_argument("--results", required=True, type=Path, help="results/paths/{path}")
    parser.add_argument("--templates", type=Path, default=Path("reports/templates"), help="folder of the templates")
    parser.add_argument("--references", type=Path, default=Path("reports/references.bib"), help="works to cite")
    parser.add_argument("--paper", required=True, type=Path, help="what PDF and Word are made from")
    parser.add_argument("--out", required=True, type=Path, help="folder of the page")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
