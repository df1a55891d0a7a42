"""A small results folder as the stages before tables and reports leave it; numbers are made up but fit together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.files import write_json, write_records, write_text

SVG = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="200pt" height="100pt">
<metadata><a xmlns="http://purl.org/dc">x</a></metadata>
<defs><style type="text/css">*{stroke-linejoin: round}</style>
<clipPath id="clip"><rect width="9" height="9"/></clipPath></defs>
<g id="axes" onclick="alert(1)"><path id="mark" d="M 0 0 L 1 1" clip-path="url(#clip)"/><use xlink:href="#mark"/></g>
<script>alert(1)</script><image href="https://example.org/x.png"/><text>Bachelor (1991)</text></svg>"""

MODEL: dict[str, Any] = {
    "engine": "frequentist",
    "structure": "independent",
    "outer": None,
    "inner": None,
    "covariance": "UN",
    "rho": 0.6,
    "robust": None,
    "cluster": "study_id",
    "bootstrap": 0,
    "dfs": "residual",
    "rope": [-0.05, 0.05],
    "method": "REML",
    "test": "knha",
    "mods": None,
    "weights": None,
    "tau2_interval": "QP",
    "prediction": "knapp_hartung",
    "permutations": 0,
    "level": 95.0,
    "seed": 12,
}
FIT: dict[str, Any] = {
    **{"k": 12, "n_studies": 12, "p": 1, "level": 95.0, "tau2": 0.0213, "se_tau2": 0.0151, "i2": 61.4321, "h2": 2.59},
    **{"qe": 31.7, "qe_df": 11, "qe_pval": 0.00084, "qm": None, "qm_df": 0, "qm_pval": None, "r2": None},
    **{"pi_lb": -0.0612, "pi_ub": 0.6123, "pi_kind": "knapp_hartung"},
    **{"loglik": 2.1, "aic": -0.2, "bic": 0.6, "aicc": 1.3, "notes": []},
    "convergence": {"converged": True, "iterations": 6, "at_boundary": False},
}
NO_REVIEW = {"flow": None, "characteristics": None, "risk_of_bias": None, "without_effects": [], "n_studies": 12}
WOMEN = {"name": "share_women", "description": "proportion of women", "unit": "per cent", "type": "number"}
SETTING = {"name": "setting", "description": "where patients were treated", "unit": "", "type": "category"}
RI = {"name": "ri", "description": "correlation of regard with outcome", "unit": "", "type": "number"}
TABLES = (
    *("coefficients", "heterogeneity", "studies", "predictions", "tests", "cells", "slopes", "collinearity"),
    *("components", "sweep", "support", "power"),
)


@dataclass(frozen=True)
class Folder:
    """Where the fake results stand, and the rows that go with them."""

    root: Path
    analysis: dict[str, Any]
    models: list[dict[str, Any]]

    @property
    def results(self) -> Path:
        return self.root / "results" / str(self.analysis["name"])

    @property
    def data(self) -> Path:
        return self.root / "results" / "data" / str(self.analysis["dataset"])

    @property
    def page(self) -> Path:
        return self.root / "reports" / "rendered" / str(self.analysis["name"])

    def tables_arguments(self) -> list[str]:
        rows = ["--analysis", json.dumps(self.analysis), "--models", json.dumps(self.models)]
        return [*rows, "--data", str(self.data), "--results", str(self.results), "--out", str(self.results / "tables")]

    def ledger_arguments(self) -> list[str]:
        rows = ["--analysis", json.dumps(self.analysis), "--tolerance", "5"]
        return [*rows, "--data", str(self.data), "--results", str(self.results), "--out-dir", str(self.results)]

    def report_arguments(self) -> list[str]:
        rows = ["--analysis", json.dumps(self.analysis), "--models", json.dumps(self.models)]
        folders = ["--data", str(self.data), "--tables", str(self.results / "tables")]
        pages = ["--paper", str(self.results / "paper.html"), "--out", str(self.page)]
        return [*rows, *folders, "--figures", str(self.results / "figures"), *pages]


def coefficient(term: str, estimate: float, se: float, **more: Any) -> dict[str, Any]:
    """A row of coefficients with limits two standard errors away."""
    row = {
        "term": term,
        "estimate": estimate,
        "se": se,
        "stat": estimate / se,
        "dist": "t",
        "ddf": 11.0,
        "pval": 0.0021,
    }
    row |= {"ci_lb": estimate - 2 * se, "ci_ub": estimate + 2 * se, "interval": "confidence", "level": 95.0}
    return row | more


def heterogeneity(fit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of tau2, I2 and Q."""
    empty = {"se": None, "ci_lb": None, "ci_ub": None, "df": None, "pval": None, "method": "REML/QP", "level": 95.0}
    return [
        empty | {"quantity": "tau2", "estimate": fit["tau2"], "se": 0.0151, "ci_lb": 0.0042, "ci_ub": 0.0871},
        empty | {"quantity": "i2", "estimate": fit["i2"], "ci_lb": 24.1, "ci_ub": 86.7},
        empty | {"quantity": "qe", "estimate": fit["qe"], "df": 11.0, "pval": fit["qe_pval"]},
    ]


def studies(k: int, *slabs: str) -> list[dict[str, Any]]:
    """k effects of k studies; the first have the labels given."""
    rows = []
    for number in range(1, k + 1):
        yi = 0.05 * (number % 20)
        row = {
            "effect_id": f"e{number}",
            "study_id": f"s{number}",
            "slab": slabs[number - 1] if number <= len(slabs) else f"Study {number} (2001)",
        }
        row |= {"row": number + 1, "ni": 40 + number, "yi": yi, "vi": 0.02, "sei": 0.02**0.5}
        rows.append(row | {"ci_lb": yi - 0.28, "ci_ub": yi + 0.28, "weight": 100 / k, "fitted": 0.3, "resid": yi - 0.3})
    return rows


def influence(effects: Sequence[Mapping[str, Any]], estimate: float, se: float) -> list[dict[str, Any]]:
    """The mean without each effect, a little further away each time; without the last the conclusion changes."""
    empty = dict.fromkeys(
        ("rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "qe_del", "hat", "dfbetas", "baujat_x", "baujat_y")
    )
    rows = []
    for number, effect in enumerate(effects, start=1):
        mean = estimate + 0.001 * number
        row = {name: effect[name] for name in ("effect_id", "study_id", "slab", "row")} | empty
        row |= {"weight": 8.0, "is_infl": False, "estimate": mean, "ci_lb": mean - 2 * se, "ci_ub": mean + 2 * se}
        row |= {"pval": 0.001 * number, "tau2": 0.02 + 0.001 * number, "i2": 60.0 + number, "term": "intrcpt"}
        rows.append({**row, "flips": number == len(effects)})
    return rows


def sweep(estimate: float, se: float) -> list[dict[str, Any]]:
    """The mean at four correlations, among them that of the model."""
    row = {"structure": "correlated_hierarchical", "term": "intrcpt", "se": se, "ddf": 11.0, "level": 95.0}
    return [
        {**row, "rho": rho, "estimate": estimate - rho / 10, "pval": 0.01 + rho / 100, "tau2": 0.03 - rho / 100}
        | {"ci_lb": estimate - rho / 10 - 2 * se, "ci_ub": estimate - rho / 10 + 2 * se}
        for rho in (0.0, 0.3, 0.6, 0.9)
    ]


def subgroups() -> list[dict[str, Any]]:
    """A row for each level of a factor."""
    row = {"moderator": "dimension", "k": 6, "n_studies": 6, "estimate": 0.2, "se": 0.1, "ci_lb": 0.0, "ci_ub": 0.4}
    row |= {"pi_lb": -0.2, "pi_ub": 0.6, "tau2": 0.01, "i2": 40.0, "qe": 7.0, "qe_pval": 0.22, "level": 95.0}
    return [{**row, "label": label} for label in ("anxiety", "security")]


def write_model(results: Path, model: Mapping[str, Any], fit: Mapping[str, Any], tables: Mapping[str, Any]) -> None:
    """Write what one model leaves behind; tables that are not given are headers alone."""
    folder = results / str(model["name"])
    write_json(folder / "fit.json", {**fit, "model": model, "method": model["method"], "test": model["test"]})
    for name in (*TABLES, "subgroups", "excluded"):
        write_records(folder / f"{name}.csv", name, tables.get(name, []))


def build_folder(
    root: Path,
    *,
    estimate: float = 0.2812,
    se: float = 0.0734,
    fit: Mapping[str, Any] | None = None,
    synthetic: bool = False,
    slab: str = "Bachelor (1991)",
    note: str = "The n of one study differs between two copies.",
    with_moderators: bool = False,
    headline: str = "random_effects",
    pval: float = 0.0021,
    moderated: Mapping[str, Any] | None = None,
    claims: Sequence[Mapping[str, Any]] = ({},),
    more_slabs: Sequence[str] = (),
    left_out: bool = False,
    review: Mapping[str, Any] | None = None,
) -> Folder:
    """Write a folder of results for one analysis with a random-effects model, and with a meta-regression if asked."""
    name = "synthetic_regard" if synthetic else "regard"
    models = [{**MODEL, "name": "random_effects"}]
    if with_moderators:
        models.append({**MODEL, "name": "by_dimension", "mods": "alliance * C(dimension)"})
    analysis = {
        **{"name": name, "title": "Positive regard and outcome", "question": "Does regard go with outcome?"},
        **{"dataset": name, "measure": "ZCOR", "filter": {}, "aggregate_rho": None, "predictor": None},
        **{"models": [model["name"] for model in models], "headline": headline, "forest_group": None},
        **{"moderators": ["share_women", "setting"], "level": 95.0},
    }
    folder = Folder(root, analysis, models)
    whole = {**FIT, **(fit or {})}
    mean = {"kind": "mean", "moderator": None, "value": None, "label": "mean", "by": None, "by_label": None}
    mean |= {"pred": estimate, "se": se, "ci_lb": estimate - 2 * se, "ci_ub": estimate + 2 * se, "level": 95.0}
    limits = {"pi_lb": whole["pi_lb"], "pi_ub": whole["pi_ub"]}
    plain = {
        "coefficients": [coefficient("intrcpt", estimate, se, pval=pval)],
        "heterogeneity": heterogeneity(whole),
        "studies": studies(whole["k"], slab, *more_slabs),
        "subgroups": subgroups(),
        "sweep": sweep(estimate, se) if left_out else [],
        "predictions": [{**mean, **limits, "interval": "knapp_hartung"}, {**mean, **limits, "interval": "normal"}],
    }
    write_model(folder.results, models[0], whole, plain)
    if with_moderators:
        more = {**_moderated(whole), **(moderated or {})}
        write_model(folder.results, models[1], more, _moderator_tables(more, slab))
    write_records(
        folder.results / "excluded.csv",
        "excluded",
        [{"row": 14, "effect_id": "e13", "slab": "Litter (2004)", "step": "measure", "reason": "ri is 1"}],
    )
    columns = ("effect_id", "study_id", "slab", "row", "ni", "yi", "vi", "sei")
    effects = [{column: row[column] for column in columns} for row in studies(whole["k"], slab, *more_slabs)]
    write_records(folder.results / "effects.csv", "effects", effects)
    write_fragility(folder.results, influence=influence(effects, estimate, se) if left_out else [])
    _write_shown(folder, synthetic, note, review)
    _write_claims(folder, claims, effects)
    return folder


FRAGILITY = (
    *("influence", "influence_clusters", "cumulative", "gosh", "gosh_clusters", "bias_estimates", "bias_tests"),
    *("multiverse", "multiverse_summary", "multiverse_shares", "multiverse_flips", "multiverse_test"),
)


def write_fragility(results: Path, **tables: Sequence[Mapping[str, Any]]) -> None:
    """Write the tables of the robustness section; those that are not given are headers alone."""
    for name in FRAGILITY:
        write_records(results / "fragility" / f"{name}.csv", name, tables.get(name, []))
    models = {"influence": "random_effects", "bias": "random_effects"}
    document = {"models": models, "notes": {"influence": [], "bias": []}, "level": 95.0}
    write_json(results / "fragility" / "fragility.json", document)


def _moderated(fit: Mapping[str, Any]) -> dict[str, Any]:
    more = {"p": 4, "qm": 3.1, "qm_df": 3, "qm_pval": 0.0713, "r2": 18.2, "pi_lb": None, "pi_ub": None, "pi_kind": None}
    return {**fit, **more, "notes": ["One cell of alliance:C(dimension) is sparse."]}


def _moderator_tables(fit: Mapping[str, Any], slab: str) -> dict[str, Any]:
    test = {"dist": "F", "df": 3, "ddf": 8.0, "note": None}
    cell = {"term": "alliance:C(dimension)", "sparse": False, "k": 6, "n_studies": 6, "n_clusters": 6}
    slope = {
        "kind": "slope",
        "moderator": "alliance",
        "dist": "t",
        "ddf": 8.0,
        "level": 95.0,
        "stat": 1.5,
        "pval": 0.17,
    }
    return {
        "coefficients": [
            coefficient("intrcpt", 0.2, 0.1),
            coefficient("alliance", 0.11, 0.05),
            coefficient("C(dimension)[T.anxiety]", -0.3, 0.12),
            coefficient("alliance:C(dimension)[T.anxiety]", 0.09, 0.08),
        ],
        "heterogeneity": heterogeneity(fit),
        "studies": studies(fit["k"], slab),
        "subgroups": subgroups(),
        "tests": [
            {**test, "test": "omnibus", "term": "all", "stat": 3.1, "pval": 0.0713},
            {**test, "test": "term", "term": "alliance", "stat": 4.84, "df": 1, "pval": 0.0414},
            {**test, "test": "term", "term": "alliance:C(dimension)", "stat": 1.27, "df": 1, "pval": 0.2931},
        ],
        "cells": [
            {**cell, "cell": "low alliance, security"},
            {**cell, "cell": "high alliance, anxiety", "k": 2, "n_studies": 2, "sparse": True},
        ],
        "slopes": [{**slope, "at": "security", "estimate": 0.11, "se": 0.05, "ci_lb": 0.01, "ci_ub": 0.21}],
        "collinearity": [{"term": "alliance", "df": 1, "vif": 1.8, "gvif": 1.8, "gsif": 1.34}],
    }


def _write_claims(folder: Folder, claims: Sequence[Mapping[str, Any]], effects: Sequence[Mapping[str, Any]]) -> None:
    """Write the lines that the effects came from, and claims that differ from that of Farber & Doolin as stated.

    The proportion of women of the second effect is not reported; every third has a note.
    """
    lines = [{"row": row, "effect_id": f"e{row - 1}", "study_id": f"s{row - 1}", "slab": "A"} for row in (14,)]
    lines = [{name: effect[name] for name in ("row", "effect_id", "study_id", "slab")} for effect in effects] + lines
    stated = [
        {
            **line,
            "ri": round(0.05 + 0.01 * number, 2),
            "ni": 40.0 + number,
            "share_women": None if number == 2 else float(number % 7),
            "setting": ("clinic", "private practice", "inpatient")[number % 3],
            "note": line["slab"] if number % 3 == 0 else None,
        }
        for number, line in enumerate(lines, start=1)
    ]
    write_records(folder.data / "effects.csv", "data_effects", stated)
    claim = {"paper": "Farber & Doolin (2011)", "doi": "10.1037/a0022141", "where": "abstract"}
    claim |= {"quantity": "estimate", "printed": ".27", "metric": "r", "relation": "regard -> outcome"}
    claim |= {"model": None, "note": None}
    rows = [{"claim_id": f"c{number}", **claim, **changes} for number, changes in enumerate(claims, start=1)]
    write_records(folder.data / "claims.csv", "../claims", rows)


def _write_shown(folder: Folder, synthetic: bool, note: str, review: Mapping[str, Any] | None) -> None:
    described = {
        "folder": f"data/{folder.analysis['dataset']}",
        **{"name": folder.analysis["dataset"], "title": "Positive regard", "kind": "effects", "synthetic": synthetic},
        **{
            "question": "q",
            "citation": "Farber & Doolin (2011), Psychotherapy 48(1), 58-64",
            "doi": "10.1037/a0022141",
        },
        **{"licence": "CC0", "source": "a copy", "provenance": "renamed", "measure": "ZCOR", "notes": [note]},
        **{"direction": "positive: better outcome", "k": 13, "n_studies": 13, "columns": [WOMEN, SETTING, RI]},
    }
    write_json(folder.data / "dataset.json", described)
    write_json(folder.data / "review.json", {**NO_REVIEW, **(review or {})})
    figure = {"file": "forest.svg", "kind": "forest", "model": "random_effects", "title": "Forest plot"}
    figure |= {"caption": "Every study.", "alt": "Twelve studies, most on the positive side."}
    write_json(
        folder.results / "figures" / "figures.json",
        [figure, {**figure, "file": "again.svg", "kind": "funnel", "title": "Again"}],
    )
    for name in ("forest.svg", "again.svg"):
        write_text(folder.results / "figures" / name, SVG)
