"""Ask how fragile the result of one analysis is: `results/{analysis}/fragility/{influence, bias ...}.csv`.

Influence is that of the headline model; publication bias is asked about a mean, so of the first model that has one.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.files import read_records, write_json, write_records
from analysis.models.fragility import assess_fragility
from analysis.rows import AnalysisRow, ModelRow
from analysis.stages.running import run_stage


def run(arguments: argparse.Namespace) -> None:
    """Read, fit, ask, write; nothing is written before everything is computed."""
    analysis = AnalysisRow.from_json(arguments.analysis)
    headline, pooled = ModelRow.from_json(arguments.headline), ModelRow.from_json(arguments.pooled)
    found = assess_fragility(read_records(arguments.effects, "effects"), headline, pooled, measure=analysis.measure)
    for name, records in found.tables.items():
        write_records(arguments.out_dir / f"{name}.csv", name, records)
    document = {"models": found.models, "notes": found.notes, "level": pooled.level}
    write_json(arguments.out_dir / "fragility.json", document)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m analysis.stages.assess_fragility", description=__doc__)
    parser.add_argument("--effects", required=True, type=Path, help="effects of the analysis, CSV")
    parser.add_argument("--analysis", required=True, help="row of the analysis, JSON")
    parser.add_argument("--headline", required=True, help="row of its headline model, JSON")
    parser.add_argument("--pooled", required=True, help="row of a model of its mean, JSON")
    parser.add_argument("--out-dir", required=True, type=Path, help="folder of the results to write")
    return run_stage(parser, run, argv, about="effects")


if __name__ == "__main__":
    sys.exit(main())
