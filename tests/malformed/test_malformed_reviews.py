"""Reviews: every sum is checked, every study is known, everything wrong is told at once with file, line and key."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from analysis.commands.check import check
from analysis.files import check_dataset, read_dataset
from analysis.stages import validate_data
from tests.malformed.test_malformed_datasets import CLAIMS, DESCRIPTION, EFFECTS

REVIEW: dict[str, Any] = {
    "flow": {
        "previous": {"studies": 1, "reports": 1},
        "databases": {
            "identified": [
                {"source": "PsycINFO", "n": 80},
                {"source": "PubMed", "n": 30},
                {"source": "a register", "kind": "register", "n": 10},
            ],
            **{"removed": {"duplicates": 15, "automation": 4, "other": 1}, "screened": 100, "excluded": 80},
            **{"sought": 20, "not_retrieved": 2, "assessed": 18},
            "excluded_reports": [{"reason": "no outcome", "n": 12}, {"reason": "same people", "n": 4}],
        },
        "other": {
            "identified": [{"source": "citation searching", "n": 3}],
            **{"sought": 3, "not_retrieved": 1, "assessed": 2, "excluded_reports": [{"reason": "no outcome", "n": 1}]},
        },
        "included": {"studies": 2, "reports": 3},
        "total": {"studies": 3, "reports": 4},
    },
    "without_effects": [{"study_id": "c", "slab": "Cook (2003)", "reason": "no numbers"}],
    "characteristics": {
        "from": ["focus"],
        "labels": {"focus": "Focus of treatment"},
        "columns": {
            "country": {"label": "Country"},
            "n": {"label": "People", "unit": "people", "type": "integer"},
            "blind": {"label": "Blind", "type": "boolean"},
        },
        "rows": {"a": {"country": "Israel", "n": 40, "blind": True}, "c": {"country": None, "n": 12}},
    },
    "risk_of_bias": {
        "tool": "RoB 2",
        "citation": "Sterne et al. (2019)",
        "domains": {"D1": "Randomisation", "D2": "Missing data"},
        "judgements": {
            "a": {"D1": "low", "D2": {"level": "high", "support": "many left"}, "overall": "high"},
            "b": {"D1": "some concerns", "D2": "no information"},
        },
    },
}
PLACE = "review.yaml:"
type Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Return a folder whose effects have one focus per study, with a review in which values were replaced."""

    def write(text: str | None = None, **changes: Any) -> Path:
        folder = tmp_path / "good"
        folder.mkdir(exist_ok=True)
        (folder / "dataset.yaml").write_text(DESCRIPTION, encoding="utf-8")
        effects = EFFECTS.replace("a2,a,Able (2001),0.25,40,wide", "a2,a,Able (2001),0.25,40,narrow")
        (folder / "effects.csv").write_text(effects, encoding="utf-8")
        (folder / "claims.csv").write_text(CLAIMS, encoding="utf-8")
        review = copy.deepcopy(REVIEW)
        for keys, value in changes.items():
            place, *path = review, *keys.split("__")
            for key in path[:-1]:
                place = place[int(key) if key.isdigit() else key]
            if value is None:
                del place[path[-1]]
            else:
                place[path[-1]] = value
        dumped = yaml.safe_dump(review, sort_keys=False, allow_unicode=True)
        (folder / "review.yaml").write_text(dumped if text is None else text, encoding="utf-8")
        return folder

    return write


def told(folder: Path) -> list[str]:
    return [str(problem) for problem in check_dataset(folder)]


def test_a_sound_review_is_written_in_one_shape(put: Put, tmp_path: Path) -> None:
    assert told(put()) == []
    assert validate_data.main(["--dataset", str(put()), "--out-dir", str(tmp_path / "out")]) == 0
    review = json.loads((tmp_path / "out" / "review.json").read_text(encoding="utf-8"))
    assert [study["study_id"] for study in review["risk_of_bias"]["studies"]] == ["a", "b", "c"]
    assert [level["mark"] for level in review["risk_of_bias"]["levels"]] == ["low", "some", "high", "unknown"]
    (first, second, third) = review["characteristics"]["studies"]
    assert first["values"] == {"focus": "narrow", "country": "Israel", "n": "40", "blind": "yes"}
    assert second["values"] == {"focus": "wide", "country": None, "n": None, "blind": None}
    assert (third["effects"], third["values"]["n"]) == (False, "12")
    sums = {(row["step"], row["kind"]): row["n"] for row in review["flow"] if row["detail"] is None}
    assert (sums["identified", "database"], sums["identified", "register"], sums["removed", None]) == (110, 10, 20)


def test_without_a_review_every_part_is_null(put: Put, tmp_path: Path) -> None:
    folder = put()
    (folder / "review.yaml").unlink()
    assert read_dataset(folder).review is None
    assert validate_data.main(["--dataset", str(folder), "--out-dir", str(tmp_path / "out")]) == 0
    review = json.loads((tmp_path / "out" / "review.json").read_text(encoding="utf-8"))
    assert [review[part] for part in ("flow", "characteristics", "risk_of_bias")] == [None, None, None]


@pytest.mark.parametrize("part", ["flow", "characteristics", "risk_of_bias"])
def test_one_part_alone_is_enough(part: str, put: Put) -> None:
    text = yaml.safe_dump({part: REVIEW[part], "without_effects": REVIEW["without_effects"]}, sort_keys=False)
    assert told(put(text)) == []


# keys: value, what is said
CASES: dict[str, tuple[Any, str]] = {
    "flow__databases__screened": (101, "flow.databases.screened is 101, but 120 identified less 20 removed before"),
    "flow__databases__excluded": (70, "flow.databases.sought is 20, but 100 screened less 70 excluded leaves 30: 10 f"),
    "flow__databases__assessed": (19, "flow.databases.assessed is 19, but 20 sought less 2 not retrieved leaves 18: 1"),
    "flow__databases__identified__0__n": (81, "but 121 identified less 20 removed before screening leaves 101: 1 few"),
    "flow__databases__excluded_reports__0__n": (13, "included.reports is 3, but 20 assessed less 18 excluded with a"),
    "flow__other__sought": (4, "flow.other.sought is 4, but 3 identified by other methods leaves 3: 1 more."),
    "flow__other__not_retrieved": (0, "flow.other.assessed is 2, but 3 sought less 0 not retrieved leaves 3: 1 fewer"),
    "flow__included__reports": (5, "flow.included.reports is 5, but 20 assessed less 17 excluded with a reason leaves"),
    "flow__total__studies": (9, "flow.total.studies is 9, but 1 of the previous version and 2 new leaves 3: 6 more."),
    "flow__databases__removed__other": (-1, "flow.databases.removed.other is -1. Give a value at least 0."),
    "flow__databases__sought": (None, "the key sought is missing."),
    "flow__included__papers": (1, '"papers" is not a key here.'),
    "without_effects__0__study_id": ("a", "without_effects.0.study_id is a, and effects.csv has effects of it."),
    "characteristics__rows__abel": ({"n": 1}, "characteristics.rows: there is no study abel."),
    "characteristics__rows__a__n": ("forty", "characteristics.rows.a.n is forty, which is not a whole number."),
    "characteristics__rows__a__blind": (1, "characteristics.rows.a.blind is 1, which is not true or false."),
    "characteristics__rows__a__county": ("x", "Did you mean country? Describe the column"),
    "characteristics__columns__Country": ({"label": "x"}, "lower-case letters, digits and underscores"),
    "characteristics__from": (["focsu"], "characteristics.from.0: effects.csv has no column focsu. Did you mean focu"),
    "characteristics__labels": ({"age": "Age"}, "characteristics.labels.age: age is not taken from effects.csv."),
    "risk_of_bias__tool": ("Our own", "the levels of Our own are not known here. Add levels"),
    "risk_of_bias__judgements__a__D1": ("lo", "a.D1 is lo, which is no level of RoB 2. Did you mean low?"),
    "risk_of_bias__judgements__a__D9": ("low", "there is no domain D9."),
    "risk_of_bias__judgements__z": ({"D1": "low"}, "risk_of_bias.judgements: there is no study z."),
    "risk_of_bias__levels": (["low", "low"], "risk_of_bias.levels names a level twice."),
    "risk_of_bias__unknown": (["unclear"], "risk_of_bias.unknown: unclear is not a level."),
}


@pytest.mark.parametrize("keys", CASES)
def test_what_is_wrong_is_told_with_its_place(keys: str, put: Put) -> None:
    value, says = CASES[keys]
    problems = told(put(**{keys: value}))
    assert any(says in problem for problem in problems), problems
    assert all(f"good/{PLACE}" in problem for problem in problems)


def test_a_column_with_two_values_in_a_study_cannot_be_taken(put: Put) -> None:
    folder = put()
    (folder / "effects.csv").write_text(EFFECTS, encoding="utf-8")
    (problem,) = told(folder)
    assert "characteristics.from.0: the column focus has 2 values in study a (narrow, wide)." in problem


def test_everything_is_told_at_once_and_nothing_is_written(put: Put, tmp_path: Path) -> None:
    changes = {"flow__databases__screened": 99, "risk_of_bias__judgements__z": {"D1": "low"}, "flow__nonsense": 1}
    problems = told(put(characteristics__rows__q={"n": 1}, **changes))
    assert len(problems) == 3, problems
    assert validate_data.main(["--dataset", str(put(**changes)), "--out-dir", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text", ["", "- a\n", "flow: [", "flow: &x {a: *x}\n", "{}\n", "flow: " + "{a: " * 50, "\0", "x: " + "y" * 2**20]
)
def test_a_file_that_is_no_review_is_refused_with_a_sentence(text: str, put: Put) -> None:
    problems = told(put(text))
    assert problems
    assert all("review.yaml" in problem for problem in problems)


def test_the_command_checks_a_review(put: Put) -> None:
    result = CliRunner().invoke(check, [str(put(flow__databases__screened=99))])
    assert result.exit_code == 1
    assert "review.yaml:18: flow.databases.screened is 99" in result.output
