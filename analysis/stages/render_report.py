"""Write the page of one analysis: `reports/rendered/{analysis}/index.html`, and `provenance.json` beside it.

`--paper` is the same page without what needs a screen: PDF and Word are made from it.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from analysis.files import read_bytes, read_json, read_records, read_text, write_json, write_text
from analysis.provenance import describe_run
from analysis.reporting.bibtex import parse_bibtex
from analysis.reporting.page import Inputs, Medium, build_environment, render_page
from analysis.rows import AnalysisRow, model_row_from_json
from analysis.stages.running import run_stage
from analysis.tables.fragility import FRAGILITY_TABLES
from analysis.tables.review import REVIEW_TABLES

TABLES = (
    *("headline", "models", "coefficients", "tests", "heterogeneity", "predictions", "cells", "slopes", "subgroups"),
    *("components", "sweep", "support", "power", *FRAGILITY_TABLES),
    *("collinearity", "studies", "pooled_studies", "raw", "excluded", "exclusions"),
    *("answers", "priors", "prior_checks", "expectations", "diagnostics", "sensitivity", "averaging", "comparison"),
    *("truths", *REVIEW_TABLES),
)
# What is said of published numbers stands beside the folder of tables.
LEDGERS = ("ledger", "verdicts", "consistency", "explanations", "conventions")
TEXTS = (".j2", ".css", ".js")
MEDIA: Final[tuple[Medium, ...]] = ("screen", "paper")
# What a digest is worth keeping of: not the pictures a page does not show.
DIGESTED = (".json", ".csv", ".svg", ".nc", ".yaml")


def read_templates(folder: Path) -> dict[str, str]:
    """Return the text of every template by its name."""
    return {path.name: read_text(path) for path in sorted(folder.iterdir()) if path.suffix in TEXTS}


def read_words(folder: Path) -> dict[str, Any]:
    """Return what `tables.yaml` says of every table."""
    import yaml

    words: dict[str, Any] = yaml.safe_load(read_text(folder / "tables.yaml"))
    return words


def read_digested(*folders: Path) -> dict[str, bytes]:
    """Return the content of every data and results file below some folders, by its path as given."""
    paths = (path for folder in folders for path in folder.rglob("*") if path.suffix in DIGESTED)
    return {path.as_posix(): read_bytes(path) for path in paths}


def read_inputs(arguments: argparse.Namespace, provenance: Mapping[str, Any]) -> Inputs:
    """Read everything the page is made from."""
    figures = read_json(arguments.figures / "figures.json")
    names = [figure["file"] for figure in figures if figure["file"].endswith(".svg")]
    return Inputs(
        analysis=provenance["analysis"],
        models=provenance["models"],
        dataset=read_json(arguments.data / "dataset.json"),
        tables={name: read_records(arguments.tables / f"{name}.csv", f"../tables/{name}") for name in TABLES},
        ledgers={name: read_records(arguments.tables.parent / f"{name}.csv", name) for name in LEDGERS},
        figures=figures,
        drawings={name: read_text(arguments.figures / name) for name in names},
        provenance=provenance,
        words=read_words(arguments.templates),
        works=parse_bibtex(read_text(arguments.references)),
        lines=read_lines(arguments.tables.parent / "effects.csv"),
        fragility_notes=read_notes(arguments.tables.parent / "fragility" / "fragility.json"),
    )


def read_lines(path: Path) -> list[int]:
    """Return the lines of the dataset that entered an analysis."""
    return [int(row["row"]) for row in read_records(path, "effects") if row["row"] is not None]


def read_notes(path: Path) -> list[str]:
    """Return the sentences about what was and was not asked of the fragility of a result."""
    notes = read_json(path)["notes"]
    return [*notes["influence"], *notes["bias"]]


def run(arguments: argparse.Namespace) -> None:
    """Read, render, write."""
    analysis = asdict(AnalysisRow.from_json(arguments.analysis))
    models = [asdict(model_row_from_json(json.dumps(row))) for row in json.loads(arguments.models)]
    source = Path(read_json(arguments.data / "dataset.json")["folder"])
    provenance = describe_run(analysis, models, read_digested(source, arguments.data, arguments.tables.parent))
    inputs = read_inputs(arguments, provenance)
    environment = build_environment(read_templates(arguments.templates))
    page, paper = (render_page(inputs, environment, medium) for medium in MEDIA)
    write_json(arguments.out / "provenance.json", provenance)
    write_text(arguments.paper, paper)
    write_text(arguments.out / "index.html", page)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--analysis", required=True, help="row of the analysis, JSON")
    parser.add_argument("--models", required=True, help="rows of its models, a JSON list")
    parser.add_argument("--data", required=True, type=Path, help="checked dataset, results/data/{dataset}")
    parser.add_argument("--tables", required=True, type=Path, help="results/{analysis}/tables")
    parser.add_argument("--figures", required=True, type=Path, help="results/{analysis}/figures")
    parser.add_argument("--templates", type=Path, default=Path("reports/templates"), help="folder of the templates")
    parser.add_argument("--references", type=Path, default=Path("reports/references.bib"), help="works to cite")
    parser.add_argument("--paper", required=True, type=Path, help="what PDF and Word are made from")
    parser.add_argument("--out", required=True, type=Path, help="folder of the page")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
