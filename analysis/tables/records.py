"""What every table needs: records, the results of one model, the shown scale, and where a row came from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analysis.measures import back_transform
from analysis.vocabulary import BACK_TRANSFORMS

type Value = str | float | int | bool | None
type Record = dict[str, Value]
type Records = list[Record]

# A file starts with a header, so its first record stands on line 2.
FIRST_LINE: Final = 2
INTERCEPT: Final = "intrcpt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResults:
    """What one model left behind: the content of its `fit.json`, and its CSV tables by name (`coefficients` ...)."""

    name: str
    fit: Mapping[str, Any]
    tables: Mapping[str, Sequence[Mapping[str, Value]]]

    def table(self, name: str) -> Sequence[Mapping[str, Value]]:
        """Return one table, empty where the model has none."""
        return self.tables.get(name, ())

    def source(self, name: str, index: int) -> str:
        """Name the line of a table that a record came from."""
        return f"{self.name}/{name}.csv:{index + FIRST_LINE}"


def number(value: object) -> float | None:
    """Return a finite float, else None: an undefined number has no place in a table."""
    if not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def shown(value: object, measure: str) -> float | None:
    """Take a mean effect, or a limit of one, from the scale of the analysis to the scale a reader sees."""
    finite = number(value)
    return None if finite is None else float(back_transform(finite, measure))


def shown_difference(value: object, measure: str) -> float | None:
    """Take a difference of effects to the shown scale where that has a meaning.

    A difference of logarithms is the logarithm of a ratio; a difference of Fisher's z or of logits is nothing that r or
    a proportion can show.
    """
    transform = BACK_TRANSFORMS.get(measure)
    return shown(value, measure) if transform in (None, "exp") else None


def on_both_scales(record: Mapping[str, Value], columns: Sequence[str], measure: str, *, mean: bool = True) -> Record:
    """Return each column twice: as a reader sees it, and under `<column>_model_scale` as it was."""
    show = shown if mean else shown_difference
    both: Record = {column: show(record[column], measure) for column in columns}
    return both | {f"{column}_model_scale": number(record[column]) for column in columns}


def stacked(models: Sequence[ModelResults], name: str) -> Records:
    """Return one table of all models under each other, as it is."""
    return [
        {"model": model.name, **record, "source": model.source(name, index)}
        for model in models
        for index, record in enumerate(model.table(name))
    ]
