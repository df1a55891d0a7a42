"""Draw a simulated table of effects: attachment dimension -> outcome, moderated by the study's mean alliance.

The model, in Fisher's z, for dimension j of study i:

    z_ij = atanh(r_j) + slope_j * alliance_i + shift_j * interpersonal_i + u_ij + e_ij

u_i is multivariate normal with standard deviation `tau` and e_i with 1/sqrt(n_i - 3); both have the correlations
between dimensions that the truth states. r_j is the published pooled d as a correlation. Higher outcome is better; a
study that scores outcome the other way round reports -r, and its `direction` is -1.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.results import Array, IntArray
from analysis.vocabulary import DIMENSIONS

type Truth = Mapping[str, Any]
type Record = dict[str, str | int | float | bool | None]


def simulate_attachment_alliance(truth: Truth) -> list[Record]:
    """Return the rows of effects.csv, in the order of studies and dimensions.

    Parameters
    ----------
    truth : what `truth.yaml` holds (schema `analysis/schemas/truth.yaml`); everything comes from it, the seed too.

    Returns
    -------
    One record per effect. `alliance` is in standard deviations between studies, `age` in years, `share_women` a
    proportion. Numbers are rounded, so that the same truth gives the same bytes on any machine.
    """
    rng = np.random.default_rng(truth["seed"])
    n = _draw_sizes(rng, truth)
    studies = [_draw_study(rng, truth, index, int(size)) for index, size in enumerate(n)]
    silent = rng.permutation(truth["n_studies"])[: truth["alliance_missing"]]
    records = [record for study in studies for record in study]
    quiet = {studies[index][0]["study_id"] for index in silent}
    return [{**record, "alliance": None} if record["study_id"] in quiet else record for record in records]


def d_as_r(d: float) -> float:
    """Return a standardised mean difference as a correlation, equal groups: d / sqrt(d^2 + 4).

    References
    ----------
    .. [1] Borenstein, Hedges, Higgins & Rothstein (2009), Introduction to Meta-Analysis, eqs. 7.7 and 7.8.
    """
    return d / math.sqrt(d * d + 4.0)


def _draw_sizes(rng: np.random.Generator, truth: Truth) -> IntArray:
    """Return sample sizes that sum to `n_total`: log-normal shares above `n_smallest`, largest remainders up."""
    share = np.exp(rng.normal(0.0, truth["n_spread"], truth["n_studies"]))
    spare = truth["n_total"] - truth["n_smallest"] * truth["n_studies"]
    exact = share / share.sum() * spare
    sizes = np.floor(exact).astype(np.int_)
    short = spare - int(sizes.sum())
    sizes[np.argsort(sizes - exact, kind="stable")[:short]] += 1
    grown: IntArray = sizes + truth["n_smallest"]
    return grown


def _draw_study(rng: np.random.Generator, truth: Truth, index: int, size: int) -> list[Record]:
    mods = _draw_moderators(rng, truth)
    reported = str(_draw_word(rng, truth["dimensions"])).split("+")
    reversed_outcome = rng.random() < truth["share_reversed"]
    z = _draw_effects(rng, truth, mods, size)
    direction = -1 if reversed_outcome else 1
    name = f"{index + 1:02d}"
    return [
        {
            "effect_id": f"synthetic_{name}_{dimension}",
            "study_id": f"synthetic_{name}",
            "slab": f"Synthetic study {name}",
            "ri": round(direction * math.tanh(z[position]), truth["decimals"]) + 0.0,
            "ni": size,
            "direction": direction,
            "dimension": dimension,
            **mods,
        }
        for position, dimension in enumerate(DIMENSIONS)
        if dimension in reported
    ]


def _draw_moderators(rng: np.random.Generator, truth: Truth) -> Record:
    first, last = truth["years"]
    return {
        "alliance": round(float(rng.normal()), 2) + 0.0,
        "focus": "interpersonal" if rng.random() < truth["share_interpersonal"] else "other",
        "attachment_measure": "interview" if rng.random() < truth["share_interview"] else "self_report",
        "age": round(_draw_between(rng, truth["age"]), 1),
        "share_women": round(_draw_between(rng, truth["women"]), 2),
        "timing": _draw_word(rng, truth["timing"]),
        "year": int(rng.integers(first, last + 1)),
    }


def _draw_word(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    words = list(shares)
    return words[int(rng.choice(len(words), p=list(shares.values())))]


def _draw_between(rng: np.random.Generator, law: Mapping[str, float]) -> float:
    return float(np.clip(rng.normal(law["mean"], law["sd"]), law["lowest"], law["highest"]))


def _draw_effects(rng: np.random.Generator, truth: Truth, mods: Record, size: int) -> Array:
    """Return Fisher's z of all three dimensions; those a study does not report are drawn too and then left out."""
    root = np.linalg.cholesky(_correlation(truth["correlation"]))
    mean = [math.atanh(d_as_r(truth["published_d"][dimension])) for dimension in DIMENSIONS]
    slope = _by_dimension(truth["alliance_slope"])
    shift = _by_dimension(truth["focus_shift"])
    alliance = mods["alliance"]
    interpersonal = mods["focus"] == "interpersonal"
    true = np.array(mean) + slope * float(alliance or 0.0) + shift * interpersonal
    spread = truth["tau"] * (root @ rng.normal(size=len(DIMENSIONS)))
    error = (root @ rng.normal(size=len(DIMENSIONS))) / math.sqrt(size - 3)
    drawn: Array = true + spread + error
    return drawn


def _by_dimension(values: Mapping[str, float]) -> Array:
    return np.array([values[dimension] for dimension in DIMENSIONS], dtype=float)


def _correlation(pairs: Mapping[str, float]) -> Array:
    """Return the `(3, 3)` correlation matrix in the order of DIMENSIONS, from keys such as security_anxiety."""
    matrix = np.eye(len(DIMENSIONS))
    for pair, value in pairs.items():
        row, column = (DIMENSIONS.index(name) for name in _split(pair))
        matrix[row, column] = matrix[column, row] = value
    return matrix


def _split(pair: str) -> Sequence[str]:
    return pair.split("_")
