"""Models of published tables, fitted once each, and what R says of them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from analysis.models import FrequentistModel, build_model_tables, fit_model
from analysis.rows import ModelRow
from tests.parity import FLOOR, agree

type Record = dict[str, Any]
type Tables = dict[str, list[Record]]

DEFAULTS: Record = {
    "structure": "independent", "outer": None, "inner": None, "covariance": "UN", "rho": 0.6, "robust": None,
    "cluster": "study_id", "bootstrap": 0, "dfs": "residual", "rope": None,
    "name": "model", "engine": "frequentist", "method": "REML", "test": "knha", "mods": None, "weights": None,
    "tau2_interval": "QP", "prediction": "knapp_hartung", "permutations": 0, "level": 95.0, "seed": 1,
}  # fmt: skip
ALLOC = "C(alloc, contr.treatment('random'))"
TESTER = "C(tester, contr.treatment('blind'))"
# Formula and table of each case in oracle.R.
CASES = {
    "interaction": ("bcg", f"ablat * {ALLOC}", None),
    "quadratic": ("bcg", "ablat + I(ablat**2) + year", None),
    "continuous": ("bcg", "ablat * year", None),
    "orthogonal": ("bcg", "poly(ablat, 2)", None),
    "factors": ("writing", "C(feedback) * C(meta) + length", None),
    "additive": ("teachers", f"setting + {TESTER} + weeks", None),
    "no_intercept": ("bcg", f"{ALLOC} - 1", None),
    "weighted": ("bcg", f"ablat + {ALLOC}", "size"),
    "curved": ("writing", "length * C(feedback) + I(length**2) * C(feedback)", None),
}
# The interval that metafor's predict gives for each test; `riley` is its word for ours.
PREDICTION = {"z": "normal", "t": "knapp_hartung", "knha": "knapp_hartung", "adhoc": "knapp_hartung"}


def model_row(**choices: Any) -> ModelRow:
    return ModelRow(**(DEFAULTS | choices))


def effects_of(columns: Mapping[str, Sequence[Any]]) -> list[Record]:
    """A table from R as the stage before writes it; moderators that R lacks are None."""
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    own = ("yi", "vi", "ni")
    return [
        {"effect_id": f"e{i}", "study_id": f"s{i}", "slab": f"study {i}", "row": i + 2, "ni": row.get("ni")}
        | {"yi": row["yi"], "vi": row["vi"], "sei": row["vi"] ** 0.5}
        | {name: cell for name, cell in row.items() if name not in own}
        for i, row in enumerate(rows)
    ]


@pytest.fixture(scope="session")
def oracle(r: Any) -> Record:
    """All of it in one R process."""
    result: Record = r((Path(__file__).parent / "oracle.R").read_text(encoding="utf-8"))
    return result


@pytest.fixture(scope="session")
def fitted(oracle: Record) -> Callable[[str], tuple[FrequentistModel, Tables]]:
    """`fitted("interaction REML knha")`: the model and its tables, by the name that oracle.R gives its answer."""

    @cache
    def fit(label: str) -> tuple[FrequentistModel, Tables]:
        case, method, test, *riley = label.split()
        table, mods, weights = CASES[case]
        prediction = "higgins" if riley else PREDICTION[test]
        row = model_row(method=method, test=test, mods=mods, weights=weights, prediction=prediction)
        model = fit_model(effects_of(oracle["data"][table]), row, measure="GEN")
        return model, build_model_tables(model)

    return fit


def differences(ours: Sequence[Record], theirs: Sequence[Record], columns: Sequence[str]) -> list[str]:
    """Every cell of two tables in the same order that differs, in words; the floor is in standard errors."""
    assert len(ours) == len(theirs)
    return [
        f"row {index} {name}: ours {mine[name]}, theirs {other.get(name)}"
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True))
        for name in columns
        if not agree(mine[name], other.get(name), FLOOR * (other.get("se") or 1.0))
    ]
