"""Records of a review like those of the tables, made by hand or at random; and text that a stranger might bring."""

import random
from typing import Any

from analysis.datasets.review_flow import describe_flow
from analysis.tables.review import build_review_tables

HOSTILE = '<script>alert("x")</script> =HYPERLINK("x") \u202eabc\u202c שלום עולם 😀 ' + "long " * 30 + "x" * 120
MARKS = ("low", "fair", "some", "high", "critical", "unknown")

type Rows = list[dict[str, Any]]


def flow_rows(*, previous: bool = False, other: bool = False, reasons: int = 2, reason: str = "no outcome") -> Rows:
    """Rows of flow.csv."""
    out = [{"reason": f"{reason} {i}", "n": 1} for i in range(reasons)]
    flow: dict[str, Any] = {
        "databases": {
            "identified": [{"source": "PsycINFO", "n": 1200}, {"source": reason, "kind": "register", "n": 40}],
            **{"removed": {"duplicates": 240}, "screened": 1000, "excluded": 900, "sought": 100, "not_retrieved": 4},
            **{"assessed": 96, "excluded_reports": out},
        },
        "included": {"studies": 30, "reports": 96 - reasons},
    }
    if other:
        flow["other"] = {
            "identified": [{"source": "citation searching", "n": 7}],
            **{"sought": 7, "not_retrieved": 0, "assessed": 7, "excluded_reports": [{"reason": reason, "n": 7}]},
        }
    if previous:
        flow["previous"] = {"studies": 5, "reports": 6}
    return build({"flow": describe_flow(flow)})["flow"]


def risk_part(studies: int, domains: int = 5, slab: str = "Author", seed: int = 1) -> dict[str, Any]:
    """The part risk_of_bias of review.json; one study in ten is not judged."""
    draw = random.Random(seed)
    codes = [*(f"D{i}" for i in range(1, domains + 1)), "overall"]
    return {
        "tool": "A tool",
        "citation": "Somebody (2020)",
        "levels": [{"level": f"{mark} risk", "mark": mark} for mark in MARKS],
        "domains": [{"code": code, "label": f"{slab} {code}"} for code in codes],
        "studies": [
            {
                **{"study_id": f"s{i}", "slab": f"{slab} ({1900 + i})", "effects": True},
                "judgements": {code: {"level": f"{draw.choice(MARKS)} risk", "support": None} for code in codes}
                if i % 10 != 9
                else {},
            }
            for i in range(studies)
        ],
    }


def build(review: dict[str, Any], weights: dict[str, float] | None = None) -> dict[str, Rows]:
    """Every table of a review, with some weights."""
    studies = [{"study_id": name, "weight": weight} for name, weight in (weights or {}).items()]
    return build_review_tables(review, studies, "d", "m")
