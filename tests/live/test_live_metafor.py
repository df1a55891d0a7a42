"""Our kernel against metafor asked now: tables of metadat, and simulated ones at the edges where estimators differ."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.parity import model_mismatches

HERE = Path(__file__).parent
ORACLE = HERE.parents[1] / "validation" / "metafor.R"


def simulate(
    seed: int, k: int, tau2: float, *, spread: float = 4.0, slope: float = 0.3, outlier: float = 0.0
) -> dict[str, Any]:
    """One table: k effects, variances over a ratio of about `spread`, a numeric moderator `x` and a factor `g`."""
    draw = np.random.default_rng(seed)
    vi = 0.05 * np.exp(np.log(spread) * (draw.random(k) - 0.5))
    x, g = draw.normal(size=k), draw.permutation(k) % 3
    yi = 0.2 + slope * x + np.sqrt(tau2 + vi) * draw.normal(size=k)
    yi[0] += outlier
    columns = {"yi": yi, "vi": vi, "x": x, "g": np.array(["a", "b", "c"])[g]}
    return {name: values.tolist() for name, values in columns.items()}


def cases() -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    """Name, table and moderators of each simulated case."""
    yield "one_effect", simulate(1, 1, 0.1), []
    for seed in (2, 3):
        yield f"two_effects_{seed}", simulate(seed, 2, 0.2), []
        yield f"three_effects_{seed}", simulate(seed, 3, 0.2), ["x"]
    # From here a scoring step overshoots zero, which is a much worse mode than the one metafor climbs to.
    yield "overshooting", {"yi": [-0.67, -5.80, 6.37], "vi": [0.0046, 4.72, 0.766]}, []
    yield "same_effects", {"yi": [0.3] * 5, "vi": [0.1, 0.2, 0.1, 0.3, 0.1]}, []
    yield "same_variances", {**simulate(5, 8, 0.1), "vi": [0.04] * 8}, ["x"]
    for seed in (6, 7):
        yield f"no_heterogeneity_{seed}", simulate(seed, 12, 0.0), ["x", "g"]
        yield f"large_tau2_{seed}", simulate(seed, 10, 40.0), ["x"]
        yield f"variance_ratio_{seed}", simulate(seed, 12, 0.05, spread=1e5), ["x", "g"]
        yield f"outlier_{seed}", simulate(seed, 15, 0.02, outlier=5.0), ["x", "x * g"]
    yield "moderator_explains_all", simulate(8, 20, 0.0, slope=2.0), ["x"]
    yield "interaction", simulate(9, 30, 0.1), ["x * g", "poly(x, 3, raw = TRUE)"]
    yield "as_many_parameters_as_effects_allow", simulate(10, 5, 0.1), ["x + I(x^2)"]
    yield "many", simulate(11, 50, 0.1), ["x + g"]


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    """All of it in one R process."""
    simulated = {name: {"data": table, "mods": mods} for name, table, mods in cases()}
    result: dict[str, Any] = r((HERE / "cases.R").read_text(encoding="utf-8"), metafor=str(ORACLE), simulated=simulated)
    return result


TABLES = (
    *("bcg", "bcg_or", "raudenbush", "normand", "molloy", "mcdaniel", "bangert", "hine"),
    *("linde", "cohen", "pagliaro", "curtis", "konstant", "collins", "lee"),
)


@pytest.mark.parametrize("name", [*TABLES, *(name for name, _, _ in cases())])
def test_a_table_agrees_with_metafor_on_every_number(name: str, answers: dict[str, Any]) -> None:
    said = []
    for model in answers[name]["models"]:
        label = f"{name} | mods: {model['mods']}"
        said += model_mismatches(label, answers[name]["yi"], answers[name]["vi"], answers[name]["ni"], model)
    assert not said, f"{len(said)} disagreements\n" + "\n".join(said[:40])
