"""Records like those of a fit, made by hand: figures draw whatever stands in them."""

import math
import random
from dataclasses import dataclass

type Row = dict[str, str | int | float | bool | None]

LEVELS = ("Interpersonal", "Cognitive-behavioural", "Other or mixed treatment")


@dataclass(frozen=True)
class Sample:
    studies: list[Row]
    mean: list[Row]
    heterogeneity: list[Row]
    subgroups: list[Row]
    groups: dict[str, str | None]


def prediction(kind: str, pred: float, interval: str = "higgins", **rest: str | float | None) -> Row:
    row: Row = {"kind": kind, "moderator": None, "value": None, "label": "mean", "by": None, "by_label": None}
    row |= {
        "pred": pred,
        "se": 0.05,
        "ci_lb": pred - 0.1,
        "ci_ub": pred + 0.1,
        "pi_lb": pred - 0.4,
        "pi_ub": pred + 0.4,
    }
    return row | {"interval": interval, "level": 95.0} | rest


def study(number: int, yi: float, sei: float, weight: float, slab: str) -> Row:
    row: Row = {"effect_id": f"e{number}", "study_id": f"s{number}", "slab": slab, "row": number + 1}
    row |= {"ni": round(1 / sei**2) + 3, "yi": yi, "vi": sei**2, "sei": sei}
    row |= {"ci_lb": yi - 1.96 * sei, "ci_ub": yi + 1.96 * sei, "weight": weight, "fitted": 0.3, "resid": yi - 0.3}
    return row


def subgroup(label: str, k: int) -> Row:
    row: Row = {"moderator": "focus", "label": label, "k": k, "n_studies": k, "estimate": 0.3, "se": 0.05}
    row |= {"ci_lb": 0.2, "ci_ub": 0.4, "pi_lb": None, "pi_ub": None, "tau2": 0.02, "i2": 48.2, "qe": 12.3}
    return row | {"qe_pval": 0.034, "level": 95.0}


def heterogeneity(quantity: str, estimate: float, df: float | None = None, pval: float | None = None) -> Row:
    row: Row = {"quantity": quantity, "estimate": estimate, "se": None, "ci_lb": None, "ci_ub": None}
    return row | {"df": df, "pval": pval, "method": "REML/QP", "level": 95.0}


def make_sample(k: int) -> Sample:
    draw = random.Random(k)
    sizes = [math.exp(draw.uniform(math.log(15), math.log(260))) for _ in range(k)]
    total = sum(sizes)
    studies = [
        study(i, draw.gauss(0.3, 0.2), 1 / math.sqrt(n), 100 * n / total, f"Author {i}, Second & Third ({1980 + i})")
        for i, n in enumerate(sizes)
    ]
    groups: dict[str, str | None] = {f"e{i}": LEVELS[i % 3] for i in range(k)}
    return Sample(
        studies=studies,
        mean=[prediction("mean", 0.3, interval) for interval in ("normal", "higgins", "knapp_hartung")],
        heterogeneity=[
            heterogeneity("tau2", 0.0321),
            heterogeneity("i2", 61.23),
            heterogeneity("qe", 42.99, k - 1, 0.0004),
        ],
        subgroups=[subgroup(label, sum(group == label for group in groups.values())) for label in LEVELS],
        groups=groups,
    )
