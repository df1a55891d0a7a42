"""Draw the effects.csv and review.yaml of a simulated dataset from its truth.yaml, the same bytes each time."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.files import read_truth, write_table, write_text
from analysis.simulation import simulate_attachment_alliance, simulate_review
from analysis.stages.running import run_stage

HEADING = (
    "# SIMULATED: drawn by analysis.simulation.review; no search, no report and no judgement stands behind any of it."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; a problem goes to stderr, and then nothing is written."""
    parser = argparse.ArgumentParser(prog="python -m analysis.stages.simulate_data", description=__doc__)
    parser.add_argument("--dataset", type=Path, required=True, help="folder with a truth.yaml")
    parser.add_argument("--out", type=Path, help="table to write; effects.csv of the folder when left out")
    parser.add_argument("--review", type=Path, help="review to write; review.yaml of the folder when left out")
    return run_stage(parser, run, argv)


def run(arguments: argparse.Namespace) -> None:
    """Read the truth, draw, write."""
    import yaml

    truth = read_truth(arguments.dataset)
    records = simulate_attachment_alliance(truth)
    review = yaml.safe_dump(simulate_review(records, truth["seed"]), sort_keys=False, allow_unicode=True, width=120)
    write_table(arguments.out or arguments.dataset / "effects.csv", records)
    write_text(arguments.review or arguments.dataset / "review.yaml", f"{HEADING}\n{review}")


if __name__ == "__main__":
    sys.exit(main())
