"""The same models at other correlations of sampling errors: what a slider of the page moves through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analysis.reporting.display import Row

# Steps of a tenth are not exact in binary.
SAME: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """One coefficient of one model at every correlation, in their order.

    `own` is the place of the correlation nearest to the one the model assumes, `exact` says that it is that one.
    """

    rows: Sequence[Row]
    own: int
    exact: bool

    @property
    def model(self) -> Row:
        """The row whose names are those of all."""
        return self.rows[0]


def build_sweep(models: Sequence[Mapping[str, Any]], shown: Mapping[str, Sequence[Row]]) -> list[Swept]:
    """Return the coefficients of each model that was fitted at several correlations.

    Parameters
    ----------
    models : rows of the models, which say what correlation each assumes.
    shown : rows of the tables of the page.
    """
    assumed = {row["name"]: row.get("rho") for row in models}
    found: dict[tuple[str, str], list[Row]] = {}
    for row in shown["sweep"]:
        found.setdefault((str(row["model"].value), str(row["term"].value)), []).append(row)
    swept = []
    for (model, _), rows in found.items():
        ordered = sorted(rows, key=lambda row: float(row["rho"].value or 0.0))
        away = [abs(float(row["rho"].value or 0.0) - float(assumed[model] or 0.0)) for row in ordered]
        swept.append(Swept(rows=ordered, own=away.index(min(away)), exact=min(away) < SAME))
    return [one for one in swept if len(one.rows) > 1]
