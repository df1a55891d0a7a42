"""The simulated table: the committed bytes, the stated truth, and the published values it was calibrated to."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.datasets import read_printed
from analysis.files import read_dataset, read_truth
from analysis.measures import d_to_r
from analysis.simulation import simulate_attachment_alliance
from analysis.simulation.attachment_alliance import d_as_r
from analysis.stages import simulate_data
from tests.tolerances import CLOSED_FORM

DATA = Path(__file__).parents[2] / "data"
FOLDER = DATA / "synthetic_attachment_alliance"


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return read_truth(FOLDER)


def test_the_generator_gives_the_committed_file_byte_for_byte(tmp_path: Path) -> None:
    out, review = tmp_path / "effects.csv", tmp_path / "review.yaml"
    assert simulate_data.main(["--dataset", str(FOLDER), "--out", str(out), "--review", str(review)]) == 0
    assert (tmp_path / "effects.csv").read_bytes() == (FOLDER / "effects.csv").read_bytes()


def test_another_seed_gives_another_file(truth: dict[str, Any]) -> None:
    assert simulate_attachment_alliance(truth) != simulate_attachment_alliance({**truth, "seed": truth["seed"] + 1})


@pytest.mark.parametrize("dimension", ["security", "anxiety", "avoidance"])
def test_it_is_calibrated_to_what_levy_2011_prints(truth: dict[str, Any], dimension: str) -> None:
    claims = read_dataset(DATA / "levy2011_claims").claims
    (printed,) = [
        claim["printed"]
        for claim in claims
        if claim["quantity"] == "estimate" and f"attachment {dimension}" in str(claim["relation"])
    ]
    assert truth["published_d"][dimension] == read_printed(str(printed)).value


def test_d_becomes_r_as_in_the_conversions() -> None:
    for d in (-0.46, -0.014, 0.37):
        assert d_as_r(d) == pytest.approx(float(np.squeeze(d_to_r(d, 0.1).estimate)), rel=CLOSED_FORM)


def test_size_and_labels(truth: dict[str, Any]) -> None:
    records = simulate_attachment_alliance(truth)
    sizes = {record["study_id"]: record["ni"] for record in records}
    counts = [sum(record["study_id"] == study for record in records) for study in sizes]
    silent = {record["study_id"] for record in records if record["alliance"] is None}
    assert (len(sizes), sum(sizes.values()), len(silent)) == (36, 3158, truth["alliance_missing"])
    assert set(counts) == {1, 2, 3}
    assert all(str(record["slab"]).startswith("Synthetic study ") for record in records)


def test_the_interaction_has_the_sign_that_primary_studies_report(truth: dict[str, Any]) -> None:
    slope = truth["alliance_slope"]
    assert slope["anxiety"] > 0 > slope["security"]
    assert slope["avoidance"] > 0
    assert any("Zack" in reason and "Tasca" in reason and "Aafjes" in reason for reason in truth["reasons"])


def test_many_studies_give_the_truth_back(truth: dict[str, Any]) -> None:
    many = {**truth, "n_studies": 4000, "n_total": 4000 * 90, "alliance_missing": 0}
    records = simulate_attachment_alliance(many)
    for dimension in ("security", "anxiety", "avoidance"):
        rows = [record for record in records if record["dimension"] == dimension]
        z = np.array([np.arctanh(float(row["ri"] or 0)) * float(row["direction"] or 1) for row in rows])
        alliance = np.array([float(row["alliance"] or 0) for row in rows])
        focus = np.array([row["focus"] == "interpersonal" for row in rows], dtype=float)
        beta, *_ = np.linalg.lstsq(np.column_stack([np.ones_like(z), alliance, focus]), z)
        mean = np.arctanh(d_as_r(truth["published_d"][dimension]))
        stated = [mean, truth["alliance_slope"][dimension], truth["focus_shift"][dimension]]
        # The standard errors are below .005 with some 2,000 effects.
        np.testing.assert_allclose(beta, stated, atol=0.02)
        spread = np.var(z - np.column_stack([np.ones_like(z), alliance, focus]) @ beta)
        sampling = np.mean([1 / (float(row["ni"] or 0) - 3) for row in rows])
        assert spread - sampling == pytest.approx(truth["tau"] ** 2, abs=0.002)


def test_errors_of_one_study_are_correlated_as_stated(truth: dict[str, Any]) -> None:
    many = {
        **truth,
        **{"n_studies": 3000, "n_total": 3000 * 90, "dimensions": {"security+anxiety+avoidance": 1.0}},
        **{key: dict.fromkeys(truth[key], 0.0) for key in ("alliance_slope", "focus_shift")},
    }
    records = simulate_attachment_alliance(many)
    z = np.array([np.arctanh(float(row["ri"] or 0)) * float(row["direction"] or 1) for row in records]).reshape(-1, 3)
    found = np.corrcoef(z.T)
    stated = truth["correlation"]
    np.testing.assert_allclose(
        [found[0, 1], found[0, 2], found[1, 2]],
        [stated["security_anxiety"], stated["security_avoidance"], stated["anxiety_avoidance"]],
        atol=0.06,
    )
