"""Draw the figures of an analysis: `results/{analysis}/figures/*.{svg,png}`, and what they show: `figures.json`."""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.datasets import Records
from analysis.errors import DataError
from analysis.files import read_records, write_bytes, write_json
from analysis.rows import AnalysisRow, AnyModelRow, BayesianRow, ModelRow, model_row_from_json
from analysis.stages.fragility_figures import draw_fragility
from analysis.stages.posterior_figures import draw_posterior
from analysis.stages.review_figures import draw_review
from analysis.stages.running import run_stage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

type Drawing = tuple["Figure", dict[str, Any]]

KINDS = ("svg", "png")


def moderator_name(term: str) -> str:
    """Return the column behind a term: `C(dimension, contr.sum)` is about `dimension`."""
    return re.sub(r"^C\((\w+).*\)$", r"\1", term)


def column_values(path: Path, term: str) -> dict[str, Any]:
    """Return the column behind a term by effect_id."""
    effects, name = read_records(path, "effects"), moderator_name(term)
    if effects and name not in effects[0]:
        raise DataError(f"{path}: there is no column {name}. Compute the effects again.")
    return {str(effect["effect_id"]): effect[name] for effect in effects}


def level_labels(values: Mapping[str, Any]) -> dict[str, str | None]:
    """Return levels as the results tables word them."""
    return {key: None if value is None else _label(value) for key, value in values.items()}


def _label(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def pooling_model(analysis: AnalysisRow, models: Mapping[str, AnyModelRow]) -> ModelRow | None:
    """Return the headline model, or the first without moderators where it has some: only those have one pooled mean."""
    ordered = [models[name] for name in (analysis.headline, *analysis.models) if name in models]
    return next((row for row in ordered if isinstance(row, ModelRow) and not row.moderated), None)


def draw_pooled(analysis: AnalysisRow, row: ModelRow, results: Path) -> Iterator[Drawing]:
    """Draw the forest and the funnel plot of a model without moderators."""
    from analysis.figures.descriptions import describe_forest, describe_funnel
    from analysis.figures.forest import plot_forest
    from analysis.figures.funnel import plot_funnel
    from analysis.figures.records import number

    names = ("studies", "predictions", "subgroups", "heterogeneity")
    studies, predictions, subgroups, spread = (read_records(results / row.name / f"{name}.csv", name) for name in names)
    mean = [record for record in predictions if record["kind"] == "mean"]
    if not studies or not mean:
        raise DataError(f"{results / row.name}/predictions.csv: there is no pooled mean. Fit the model again.")
    groups, parts = None, []
    if analysis.forest_group is not None:
        groups = level_labels(column_values(results / "effects.csv", analysis.forest_group))
        parts = [
            record
            for record in subgroups
            if record["moderator"] == analysis.forest_group and record["estimate"] is not None
        ]
    shared: dict[str, Any] = {"measure": analysis.measure, "heterogeneity": spread, "subgroups": parts}
    shared |= {"mean": mean, "prediction": row.prediction}
    forest = plot_forest(studies, **shared, level=row.level, groups=groups, method=row.method, title=analysis.title)
    yield forest, {"kind": "forest", "model": row.name, "file": "forest.svg", **describe_forest(studies, **shared)}
    tau2 = next((number(record, "estimate") for record in spread if record["quantity"] == "tau2"), None)
    funnel: dict[str, Any] = {"estimate": mean[0]["pred"], "measure": analysis.measure}
    words = describe_funnel(studies, **funnel)
    figure = plot_funnel(studies, **funnel, tau2=tau2, level=row.level, title=analysis.title)
    yield figure, {"kind": "funnel", "model": row.name, "file": "funnel.svg", **words}


def draw_dependence(analysis: AnalysisRow, models: Sequence[ModelRow], results: Path) -> Iterator[Drawing]:
    """Draw an orchard of a headline model of dependent effects, and the models under other correlations."""
    from analysis.figures.descriptions import describe_bubble
    from analysis.figures.orchard import orchard_levels, plot_orchard
    from analysis.figures.sweep import describe_sweep, plot_sweep

    headline = next((row for row in models if row.name == analysis.headline and row.structure != "independent"), None)
    if headline is not None:
        names = ("studies", "predictions", "subgroups")
        studies, predictions, parts = (read_records(results / headline.name / f"{name}.csv", name) for name in names)
        groups, by = None, analysis.forest_group
        if by is not None:
            groups = level_labels(column_values(results / "effects.csv", by))
            parts = [record for record in parts if record["moderator"] == by]
        mean = next(record for record in predictions if record["kind"] == "mean")
        shared: dict[str, Any] = {"mean": mean, "subgroups": parts, "groups": groups, "measure": analysis.measure}
        name = "study" if by is None else by.replace("_", " ")
        words = describe_bubble(
            studies, orchard_levels(mean, parts if groups else ()), moderator=name, measure=analysis.measure
        )
        words["title"] = "Orchard plot of the effects" + ("" if by is None else f", by {name}")
        figure = plot_orchard(studies, **shared, title=analysis.title)
        yield figure, {"kind": "orchard", "model": headline.name, "file": "orchard.svg", **words}
    sweep = [
        {"model": row.name, **record}
        for row in models
        for record in read_records(results / row.name / "sweep.csv", "sweep")
    ]
    if sweep:
        named = {row.name: row.name.replace("_", " ") for row in models}
        own = {row.name: row.rho for row in models}
        figure = plot_sweep(sweep, own=own, names=named, measure=analysis.measure, title=analysis.title)
        words = describe_sweep(sweep, names=named, measure=analysis.measure)
        yield figure, {"kind": "sweep", "model": str(sweep[0]["model"]), "file": "sweep.svg", **words}


def draw_moderators(analysis: AnalysisRow, row: AnyModelRow, results: Path) -> Iterator[Drawing]:
    """Draw one plot for each moderator that the predictions of a model vary."""
    from analysis.figures.bubble import plot_bubble
    from analysis.figures.descriptions import describe_bubble

    studies, predictions = (
        read_records(results / row.name / f"{name}.csv", name) for name in ("studies", "predictions")
    )
    curves: dict[tuple[Any, ...], Records] = {}
    for record in predictions:
        if record["kind"] != "mean":
            curves.setdefault((record["kind"], record["moderator"], record["by"]), []).append(record)
    for count, (kind, moderator, by) in enumerate(_drawn_once(curves), start=1):
        curve = curves[kind, moderator, by]
        values = column_values(results / "effects.csv", str(moderator))
        name = moderator_name(str(moderator)).replace("_", " ")
        groups = None if by is None else _groups(results / "effects.csv", str(by), curve)
        figure = plot_bubble(
            studies,
            curve,
            moderator=name[:1].upper() + name[1:],
            values=values if kind == "curve" else level_labels(values),
            measure=analysis.measure,
            groups=groups,
            prediction=row.prediction,
            title=f"{analysis.title}, by {name}" + ("" if by is None else f" within {str(by).replace('_', ' ')}"),
        )
        file = f"bubble_{row.name}.svg" if count == 1 else f"bubble_{row.name}_{count}.svg"
        words = describe_bubble(studies, curve, moderator=name, measure=analysis.measure, groups=groups)
        yield figure, {"kind": "bubble", "model": row.name, "file": file, **words}


def _drawn_once(keys: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Leave out the cells of two factors where they come again with the factors exchanged."""
    seen = set()
    for key in keys:
        cells = (key[0], frozenset(key[1:]))
        if key[0] != "level" or cells not in seen:
            yield key
        seen.add(cells)


def _groups(effects: Path, by: str, curve: Records) -> dict[str, str | None] | None:
    """Return the effects' levels of the second moderator, if it is a factor: the lines are levels that effects have."""
    groups = level_labels(column_values(effects, by))
    return groups if {record["by_label"] for record in curve} <= set(groups.values()) else None


def run(arguments: argparse.Namespace) -> None:
    """Read, draw, write."""
    from analysis.figures.style import render

    analysis = AnalysisRow.from_json(arguments.analysis)
    models = {row.name: row for row in (model_row_from_json(json.dumps(row)) for row in json.loads(arguments.models))}
    pooling = pooling_model(analysis, models)
    drawn = [] if pooling is None else list(draw_pooled(analysis, pooling, arguments.results))
    drawn += draw_dependence(
        analysis, [row for row in models.values() if isinstance(row, ModelRow) and not row.moderated], arguments.results
    )
    for row in models.values():
        if row.moderated:
            drawn += draw_moderators(analysis, row, arguments.results)
        if isinstance(row, BayesianRow):
            drawn += draw_posterior(analysis, row, arguments.results)
    drawn += draw_fragility(analysis, arguments.results)
    drawn += draw_review(analysis, arguments.data, arguments.results)
    for figure, entry in drawn:
        for kind in KINDS:
            write_bytes((arguments.out / entry["file"]).with_suffix(f".{kind}"), render(figure, kind))
    write_json(arguments.out / "figures.json", [entry for _, entry in drawn])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; 1 and one message when something cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--analysis", required=True, help="row of the analysis, JSON")
    parser.add_argument("--models", required=True, help="rows of its models, a JSON list")
    parser.add_argument("--data", required=True, type=Path, help="checked dataset, results/data/{dataset}")
    parser.add_argument("--results", required=True, type=Path, help="results of the analysis, results/{analysis}")
    parser.add_argument("--out", required=True, type=Path, help="folder of the figures")
    return run_stage(parser, run, argv)


if __name__ == "__main__":
    sys.exit(main())
