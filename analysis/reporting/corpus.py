"""The page of the corpus: what many meta-analyses printed, beside what comes out of their effects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from analysis.formatting import MINUS, MISSING, format_count, format_number, format_percent
from analysis.reporting.bibtex import Work
from analysis.reporting.display import FIRST_LINE, Shown, Value, prose
from analysis.reporting.front_page import corpus_counts, locate
from analysis.reporting.origins import folder_origins
from analysis.reporting.page import render
from analysis.reporting.references import Citations, link_doi
from analysis.reporting.svg import inline_svg
from analysis.reproduction.corpus import EFFECTS_VERSIONS, short_citation
from analysis.reproduction.printed import parse_printed

type Record = Mapping[str, Value]

FIGURE: Final = "How far each mean that comes out lies from the printed one; the table below holds the numbers."


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusInputs:
    """Everything the page is made from; `datasets` are the dataset.json files by name, in the order of the page."""

    datasets: Mapping[str, Mapping[str, Any]]
    fits: Sequence[Record]
    ledger: Sequence[Record]
    verdicts: Sequence[Record]
    drawing: str
    words: Mapping[str, Any]
    works: Mapping[str, Work]
    tolerance: float


def render_corpus_page(inputs: CorpusInputs, environment: Any) -> str:
    """Return the page as HTML; ConfigError when the template uses what is not there."""
    return render(environment, "corpus.html.j2", build_corpus_context(inputs))


def build_corpus_context(inputs: CorpusInputs) -> dict[str, Any]:
    """Return what the template may use; every number in it is a `Shown` that knows where it stands."""
    citations = Citations(inputs.works)
    known = [(meta, meta["pooling"]["known"]) for meta in inputs.datasets.values() if meta["pooling"]["known"]]
    return {
        "corpus": corpus_counts(inputs.verdicts),
        "versions": EFFECTS_VERSIONS,
        "claims": _claims(inputs),
        "datasets": list(inputs.datasets.values()),
        "citations": {name: meta["citation"] for name, meta in inputs.datasets.items()},
        "known": known,
        "estimators": _estimators(inputs.fits),
        "methods": list(dict.fromkeys(row["method"] for row in inputs.fits)),
        "words": inputs.words,
        "tolerance": format_percent(inputs.tolerance, 0),
        "figure": inline_svg(inputs.drawing, "figure-corpus", FIGURE),
        "origins": folder_origins("results/corpus", [], {"ledger": inputs.ledger}),
        "prose": prose,
        "short": short_citation,
        "doi": link_doi,
        "narrative": citations.narrative,
        "references": citations.references,
    }


def _claims(inputs: CorpusInputs) -> list[dict[str, Any]]:
    """Return one entry per printed number, with both versions of ours."""
    entries: dict[Value, dict[str, Any]] = {}
    for line, row in enumerate(inputs.ledger, start=FIRST_LINE):
        meta = inputs.datasets[str(row["dataset"])]
        entry = entries.setdefault(
            row["claim_id"],
            {
                "meta": meta,
                "model": row["model"],
                "method": row["method"],
                "metric": row["metric"],
                "k": locate(format_count(int(row["k"] or 0)), row["k"], "ledger", line, "k"),
                "printed": str(row["printed"]).replace("-", MINUS),
                "note": row["note"],
                "ours": {},
            },
        )
        entry["ours"][row["effects"]] = _ours(row, line)
    return list(entries.values())


def _ours(row: Record, line: int) -> dict[str, Any]:
    digits = parse_printed(str(row["printed"])).decimals + 1
    distance = row["distance"]
    apart = MISSING if distance is None else format_percent(100 * float(distance))
    return {
        "value": locate(_rounded(row["ours"], digits), row["ours"], "ledger", line, "ours"),
        "distance": locate(apart, distance, "ledger", line, "distance"),
        "rechecked": locate(format_count(int(row["rechecked"] or 0)), row["rechecked"], "ledger", line, "rechecked"),
        "verdict": row["verdict"],
        "reason": row["reason"],
    }


def _rounded(value: Value, digits: int) -> str:
    return MISSING if value is None else format_number(float(value), digits)


def _estimators(fits: Sequence[Record]) -> list[tuple[str, str, dict[str, Shown]]]:
    """Return dataset, version of its effects, and the mean by every estimator."""
    numbered = list(enumerate(fits, start=FIRST_LINE))
    lines = []
    for name, group in groupby(numbered, key=lambda item: item[1]["dataset"]):
        rows = list(group)
        for version in EFFECTS_VERSIONS:
            means = {
                str(row["method"]): locate(_rounded(row["estimate"], 3), row["estimate"], "fits", line, "estimate")
                for line, row in rows
                if row["effects"] == version
            }
            lines.append((str(name), version, means))
    return lines
