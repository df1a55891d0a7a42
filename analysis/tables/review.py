"""What a systematic review brings beside its effects: flow, characteristics, risk of bias and its summary."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from analysis.tables.records import Record, Records, Value, number

REVIEW_TABLES: Final = ("flow", "without_effects", "characteristics", "risk_of_bias", "risk_of_bias_summary")


def build_review_tables(
    review: Mapping[str, Any] | None, studies: Sequence[Mapping[str, Value]], dataset: str, headline: str
) -> dict[str, Records]:
    """Return every table by name; one that the review does not bring has no rows.

    Parameters
    ----------
    review : the content of `review.json`, or None.
    studies : rows of the studies.csv of the headline model, which say what entered and with which weight.
    dataset, headline : names of both, to say where a row came from.
    """
    given, file = review or {}, f"data/{dataset}/review.yaml"
    weights: dict[str, float] = defaultdict(float)
    for row in studies:
        weights[str(row["study_id"])] += number(row["weight"]) or 0.0
    return {
        "flow": [_count(row, file) for row in given.get("flow") or ()],
        "without_effects": [{**row, "source": file} for row in given.get("without_effects") or ()],
        "characteristics": list(_characteristics(given.get("characteristics"), weights, dataset)),
        "risk_of_bias": list(_risk(given.get("risk_of_bias"), weights, file)),
        "risk_of_bias_summary": list(_summary(given.get("risk_of_bias"), weights, f"{file}; {headline}/studies.csv")),
    }


def _count(row: Mapping[str, Any], file: str) -> Record:
    source = f"{file}: {row['key']}" if row["key"] else f"{file}: sum"
    return {key: value for key, value in row.items() if key != "key"} | {"source": source}


def _characteristics(part: Mapping[str, Any] | None, weights: Mapping[str, float], dataset: str) -> Iterator[Record]:
    if part is None:
        return
    for study in part["studies"]:
        for column in part["columns"]:
            yield {
                **_study(study),
                "column": column["name"],
                "heading": column["label"],
                **{key: column[key] for key in ("unit", "type")},
                "value": study["values"][column["name"]],
                "entered": study["study_id"] in weights,
                "source": f"data/{dataset}/{'review.yaml' if column['brought'] else 'effects.csv'}",
            }


def _risk(part: Mapping[str, Any] | None, weights: Mapping[str, float], file: str) -> Iterator[Record]:
    if part is None:
        return
    marks = {level["level"]: level["mark"] for level in part["levels"]}
    for study in part["studies"]:
        for domain in part["domains"]:
            judgement = study["judgements"].get(domain["code"], {})
            level = judgement.get("level")
            yield {
                **_study(study),
                **{"domain": domain["code"], "name": domain["label"], "level": level, "mark": marks.get(level)},
                **{"support": judgement.get("support"), "entered": study["study_id"] in weights, "source": file},
            }


def _summary(part: Mapping[str, Any] | None, weights: Mapping[str, float], source: str) -> Iterator[Record]:
    """Yield every level of every domain, those of no study too; then, where there are any, studies without a level."""
    if part is None:
        return
    total = len(part["studies"])
    for domain in part["domains"]:
        by_level: dict[str | None, list[str]] = defaultdict(list)
        for study in part["studies"]:
            by_level[study["judgements"].get(domain["code"], {}).get("level")].append(study["study_id"])
        levels = [*part["levels"], *([{"level": None, "mark": None}] if by_level[None] else [])]
        for level in levels:
            found = by_level[level["level"]]
            yield {
                **{"tool": part["tool"], "citation": part["citation"]},
                **{"domain": domain["code"], "name": domain["label"], **level},
                **{"count": len(found), "total": total, "share": len(found) / total},
                "weight": sum(weights.get(study, 0.0) for study in found) if any(weights.values()) else None,
                "source": source,
            }


def _study(study: Mapping[str, Any]) -> Record:
    return {"study_id": study["study_id"], "slab": study["slab"]}
