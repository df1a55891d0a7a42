"""The simulated review: the committed bytes, and what it says of itself."""

from pathlib import Path

from analysis.files import check_dataset, read_dataset, read_truth
from analysis.simulation import simulate_attachment_alliance, simulate_review
from analysis.stages import simulate_data

FOLDER = Path(__file__).parents[2] / "data" / "synthetic_attachment_alliance"


def test_the_generator_gives_the_committed_file_byte_for_byte(tmp_path: Path) -> None:
    out, review = tmp_path / "effects.csv", tmp_path / "review.yaml"
    assert simulate_data.main(["--dataset", str(FOLDER), "--out", str(out), "--review", str(review)]) == 0
    assert review.read_bytes() == (FOLDER / "review.yaml").read_bytes()


def test_its_first_line_says_that_it_is_simulated() -> None:
    assert (FOLDER / "review.yaml").read_text(encoding="utf-8").startswith("# SIMULATED")


def test_it_goes_with_its_effects() -> None:
    assert check_dataset(FOLDER) == []
    review = read_dataset(FOLDER).review or {}
    assert review["flow"]["included"]["studies"] == 36 + len(review["without_effects"])


def test_every_seed_gives_a_flow_that_adds_up(tmp_path: Path) -> None:
    from analysis.datasets.review_flow import check_flow

    records = simulate_attachment_alliance(read_truth(FOLDER))
    flows = [simulate_review(records, seed)["flow"] for seed in range(200)]
    assert [problem for flow in flows for problem in check_flow(flow)] == []
    assert len({flow["databases"]["screened"] for flow in flows}) > 100
