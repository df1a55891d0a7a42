"""Figures of what a systematic review brings, for the stage that draws them all."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.files import read_json, read_records
from analysis.rows import AnalysisRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

type Drawing = tuple["Figure", dict[str, Any]]


def draw_review(analysis: AnalysisRow, data: Path, results: Path) -> Iterator[Drawing]:
    """Draw the flow, the traffic lights and their summary, each where the review brings it."""
    from analysis.tables.review import build_review_tables

    studies = read_records(results / analysis.headline / "studies.csv", "studies")
    tables = build_review_tables(read_json(data / "review.json"), studies, analysis.dataset, analysis.headline)
    shared = {"model": analysis.headline, "section": "review"}
    yield from _flow(analysis, tables, shared)
    yield from _risk(analysis, tables, shared)


def _flow(analysis: AnalysisRow, tables: dict[str, Any], shared: dict[str, Any]) -> Iterator[Drawing]:
    from analysis.figures.prisma import plot_prisma
    from analysis.figures.review_descriptions import describe_prisma

    if tables["flow"]:
        words = describe_prisma(tables["flow"])
        figure = plot_prisma(tables["flow"], title=analysis.title)
        yield figure, {"kind": "prisma", "file": "prisma.svg", **shared, **words}


def _risk(analysis: AnalysisRow, tables: dict[str, Any], shared: dict[str, Any]) -> Iterator[Drawing]:
    from analysis.figures.review_descriptions import describe_risk_of_bias, describe_risk_summary
    from analysis.figures.risk_of_bias import part_studies, plot_risk_of_bias
    from analysis.figures.risk_summary import plot_risk_summary

    summary = tables["risk_of_bias_summary"]
    sheets = part_studies(tables["risk_of_bias"])
    for number, judgements in enumerate(sheets, start=1):
        words = describe_risk_of_bias(judgements, summary, number, len(sheets))
        title = analysis.title + (f" ({number} of {len(sheets)})" if len(sheets) > 1 else "")
        file = "risk_of_bias.svg" if number == 1 else f"risk_of_bias_{number}.svg"
        figure = plot_risk_of_bias(judgements, summary, title=title)
        yield figure, {"kind": "risk_of_bias", "file": file, **shared, **words}
    if summary:
        figure = plot_risk_summary(summary, title=analysis.title)
        entry = {"kind": "risk_of_bias_summary", "file": "risk_of_bias_summary.svg"}
        yield figure, {**entry, **shared, **describe_risk_summary(summary)}
