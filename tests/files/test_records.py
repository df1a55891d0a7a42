"""Tables written and read again are the same, whatever they hold; nothing is half-written."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analysis import files
from analysis.datasets.cells import parse_untyped, show_cell, unguard
from analysis.errors import DataError, SchemaError
from analysis.files import read_json, read_records, read_text, write_json, write_records, write_text

EFFECT = {"effect_id": "e", "study_id": "s", "slab": "S", "row": 2, "ni": 10.0, "yi": 0.1, "vi": 0.2, "sei": 0.3}
SCHEMAS = Path(files.__file__).parent / "schemas"


@pytest.mark.parametrize("path", sorted(SCHEMAS.rglob("*.yaml")), ids=lambda path: path.relative_to(SCHEMAS).as_posix())
def test_every_schema_is_one(path: Path) -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(yaml.safe_load(path.read_text(encoding="utf-8")))


@given(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(min_size=1)
)
def test_any_cell_without_a_declared_type_comes_back(value: object) -> None:
    again = parse_untyped(show_cell(value, typed=False))
    assert again == value
    assert type(again) is type(value)


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=("Cs",))))
def test_any_text_comes_back_from_a_file(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("t") / "effects.csv"
    record = {**EFFECT, "slab": text, "focus": text}
    write_records(path, "effects", [record])
    assert read_records(path, "effects") == [record]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula_for_a_spreadsheet(tmp_path: Path, text: str) -> None:
    path = tmp_path / "effects.csv"
    write_records(path, "effects", [{**EFFECT, "slab": text, "note": text}])
    with path.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["slab"].startswith("'")
    assert row["note"].startswith("'")
    assert read_records(path, "effects")[0]["slab"] == text


def test_numbers_keep_every_digit(tmp_path: Path) -> None:
    numbers = [math.pi, 1 / 3, 5e-324, 1.7976931348623157e308, -0.1]
    path = tmp_path / "effects.csv"
    write_records(path, "effects", [{**EFFECT, "yi": np.float64(number)} for number in numbers])
    assert [row["yi"] for row in read_records(path, "effects")] == numbers


def test_columns_stand_in_the_order_of_the_schema_and_others_after_them(tmp_path: Path) -> None:
    path = tmp_path / "effects.csv"
    shuffled = dict(reversed([*EFFECT.items(), ("focus", "wide"), ("age", None)]))
    write_records(path, "effects", [shuffled])
    header = "effect_id,study_id,slab,row,ni,yi,vi,sei,age,focus"
    assert path.read_text(encoding="utf-8").splitlines() == [header, "e,s,S,2,10.0,0.1,0.2,0.3,,wide"]


def test_no_records_give_a_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "excluded.csv"
    write_records(path, "excluded", [])
    assert path.read_text(encoding="utf-8") == "row,effect_id,slab,step,reason\n"
    assert read_records(path, "excluded") == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"vi": 0.0}, "vi"),
        ({"vi": "much"}, "vi"),
        ({"yi": float("nan")}, "nan"),
        ({"yi": float("inf")}, "inf"),
        ({"row": 1.5}, "row"),
        ({"slab": None}, "slab"),
    ],
)
def test_a_record_outside_its_schema_is_refused_and_nothing_is_written(
    tmp_path: Path, change: dict[str, object], what: str
) -> None:
    with pytest.raises(SchemaError, match=what):
        write_records(tmp_path / "effects.csv", "effects", [EFFECT, {**EFFECT, **change}])
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_was_tampered_with_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "excluded.csv"
    write_text(path, "row,effect_id,slab,step,reason\n2,a,A,filter,x\nzwei,a,A,filtr,x\n")
    with pytest.raises(SchemaError) as caught:
        read_records(path, "excluded")
    assert [problem.where.rsplit(":")[-1] for problem in caught.value.problems] == ["3", "3"]


def test_a_write_that_fails_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(DataError, match="No space left"):
        write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_comes_back_and_never_holds_nan(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.json"
    write_json(path, {"b": [1, 2.5, None], "a": "\u00e4"})
    assert read_json(path) == {"a": "\u00e4", "b": [1, 2.5, None]}
    with pytest.raises(SchemaError):
        write_json(path, {"a": float("nan")})
    write_text(path, "{")
    with pytest.raises(DataError, match="not JSON"):
        read_json(path)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be read .* Check the path"):
        read_text(tmp_path / "nowhere.csv")


def test_no_other_module_opens_files() -> None:
    package = SCHEMAS.parent
    allowed = {"files.py", "config_problems.py", "provenance.py"}
    for path in (package / "datasets").glob("*.py"):
        assert "open(" not in path.read_text(encoding="utf-8")
        assert path.name not in allowed


@pytest.mark.parametrize("text", ["=1+1", " =1+1", "\uff1d1+1", "\uff20SUM(A1)", "\n=1", "-x"])
@pytest.mark.parametrize("typed", [True, False])
def test_text_that_a_spreadsheet_may_run_is_marked_and_read_back(text: str, typed: bool) -> None:
    written = show_cell(text, typed=typed)
    assert written == f"'{text}"
    assert unguard(written, typed=typed) == text
