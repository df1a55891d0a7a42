"""What stands on the shelf: sound folders, a data dictionary that keeps up, and doubts that are told."""

from pathlib import Path

import pytest

from analysis.datasets import read_printed
from analysis.files import check_dataset, load_schema, read_dataset, read_text
from analysis.stages.describe_data import describe_data
from analysis.vocabulary import MEASURE_INPUTS, MEASURE_NAMES

DATA = Path(__file__).parents[2] / "data"
FOLDERS = sorted(path.parent for path in DATA.glob("*/dataset.yaml"))
# Counts stated in the papers or by the keepers of the copies, as the issue asks for them.
COUNTS = {
    "positive_regard": (18, 18),
    "positive_regard_effects": (102, 15),
    "congruence": (16, None),
    "paternal_sensitivity": (16, 16),
    "attachment_stability": (66, None),
    "researcher_allegiance": (29, 20),
    "culturally_adapted": (21, None),
    "teacher_student": (114, 45),
    "synthetic_attachment_alliance": (None, 36),
}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_dataset_is_sound(folder: Path) -> None:
    assert check_dataset(folder) == []


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_those_of_the_source(name: str) -> None:
    records = read_dataset(DATA / name).records
    effects, studies = COUNTS[name]
    assert effects in (None, len(records))
    assert studies in (None, len({record["study_id"] for record in records}))


@pytest.mark.parametrize(
    ("name", "n_total"), [("congruence", 863), ("paternal_sensitivity", 1355), ("synthetic_attachment_alliance", 3158)]
)
def test_people_add_up_to_the_printed_total(name: str, n_total: int) -> None:
    dataset = read_dataset(DATA / name)
    # Samples of one study are separate people in `congruence`, effects of one study the same people elsewhere.
    key = "effect_id" if name == "congruence" else "study_id"
    assert sum({str(row[key]): float(row["ni"] or 0) for row in dataset.records}.values()) == n_total
    printed = [claim["printed"] for claim in dataset.claims if claim["quantity"] == "n_total"]
    assert all(read_printed(str(number)).value == n_total for number in printed)


def test_the_data_dictionary_is_up_to_date() -> None:
    assert read_text(DATA / "README.md") == describe_data(DATA), "run python -m analysis.stages.describe_data"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_column_is_described_on_the_page(folder: Path) -> None:
    dataset = read_dataset(folder)
    page = read_text(DATA / "README.md")
    section = page.split(f"\n## {folder.name}\n")[1].split("\n## ")[0]
    for column in dataset.columns.values():
        assert column.description
        assert f"| `{column.name}` | {column.type} |" in section


def test_the_question_of_litter_is_told() -> None:
    dataset = read_dataset(DATA / "positive_regard")
    (litter,) = [row for row in dataset.records if str(row["slab"]).startswith("Litter")]
    assert (litter["ni"], litter["ni_alternative"]) == (48.0, 8)
    assert any("Litter" in note and "n = 8" in note for note in dataset.meta["notes"])


def test_the_correlation_of_one_stays_with_its_reason() -> None:
    dataset = read_dataset(DATA / "attachment_stability")
    (perfect,) = [row for row in dataset.records if row["ri"] == 1]
    assert "exactly 1" in str(perfect["exclude"])
    assert [row["effect_id"] for row in dataset.records if row["exclude"]] == [perfect["effect_id"]]


def test_simulated_data_says_so_and_real_data_does_not() -> None:
    for folder in FOLDERS:
        meta = read_dataset(folder).meta
        assert meta["synthetic"] == meta["title"].startswith("SIMULATED") == folder.name.startswith("synthetic_")


def test_no_study_level_table_of_levy_is_pretended() -> None:
    for name in ("levy2011_claims", "levy2018_claims", "diener2011_claims", "fluckiger2018_claims"):
        assert read_dataset(DATA / name).meta["kind"] == "claims"
        assert not (DATA / name / "effects.csv").exists()


def test_every_input_of_every_measure_has_a_description() -> None:
    known = load_schema("effects")["items"]["properties"]
    assert {name for sets in MEASURE_INPUTS.values() for names in sets for name in names} <= set(known)
    assert load_schema("dataset")["properties"]["measure"]["enum"] == list(MEASURE_NAMES)
