import json
from pathlib import Path
from typing import Any

import pytest

from analysis.files import write_json, write_records
from analysis.stages.make_figures import main
from tests.fake_results import NO_REVIEW, write_fragility
from tests.figures.samples import LEVELS, Sample, make_sample, prediction
from tests.figures.test_bubble import curve, levels

MODEL: dict[str, Any] = {
    **{"engine": "frequentist", "method": "REML", "test": "knha", "mods": None, "weights": None, "tau2_interval": "QP"},
    **{"prediction": "higgins", "permutations": 0, "level": 95.0, "seed": 1, "structure": "independent", "outer": None},
    **{"inner": None, "covariance": "UN", "rho": 0.6, "robust": None, "cluster": "study_id", "bootstrap": 0},
    **{"dfs": "residual", "rope": None},
}
ANALYSIS: dict[str, Any] = {
    **{"name": "regard", "title": "Regard & outcome", "question": "?", "dataset": "regard", "measure": "ZCOR"},
    **{"filter": {}, "aggregate_rho": None, "headline": "by_alliance", "predictor": None, "forest_group": "focus"},
    **{"models": ["by_alliance", "pooled", "by_focus"], "moderators": ["focus", "alliance"], "level": 95.0},
}
MODELS = [
    {**MODEL, "name": "by_alliance", "mods": "alliance * C(focus)"},
    {**MODEL, "name": "pooled"},
    {**MODEL, "name": "by_focus", "mods": "C(focus)"},
]


def write_model(folder: Path, sample: Sample, predictions: list[Any]) -> None:
    write_records(folder / "studies.csv", "studies", sample.studies)
    write_records(folder / "predictions.csv", "predictions", predictions)
    write_records(folder / "subgroups.csv", "subgroups", sample.subgroups)
    write_records(folder / "sweep.csv", "sweep", [])
    write_fragility(folder.parent)
    write_records(folder / "heterogeneity.csv", "heterogeneity", sample.heterogeneity)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    sample = make_sample(9)
    own = ("effect_id", "study_id", "slab", "row", "ni", "yi", "vi", "sei")
    effects = [
        {name: row[name] for name in own} | {"focus": sample.groups[str(row["effect_id"])], "alliance": i / 10}
        for i, row in enumerate(sample.studies)
    ]
    write_records(tmp_path / "effects.csv", "effects", effects)
    write_json(tmp_path / "review.json", NO_REVIEW)
    write_model(tmp_path / "pooled", sample, sample.mean)
    write_model(tmp_path / "by_alliance", sample, [row for label in LEVELS for row in curve(label)] + curve())
    write_model(tmp_path / "by_focus", sample, levels())
    return tmp_path


def run(results: Path, out: Path, **changes: Any) -> int:
    rows = ["--analysis", json.dumps(ANALYSIS | changes), "--models", json.dumps(MODELS)]
    return main([*rows, "--data", str(results), "--results", str(results), "--out", str(out)])


def test_every_figure_is_written_twice_and_told_in_the_manifest(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures"
    assert run(results, out) == 0
    manifest = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    stems = ["forest", "funnel", "bubble_by_alliance", "bubble_by_alliance_2", "bubble_by_focus"]
    assert [entry["file"] for entry in manifest] == [f"{stem}.svg" for stem in stems]
    assert {path.name for path in out.iterdir()} == {
        "figures.json",
        *(f"{stem}.{kind}" for stem in stems for kind in ("svg", "png")),
    }
    assert [entry["model"] for entry in manifest[:2]] == ["pooled", "pooled"]
    assert all(set(entry) == {"file", "kind", "model", "title", "caption", "alt"} for entry in manifest)


def test_alternative_texts_hold_the_numbers(results: Path, tmp_path: Path) -> None:
    assert run(results, tmp_path / "figures") == 0
    manifest = json.loads((tmp_path / "figures" / "figures.json").read_text(encoding="utf-8"))
    forest, funnel, bubble, _, strip = (entry["alt"] for entry in manifest)
    # tanh of .3, .2, .4, -.1 and .7
    assert "Pooled r = .29, 95% CI [.20, .38], 95% prediction interval [\u2212.10, .60]" in forest
    assert "Q(8) = 42.99, p < .001" in forest
    assert f"{LEVELS[0]} (k = 3): .29 [.20, .38]." in forest
    assert "pooled r = .29" in funnel
    # tanh of .1 and .4
    assert f"{LEVELS[1]}: the predicted mean goes from .10 at 0.00 to .38 at 1.00 of alliance." in bubble
    assert f"{LEVELS[2]}: .29 [.20, .38]." in strip


def test_the_cells_of_two_factors_are_drawn_once(results: Path, tmp_path: Path) -> None:
    for pairs, files in ((("focus", "alliance"),), 1), ((("focus", "alliance"), ("alliance", "focus")), 1):
        rows = [
            prediction("level", 0.2, moderator=moderator, label=label, by=by, by_label=label)
            for moderator, by in pairs
            for label in LEVELS
        ]
        write_records(results / "by_focus" / "predictions.csv", "predictions", rows)
        assert run(results, tmp_path / "figures") == 0
        manifest = json.loads((tmp_path / "figures" / "figures.json").read_text(encoding="utf-8"))
        assert sum(entry["model"] == "by_focus" for entry in manifest) == files


def test_a_second_run_gives_the_same_bytes(results: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(results, first) == run(results, second) == 0
    assert all(path.read_bytes() == (second / path.name).read_bytes() for path in first.iterdir())


def test_a_missing_column_stops_the_stage_with_one_sentence(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(results, tmp_path / "figures", forest_group="colour") == 1
    assert "effects.csv: there is no column colour. Compute the effects again." in capsys.readouterr().err
    assert not (tmp_path / "figures").exists()


def test_a_term_of_a_formula_is_found_by_its_column(results: Path, tmp_path: Path) -> None:
    term = "C(focus, contr.treatment('Interpersonal'))"
    rows = [prediction("level", 0.2, moderator=term, label=label) for label in LEVELS]
    write_records(results / "by_focus" / "predictions.csv", "predictions", rows)
    assert run(results, tmp_path / "figures") == 0


def test_a_headline_of_dependent_effects_gets_an_orchard_and_the_sweep_is_drawn(results: Path, tmp_path: Path) -> None:
    sweep = [
        {"structure": "correlated_hierarchical", "rho": rho, "term": "intrcpt", "estimate": 0.3 - rho / 10, "se": 0.05}
        | {"ddf": 9.5, "pval": 0.001, "ci_lb": 0.2 - rho / 10, "ci_ub": 0.4 - rho / 10, "tau2": 0.02, "level": 95.0}
        for rho in (0.0, 0.3, 0.6, 0.9)
    ]
    write_records(results / "pooled" / "sweep.csv", "sweep", sweep)
    rows = [{**row, "structure": "correlated_hierarchical"} if row["name"] == "pooled" else row for row in MODELS]
    out = tmp_path / "figures"
    arguments = ["--analysis", json.dumps({**ANALYSIS, "headline": "pooled"}), "--models", json.dumps(rows)]
    assert main([*arguments, "--data", str(results), "--results", str(results), "--out", str(out)]) == 0
    entries = {entry["kind"]: entry for entry in json.loads((out / "figures.json").read_text())}
    assert (out / "orchard.svg").is_file()
    assert "from .29 [.20, .38] at 0 to .21 [.11, .30] at .9" in entries["sweep"]["alt"]
    assert entries["orchard"]["title"] == "Orchard plot of the effects, by focus"
    labels = {group["label"] for group in json.loads(json.dumps(make_sample(9).subgroups))}
    svg = (out / "orchard.svg").read_text(encoding="utf-8")
    assert all(label in svg for label in (*labels, "All effects"))
