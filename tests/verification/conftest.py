"""A small page of real data, made by the stages as the workflow makes it, in a folder of its own."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from analysis.commands.verify_page import Folders
from analysis.config.loading import load_config, model_for
from analysis.stages import (
    assess_fragility,
    compute_effects,
    fit_bayesian,
    fit_frequentist,
    make_ledger,
    make_tables,
    render_report,
    run_multiverse,
    validate_data,
)

ROOT = Path(__file__).parents[2]
NAME = "positive_regard"
MODELS = ["random_effects", "equal_effects", "bayesian_mean"]
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 2L3 4"/>'
    '<text x="1" y="2">0.2718</text></svg>'
)
FIGURE = {
    "file": "forest.svg",
    "kind": "forest",
    "title": "Forest plot",
    "caption": "All.",
    "alt": "A plot.",
    "model": MODELS[0],
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with one rendered analysis: two frequentist models and one by integration."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "data" / NAME, project / "data" / NAME)
    shutil.copytree(ROOT / "reports" / "templates", project / "reports" / "templates")
    shutil.copy(ROOT / "reports" / "references.bib", project / "reports")
    choices = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    choices["analyses"] = {NAME: {**choices["analyses"][NAME], "models": MODELS}}
    del choices["path_models"]
    (project / "config").mkdir()
    (project / "config" / "config.yaml").write_text(yaml.safe_dump(choices, sort_keys=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        run_stages()
    return project


def run_stages() -> None:
    """Run every stage of the analysis in the current folder; the drawing is a stand-in."""
    config = load_config("config/config.yaml", "data")
    analysis, rows = config.analyses[NAME].to_json(), {name: model_for(config, NAME, name) for name in MODELS}
    data, results = f"results/data/{NAME}", f"results/{NAME}"
    models = json.dumps([asdict(row) for row in rows.values()])
    effects = ["--effects", f"{results}/effects.csv"]
    done = [validate_data.main(["--dataset", f"data/{NAME}", "--out-dir", data])]
    done += [
        compute_effects.main(
            ["--data", data, "--analysis", analysis, *effects, "--excluded", f"{results}/excluded.csv"]
        )
    ]
    for name, row in rows.items():
        stage = fit_frequentist if row.engine == "frequentist" else fit_bayesian
        out = ["--out-dir", f"{results}/{name}"]
        done += [stage.main([*effects, "--analysis", analysis, "--model", row.to_json(), *out])]
    fragility = ["--analysis", analysis, "--out-dir", f"{results}/fragility"]
    headline = rows[config.analyses[NAME].headline].to_json()
    done += [assess_fragility.main([*effects, *fragility, "--headline", headline, "--pooled", headline])]
    done += [run_multiverse.main(["--data", data, *fragility, "--headline", headline])]
    shared = ["--analysis", analysis, "--data", data]
    tables = ["--results", results, "--out", f"{results}/tables"]
    done += [make_tables.main([*shared, "--models", models, *tables])]
    done += [
        make_ledger.main([*shared, "--results", results, "--tolerance", str(config.tolerance), "--out-dir", results])
    ]
    figures = Path(results, "figures")
    figures.mkdir()
    drawn = [FIGURE, {**FIGURE, "file": "funnel.svg", "kind": "funnel", "title": "Funnel plot"}]
    (figures / "figures.json").write_text(json.dumps(drawn), encoding="utf-8")
    for figure in drawn:
        (figures / figure["file"]).write_text(DRAWING, encoding="utf-8")
    page = ["--tables", f"{results}/tables", "--figures", figures.as_posix()]
    page += ["--paper", f"{results}/paper.html", "--out", f"reports/rendered/{NAME}"]
    done += [render_report.main([*shared, "--models", models, *page])]
    assert done == [0] * len(done)


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project that a test may spoil, and the folder the test runs in."""
    copy = tmp_path / "project"
    shutil.copytree(made, copy)
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def folders() -> Folders:
    """Where everything is in the project."""
    parts = ("data", "results", "config/config.yaml", "reports/templates", "reports/references.bib")
    return Folders(*map(Path, parts))
