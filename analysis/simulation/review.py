"""Draw the review that a simulated table of effects might have come from: flow, characteristics, risk of bias.

No search, no report and no judgement stands behind any of it. The counts of the flow are drawn backwards from the
studies, so that every sum comes out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from analysis.simulation.attachment_alliance import Record

# Beside the seed of the effects, so that a review never moves an effect.
STREAM: Final = 1
TAKEN: Final = ("year", "ni", "age", "share_women", "focus", "attachment_measure", "alliance")
WITHOUT: Final = (
    ("synthetic_37", "Synthetic study 37", "reports no correlation with outcome"),
    ("synthetic_38", "Synthetic study 38", "reports a regression coefficient only"),
)
SHARES: Final = {"simulated database A": 0.45, "simulated database B": 0.35, "simulated database C": 0.2}
REASONS: Final = ("no measure of attachment", "no measure of outcome", "no individual psychotherapy", "same people")
SETTINGS: Final = ("outpatient", "inpatient", "university clinic")
CITATION: Final = (
    "Hayden, van der Windt, Cartwright, Côté & Bombardier (2013), Annals of Internal Medicine 158(4), 280-286"
)
DOMAINS: Final = {
    "D1": "Study participation",
    "D2": "Study attrition",
    "D3": "Measurement of the predictor",
    "D4": "Measurement of outcome",
    "D5": "Confounding",
    "D6": "Analysis and reporting",
}
LEVELS: Final = ("low", "moderate", "high", "no information")
# By domain, how often each level is drawn.
CHANCES: Final = {
    "D1": (0.6, 0.3, 0.1, 0.0),
    "D2": (0.4, 0.35, 0.15, 0.1),
    "D3": (0.75, 0.2, 0.05, 0.0),
    "D4": (0.7, 0.25, 0.05, 0.0),
    "D5": (0.25, 0.45, 0.2, 0.1),
    "D6": (0.55, 0.3, 0.05, 0.1),
}
SUPPORT: Final = {
    ("D2", "high"): "simulated: more than a third of the people left before the outcome was measured",
    ("D5", "high"): "simulated: severity at intake was not taken into account",
}


def simulate_review(records: Sequence[Record], seed: int) -> dict[str, Any]:
    """Return what review.yaml holds, for the simulated studies of some effects.

    Parameters
    ----------
    records : rows of effects.csv.
    seed : that of the truth; the draws are others than those of the effects.
    """
    rng = np.random.default_rng([seed, STREAM])
    studies = list(dict.fromkeys(str(record["study_id"]) for record in records))
    everyone = [*studies, *(name for name, _, _ in WITHOUT)]
    return {
        "flow": _draw_flow(rng, len(everyone)),
        "without_effects": [{"study_id": name, "slab": slab, "reason": reason} for name, slab, reason in WITHOUT],
        "characteristics": _draw_characteristics(rng, everyone),
        # The last two were not judged, and the tables have to say so.
        "risk_of_bias": _draw_risk(rng, studies),
    }


def _draw_flow(rng: np.random.Generator, n_studies: int) -> dict[str, Any]:
    by_other = 4
    included = {"studies": n_studies, "reports": n_studies + int(rng.integers(2, 6))}
    out = {reason: int(rng.integers(5, 40)) for reason in REASONS}
    assessed = included["reports"] - by_other + sum(out.values())
    missing, excluded = int(rng.integers(3, 12)), int(rng.integers(600, 1200))
    screened = assessed + missing + excluded
    removed = {"duplicates": int(rng.integers(200, 500)), "automation": int(rng.integers(10, 60)), "other": 0}
    found, register = screened + sum(removed.values()), int(rng.integers(5, 30))
    databases = {source: int(share * (found - register)) for source, share in SHARES.items()}
    databases[next(iter(SHARES))] += found - register - sum(databases.values())
    sources: list[dict[str, Any]] = [{"source": source, "n": n} for source, n in databases.items()]
    sources.append({"source": "simulated register", "kind": "register", "n": register})
    return {
        "databases": {
            **{"identified": sources, "removed": removed, "screened": screened, "excluded": excluded},
            **{"sought": assessed + missing, "not_retrieved": missing, "assessed": assessed},
            "excluded_reports": [{"reason": reason, "n": n} for reason, n in out.items()],
        },
        "other": _draw_other(rng, by_other),
        "included": included,
    }


def _draw_other(rng: np.random.Generator, included: int) -> dict[str, Any]:
    out, missing = int(rng.integers(4, 15)), int(rng.integers(0, 3))
    sought = included + out + missing
    citations = int(rng.integers(1, sought))
    return {
        "identified": [
            {"source": "citation searching", "n": citations},
            {"source": "organisations", "n": sought - citations},
        ],
        **{"sought": sought, "not_retrieved": missing, "assessed": sought - missing},
        "excluded_reports": [{"reason": REASONS[0], "n": out}],
    }


def _draw_characteristics(rng: np.random.Generator, studies: Sequence[str]) -> dict[str, Any]:
    return {
        "from": list(TAKEN),
        "labels": {"ni": "People", "age": "Mean age", "share_women": "Women", "alliance": "Mean alliance"},
        "columns": {
            "setting": {"label": "Setting"},
            "sessions": {"label": "Length of treatment", "unit": "sessions", "type": "integer"},
        },
        "rows": {
            study: {"setting": SETTINGS[int(rng.integers(len(SETTINGS)))], "sessions": int(rng.integers(8, 60))}
            for study in studies
        },
    }


def _draw_risk(rng: np.random.Generator, studies: Sequence[str]) -> dict[str, Any]:
    return {
        "tool": "QUIPS",
        "citation": CITATION,
        "levels": list(LEVELS),
        "domains": dict(DOMAINS),
        "judgements": {study: _draw_judgements(rng) for study in studies},
    }


def _draw_judgements(rng: np.random.Generator) -> dict[str, Any]:
    drawn = {domain: LEVELS[int(rng.choice(len(LEVELS), p=chances))] for domain, chances in CHANCES.items()}
    judged: dict[str, Any] = {
        domain: {"level": level, "support": SUPPORT[domain, level]} if (domain, level) in SUPPORT else level
        for domain, level in drawn.items()
    }
    return {**judged, "overall": _overall(drawn)}


def _overall(drawn: Mapping[str, str]) -> str:
    levels = list(drawn.values())
    if "high" in levels:
        return "high"
    return "moderate" if levels.count("moderate") > 1 or "no information" in levels else "low"
