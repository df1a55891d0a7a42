"""The result tables of one fitted model, as `schemas/results/` defines them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from analysis.frequentist import cluster_wild_bootstrap, permutation_test, variance_inflation
from analysis.frequentist.laws import critical
from analysis.frequentist.mixed_results import MultilevelFit
from analysis.models.answers import build_predictions, build_slopes
from analysis.models.estimated import EstimatedModel, column_of
from analysis.models.fitted import FittedModel, Record, finite
from analysis.models.fitting import caveats
from analysis.models.groups import build_cells, build_subgroups
from analysis.models.honesty import build_power, build_support
from analysis.models.sweeping import build_sweep


def build_model_tables(model: EstimatedModel, *, group: str | None = None) -> dict[str, list[Record]]:
    """Build every table of a model, by name; those that do not apply are empty.

    Parameters
    ----------
    model : EstimatedModel
    group : str, optional
        Column whose levels get a model each, for the sections of a forest plot.
    """
    return {
        "coefficients": build_coefficients(model),
        "heterogeneity": model.heterogeneity(),
        "components": model.components(),
        "blups": model.blups(),
        "studies": build_studies(model),
        "predictions": build_predictions(model),
        "tests": build_tests(model),
        "cells": build_cells(model),
        "slopes": build_slopes(model),
        "collinearity": build_collinearity(model),
        "sweep": build_sweep(model),
        "support": build_support(model),
        "power": build_power(model),
        "subgroups": build_subgroups(model, group),
        "excluded": list(model.excluded),
    }


def build_coefficients(model: EstimatedModel) -> list[Record]:
    """One row per coefficient."""
    found = model.coefficients()
    return [
        {
            "term": name,
            "estimate": finite(found.estimate[index]),
            "se": finite(found.se[index]),
            "stat": finite(found.stat[index]),
            "dist": model.dist,
            "ddf": finite(found.ddf[index]),
            "pval": finite(found.pval[index]),
            "ci_lb": finite(found.ci_lb[index]),
            "ci_ub": finite(found.ci_ub[index]),
            "interval": "confidence",
            "level": found.level,
        }
        for index, name in enumerate(model.fit.names)
    ]


def build_studies(model: FittedModel) -> list[Record]:
    """Each effect with its interval, weight, fitted value and residual."""
    yi, sei = model.numbers("yi"), model.numbers("sei")
    reach = float(critical(model.row.level, np.array([np.inf]))[0]) * sei
    fitted = model.fitted_values()
    own = ("effect_id", "study_id", "slab", "row", "ni", "yi", "vi", "sei")
    return [
        {
            **{name: effect.get(name) for name in own},
            "ci_lb": float(yi[index] - reach[index]),
            "ci_ub": float(yi[index] + reach[index]),
            "weight": float(model.weights[index]),
            "fitted": float(fitted[index]),
            "resid": float(yi[index] - fitted[index]),
        }
        for index, effect in enumerate(model.effects)
    ]


def build_tests(model: EstimatedModel) -> list[Record]:
    """Omnibus, per-term, likelihood-ratio, permutation and bootstrap tests of the moderators."""
    if model.design is None:
        return _permutation_rows(model)
    found = model.likelihood_ratio()
    note = "both models refitted by ML"
    ratio = (
        [] if found is None else [_test("likelihood_ratio", "all", found[0], "chi2", found[1], None, found[2], note)]
    )
    return [_omnibus(model), *_term_rows(model), *ratio, *_permutation_rows(model), *_bootstrap_rows(model)]


def _omnibus(model: EstimatedModel) -> Record:
    fit, robust = model.fit, model.robust
    if robust is not None:
        test = robust.omnibus
        assert test is not None
        return _test("omnibus", "all", test.stat, test.dist, test.df, test.ddf, test.pval, _how(model))
    ddf = fit.qm_ddf if isinstance(fit, MultilevelFit) else fit.ddf
    law = "chi2" if math.isinf(float(ddf)) else "F"
    return _test("omnibus", "all", fit.qm, law, fit.qm_df, ddf, fit.qm_pval)


def _term_rows(model: EstimatedModel) -> list[Record]:
    return [
        _test("term", test.term, test.stat, test.dist, test.df, test.ddf, test.pval, _how(model))
        for test in model.term_tests()
    ]


def _how(model: EstimatedModel) -> str | None:
    return None if model.robust is None else f"{model.robust.kind}, approximate Hotelling (HTZ)"


def _test(test: str, term: str, stat: Any, dist: str, df: Any, ddf: Any, pval: Any, note: str | None = None) -> Record:
    return {
        "test": test,
        "term": term,
        "stat": finite(stat),
        "dist": dist,
        "df": finite(df),
        "ddf": finite(ddf),
        "pval": finite(pval),
        "note": note,
    }


def _permutation_rows(model: EstimatedModel) -> list[Record]:
    row = model.row
    if not row.permutations or isinstance(model.fit, MultilevelFit):
        return []
    X = model.design.design if model.design else None
    found = permutation_test(
        model.numbers("yi"),
        model.numbers("vi"),
        X,
        method=row.method,
        test=row.test,
        weights=model.numbers(row.weights) if row.weights else None,
        permutations=row.permutations,
        seed=row.seed,
    )
    note = f"{'all' if found.exact else 'random'} arrangements: {found.permutations}"
    rows = [
        _test("permutation", name, model.fit.stat[index], "permutation", 1, None, found.pval[index], note)
        for index, name in enumerate(found.names)
    ]
    omnibus = _test("permutation", "all", model.fit.qm, "permutation", model.fit.qm_df, None, found.qm_pval, note)
    return [omnibus, *rows] if X is not None else rows


def _bootstrap_rows(model: EstimatedModel) -> list[Record]:
    row, robust = model.row, model.robust
    if not row.bootstrap or robust is None or model.design is None:
        return []
    shared: dict[str, Any] = {"draws": row.bootstrap, "seed": row.seed, "kind": robust.kind}
    cluster = column_of(model.effects, row.cluster, row.name, "cluster")
    rows = []
    eye = np.eye(model.fit.p)
    columns = [index for index, name in enumerate(model.fit.names) if name != "intrcpt"]
    for name, places in (("all", columns), *((term.name, list(term.columns)) for term in model.design.design.terms)):
        found = cluster_wild_bootstrap(
            model.numbers("yi"), model.matrix, model.marginal(), cluster, eye[places], **shared
        )
        note = f"{found.weights} weights, {'all' if found.exact else 'random'} arrangements: {found.draws}"
        rows.append(_test("wild_bootstrap", name, found.stat, "bootstrap", found.df, None, found.pval, note))
    return rows


def build_collinearity(model: EstimatedModel) -> list[Record]:
    """Variance inflation of every term."""
    if model.design is None:
        return []
    return [
        {"term": item.term, "df": item.df, "vif": item.vif, "gvif": item.gvif, "gsif": item.gsif}
        for item in variance_inflation(model.fit, model.design.design)
    ]


def build_fit_document(model: EstimatedModel, tables: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """The whole fit as JSON: the model row, the fit, what is robust of it, and the sentences a reader must see."""
    sparse = sum(bool(cell["sparse"]) for cell in tables["cells"])
    return {
        "model": asdict(model.row),
        "measure": model.measure,
        "n_studies": model.n_studies,
        **_plain(model.fields()),
        **_plain(_robust_fields(model)),
        "notes": list(caveats(model, sparse)),
    }


def _robust_fields(model: EstimatedModel) -> dict[str, Any]:
    """What a robust variance puts in the place of the model's own, which stands under `model_based`."""
    robust = model.robust
    if robust is None:
        return {"robust": None}
    own = model.fields()
    replaced = ("se", "vb", "stat", "ddf", "pval", "ci_lb", "ci_ub")
    fields: dict[str, Any] = {name: getattr(robust, name) for name in replaced}
    if robust.omnibus is not None:
        test = robust.omnibus
        fields |= {"qm": test.stat, "qm_df": test.df, "qm_ddf": test.ddf, "qm_pval": test.pval}
    if own["pi_lb"] is not None:
        limits = model.predict(np.ones((1, 1)))
        fields |= {"pi_lb": limits.pi_lb[0], "pi_ub": limits.pi_ub[0], "pi_kind": limits.interval}
    kept = (*replaced, "dist", "qm", "qm_df", "qm_ddf", "qm_pval", "pi_lb", "pi_ub", "pi_kind")
    based = {name: own[name] for name in kept if name in own}
    named = {"kind": robust.kind, "cluster": model.row.cluster, "n_clusters": robust.n_clusters}
    return {**fields, "dist": "t", "robust": named, "model_based": based}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return finite(value)
