"""Figures of the robustness section of one analysis, for the stage that draws them all."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.files import read_json, read_records
from analysis.rows import AnalysisRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INTERCEPT = "intrcpt"

type Drawing = tuple["Figure", dict[str, Any]]


def draw_fragility(analysis: AnalysisRow, results: Path) -> Iterator[Drawing]:
    """Draw leave-one-out, the cloud of subsets, adjusted estimates and a specification curve per estimand."""
    folder = results / "fragility"
    about = read_json(folder / "fragility.json")
    shared: dict[str, Any] = {"measure": analysis.measure}
    yield from _influence(analysis, folder, about, shared)
    yield from _bias(analysis, folder, about, shared)
    yield from _specifications(analysis, folder)


def _influence(analysis: AnalysisRow, folder: Path, about: dict[str, Any], shared: dict[str, Any]) -> Iterator[Drawing]:
    from analysis.figures import fragility as figures
    from analysis.figures.records import number

    model = about["models"]["influence"]
    influence, gosh, clusters = (
        read_records(folder / f"{name}.csv", name) for name in ("influence", "gosh", "gosh_clusters")
    )
    # With moderators the rows are about coefficients, not a mean.
    if any(one["estimate"] is not None and one["term"] == INTERCEPT for one in influence):
        (mean,) = read_records(folder.parent / model / "coefficients.csv", "coefficients")
        own = {**shared, "estimate": number(mean, "estimate")}
        words = figures.describe_leave_one_out(influence, **own)
        figure = figures.plot_leave_one_out(influence, **own, level=analysis.level, title=analysis.title)
        yield figure, {"kind": "leave_one_out", "model": model, "file": "leave_one_out.svg", **words}
    if figures.has_cloud(gosh):
        words = figures.describe_gosh(gosh, clusters=clusters, **shared)
        figure = figures.plot_gosh(gosh, clusters=clusters, **shared, title=analysis.title)
        yield figure, {"kind": "gosh", "model": model, "file": "gosh.svg", **words}


def _bias(analysis: AnalysisRow, folder: Path, about: dict[str, Any], shared: dict[str, Any]) -> Iterator[Drawing]:
    from analysis.figures.fragility import describe_adjusted, plot_adjusted

    bias = read_records(folder / "bias_estimates.csv", "bias_estimates")
    if len(bias) > 1 and bias[0]["estimate"] is not None:
        figure = plot_adjusted(bias, level=analysis.level, **shared, title=analysis.title)
        words = describe_adjusted(bias, **shared)
        yield figure, {"kind": "adjusted", "model": about["models"]["bias"], "file": "adjusted.svg", **words}


def _specifications(analysis: AnalysisRow, folder: Path) -> Iterator[Drawing]:
    from analysis.figures.specifications import describe_specifications, plot_specifications

    rows = read_records(folder / "multiverse.csv", "multiverse")
    nulls = {
        one["estimand"]: one["no_effect"]
        for one in read_records(folder / "multiverse_summary.csv", "multiverse_summary")
    }
    for estimand in dict.fromkeys(str(one["estimand"]) for one in rows):
        own = [one for one in rows if one["estimand"] == estimand and one["estimate"] is not None]
        null = nulls.get(estimand)
        if not own or null is None:
            continue
        name = re.sub(r"[^a-z0-9]+", "_", estimand.lower()).strip("_") or "all"
        words = describe_specifications(own, measure=analysis.measure)
        figure = plot_specifications(own, null=float(null), measure=analysis.measure, title=words["title"])
        file = f"specifications_{name}.svg"
        yield figure, {"kind": "specifications", "model": analysis.headline, "file": file, **words}
