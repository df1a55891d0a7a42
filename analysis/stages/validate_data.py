"""Check a dataset folder and write what the workflow reads.

`dataset.json`, `effects.csv`, `claims.csv`, and `review.json`, whose parts are null where the folder brings none.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.datasets import Dataset
from analysis.datasets.described import describe_dataset
from analysis.datasets.review import describe_review
from analysis.files import read_dataset, write_json, write_records
from analysis.stages.running import run_stage


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; every problem of the dataset goes to stderr, and then nothing is written."""
    parser = argparse.ArgumentParser(prog="python -m analysis.stages.validate_data", description=__doc__)
    parser.add_argument(
        "--dataset", type=Path, required=True, help="folder of the dataset, such as data/positive_regard"
    )
    parser.add_argument("--out-dir", type=Path, required=True, help="folder to write to")
    return run_stage(parser, run, argv)


def run(arguments: argparse.Namespace) -> None:
    """Read and check, write."""
    _write(read_dataset(arguments.dataset), arguments.dataset.as_posix(), arguments.out_dir)


def _write(dataset: Dataset, folder: str, out: Path) -> None:
    evidence = dataset.meta["kind"] == "evidence"
    effects = [] if evidence else dataset.records
    claims = [{name: value for name, value in claim.items() if name != "row"} for claim in dataset.claims]
    write_records(out / "effects.csv", "data_effects", effects)
    write_records(out / "claims.csv", "../claims", claims)
    if evidence:
        write_records(out / "evidence.csv", "data_evidence", dataset.records)
    write_json(out / "review.json", describe_review(dataset.review, effects, dataset.columns))
    write_json(out / "dataset.json", describe_dataset(dataset, folder))


if __name__ == "__main__":
    sys.exit(main())
