"""The ledger of an analysis: which number stands beside a claim, on which scale, from which rows, or why none does."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.files import read_records
from analysis.reproduction.conventions import CONVENTIONS
from analysis.reproduction.counterparts import critical_value, find_counterpart, no_effect, stated_level
from analysis.reproduction.ledger import build_ledger, count_verdicts, lines_behind, name_rows
from analysis.stages import make_ledger, make_tables
from analysis.vocabulary import VERDICTS
from tests.fake_results import FIT, Folder, build_folder

CLAIM: dict[str, Any] = {
    **{"claim_id": "c", "paper": "Farber & Doolin (2011)", "doi": None, "where": "p. 61", "relation": "a -> b"},
    **{"quantity": "estimate", "printed": ".27", "metric": "r", "model": None, "note": None},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    built = build_folder(tmp_path_factory.mktemp("ledger"), with_moderators=True)
    assert make_tables.main(built.tables_arguments()) == 0
    return built


@pytest.fixture(scope="module")
def models(folder: Folder) -> list[dict[str, Any]]:
    return [dict(row) for row in read_records(folder.results / "tables" / "models.csv", "../tables/models")]


def ledger(models: list[dict[str, Any]], *claims: dict[str, Any], headline: str = "random_effects") -> list[Any]:
    lines = {row["model"]: range(2, 14) for row in models}
    return build_ledger(claims, models, lines, headline=headline, dataset="regard", tolerance=5.0)


def one(models: list[dict[str, Any]], **changes: Any) -> Any:
    (row,) = ledger(models, {**CLAIM, **changes})
    return row


def test_ours_is_at_full_precision_and_on_the_scale_that_was_printed(models: list[dict[str, Any]]) -> None:
    row = one(models)
    assert row["ours"] == np.tanh(0.2812)
    assert row["distance"] == pytest.approx(abs(np.tanh(0.2812) - 0.27) / 0.27)
    assert (row["printed_lb"], row["printed_ub"], row["verdict"]) == (0.265, 0.275, "reproduced")
    row = one(models, metric="z", printed="0.30")
    assert row["ours"] == pytest.approx(0.2812, rel=1e-14)
    assert row["verdict"] == "differs"


@pytest.mark.parametrize(
    ("quantity", "metric", "ours"),
    [
        ("ci_lb", "r", np.tanh(0.2812 - 2 * 0.0734)),
        ("pi_ub", "z", FIT["pi_ub"]),
        ("se", None, 0.0734),
        ("stat", None, 0.2812 / 0.0734),
        ("p", None, 0.0021),
        ("k", None, 12),
        ("Q", None, 31.7),
        ("df", None, 11),
        ("Q_p", None, 0.00084),
        ("I2", "%", 61.4321),
        ("I2", None, 61.4321),
        ("I2", "proportion", 0.614321),
        ("H2", None, 2.59),
        ("tau2", None, 0.0213),
        ("tau", None, 0.0213**0.5),
    ],
)
def test_every_quantity_has_its_counterpart(
    models: list[dict[str, Any]], quantity: str, metric: str | None, ours: float
) -> None:
    row = one(models, quantity=quantity, metric=metric, printed="1")
    assert row["ours"] == pytest.approx(ours, rel=1e-14)
    assert row["model"] == "random_effects"


@pytest.mark.parametrize(
    ("quantity", "metric", "ours"),
    [("QM", None, 3.1), ("QM_p", None, 0.0713), ("p", None, 0.0713), ("R2", "R2", 0.182)],
)
def test_a_model_with_moderators_answers_for_its_moderators(
    models: list[dict[str, Any]], quantity: str, metric: str | None, ours: float
) -> None:
    row = one(models, quantity=quantity, metric=metric, model="by_dimension", printed=".5")
    assert (row["ours"], row["model"]) == (pytest.approx(ours), "by_dimension")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": "dersimonian_laird"}, "the analysis fits no model named dersimonian_laird"),
        ({"metric": "d"}, "the printed metric d is not one this analysis uses"),
        ({"metric": "kappa"}, "the printed metric kappa is not one this analysis uses"),
        ({"model": "by_dimension"}, "a model with moderators has no single mean"),
        ({"quantity": "R2", "metric": "R2"}, "this model has no moderators"),
        ({"quantity": "cr_lb"}, "credibility limits are not computed here"),
        ({"quantity": "n_total", "printed": "?", "metric": None}, "the sample size of an effect is not known"),
        (
            {"quantity": "ci_lb", "note": "90 % confidence; abstract"},
            "the printed limits are at 90 per cent, those of this model at 95",
        ),
    ],
)
def test_what_cannot_be_computed_names_the_missing_fact(
    models: list[dict[str, Any]], changes: dict[str, Any], reason: str
) -> None:
    rows = [{**row, "n_total": None} for row in models] if "printed" in changes else models
    row = one(rows, **{**changes, "printed": ".27"})
    assert (row["verdict"], row["reason"], row["ours"], row["rows"]) == ("not computable", reason, None, None)


@pytest.mark.parametrize("quantity", ["tau2", "tau"])
def test_an_equal_effects_model_estimates_no_variance(models: list[dict[str, Any]], quantity: str) -> None:
    equal = {**models[0], "method": "EE", "tau2": 0.0, "tau": 0.0, "pi_lb": None}
    found = find_counterpart({**CLAIM, "quantity": quantity, "metric": None}, equal)
    assert (found.ours, found.missing) == (None, f"{quantity} is not estimated by this model")
    found = find_counterpart({**CLAIM, "quantity": "pi_lb"}, equal)
    assert found.missing == "a model with one true effect predicts no new one"


@pytest.mark.parametrize(
    ("measure", "metric", "shown", "ours", "null"),
    [
        ("OR", "OR", 2.0, 2.0, 1.0),
        ("OR", "logOR", 2.0, np.log(2.0), 0.0),
        ("RR", "logRR", 0.5, np.log(0.5), 0.0),
        ("SMD", "g", 0.4, 0.4, 0.0),
        ("PLO", "%", 0.4, 40.0, None),
        ("GEN", "d", 0.4, 0.4, 0.0),
        ("MD", None, 3.0, 3.0, 0.0),
        ("RR", None, 0.5, 0.5, 1.0),
        ("COR", "z", 0.5, np.arctanh(0.5), 0.0),
    ],
)
def test_metrics_that_a_closed_formula_connects(
    models: list[dict[str, Any]], measure: str, metric: str | None, shown: float, ours: float, null: float | None
) -> None:
    found = find_counterpart({**CLAIM, "metric": metric}, {**models[0], "measure": measure, "estimate": shown})
    assert found.ours == pytest.approx(ours)
    assert no_effect(metric, measure) == null


def test_d_does_not_follow_from_a_pooled_g(models: list[dict[str, Any]]) -> None:
    found = find_counterpart({**CLAIM, "metric": "d"}, {**models[0], "measure": "SMD"})
    assert "with the n of each" in found.missing


def test_critical_values_are_those_of_scipy_stats(models: list[dict[str, Any]]) -> None:
    q = critical_value({**CLAIM, "quantity": "Q"}, models[0])
    assert q == pytest.approx(stats.chi2.isf(0.05, 11))
    assert critical_value({**CLAIM, "quantity": "stat"}, models[0]) == pytest.approx(stats.t.isf(0.025, 11))
    normal = {**models[0], "dist": "z", "ddf": None}
    assert critical_value({**CLAIM, "quantity": "stat"}, normal) == pytest.approx(stats.norm.isf(0.025))


def test_a_moderated_headline_leaves_the_mean_to_a_model_that_has_one(models: list[dict[str, Any]]) -> None:
    (row,) = ledger(models, CLAIM, headline="by_dimension")
    assert row["model"] == "random_effects"
    bayesian = {**models[0], "model": "bayesian_mean", "engine": "exact"}
    (row,) = ledger([models[1], bayesian, models[0]], CLAIM, headline="by_dimension")
    assert row["model"] == "random_effects"
    (row,) = ledger([models[1], bayesian], CLAIM, headline="by_dimension")
    assert row["model"] == "bayesian_mean"


def test_every_row_names_what_is_behind_it(models: list[dict[str, Any]]) -> None:
    first, second = ledger(models, CLAIM, {**CLAIM, "model": "none"})
    assert first["rows"] == "rows 2-13 of effects.csv"
    assert first["source"].startswith("data/regard/claims.csv:2; tables/models.csv:2; random_effects/fit.json")
    assert second["source"] == "data/regard/claims.csv:3"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (range(2, 20), "rows 2-19"),
        ([7, 2, 3, 4, 5, 9, 10], "rows 2-5, 7, 9-10"),
        ([3], "row 3"),
        ([3, 3, 5], "rows 3, 5"),
    ],
)
def test_lines_in_words(lines: list[int], words: str) -> None:
    assert name_rows(lines) == words


def test_a_composite_has_every_line_of_its_study_that_entered() -> None:
    effects = [{"row": row, "study_id": study} for row, study in zip(range(2, 8), "aabbcc", strict=True)]
    studies = [{"row": 2, "study_id": "a"}, {"row": 4, "study_id": "b"}]
    assert lines_behind(studies, effects, [{"row": 5}], composites=True) == [2, 3, 4]
    assert lines_behind(studies, effects, [{"row": 5}], composites=False) == [2, 4]


def test_verdicts_are_counted_best_first(models: list[dict[str, Any]]) -> None:
    claims = [{**CLAIM, "claim_id": f"c{i}", "printed": text} for i, text in enumerate([".27", ".27", ".28", "-.30"])]
    counted = count_verdicts(ledger(models, *claims), 5.0)
    assert [row["verdict"] for row in counted] == list(VERDICTS)
    assert [row["count"] for row in counted] == [2, 1, 0, 1, 0]
    assert counted[0]["claims"] == "c0; c1"
    assert {(row["total"], row["tolerance"]) for row in counted} == {(4, 5.0)}


def test_the_level_of_a_printed_interval_stands_in_its_note() -> None:
    assert stated_level({**CLAIM, "note": "95 % confidence; decimals as in the copy"}) == 95.0
    assert stated_level({**CLAIM, "note": "80% credibility"}) == 80.0
    assert stated_level({**CLAIM, "note": "12 % of the studies"}) is None


def test_the_stage_writes_tables_that_their_schemas_allow(folder: Folder) -> None:
    assert make_ledger.main(folder.ledger_arguments()) == 0
    (row,) = read_records(folder.results / "ledger.csv", "ledger")
    assert (row["verdict"], row["rows"]) == ("reproduced", "rows 2-13 of effects.csv")
    assert len(read_records(folder.results / "verdicts.csv", "verdicts")) == len(VERDICTS)
    assert read_records(folder.results / "consistency.csv", "consistency") == []
    assert read_records(folder.results / "explanations.csv", "explanations") == []
    assert len(read_records(folder.results / "conventions.csv", "conventions")) == len(CONVENTIONS)


def test_a_missing_file_is_one_message_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = build_folder(tmp_path)
    assert make_ledger.main(empty.ledger_arguments()) == 1
    assert "models.csv" in capsys.readouterr().err
