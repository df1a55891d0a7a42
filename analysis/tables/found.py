"""The mean of every analysis in one table: what a reader who has a minute wants to know."""

from collections.abc import Mapping, Sequence
from typing import Final

from analysis.errors import DataError
from analysis.tables.records import FIRST_LINE, Record, Records, Value

type Given = Sequence[Mapping[str, Value]]

PICKED: Final = ("model", "k", "n_studies", "level", "estimate", "ci_lb", "ci_ub", "pi_lb", "pi_ub")


def build_found_table(analyses: Sequence[tuple[Given, Given]]) -> Records:
    """One row per analysis: the mean of its headline, or of its first model with one where the headline has none.

    Parameters
    ----------
    analyses : tables `headline` and `models` of each analysis, in the order of the configuration.

    Raises
    ------
    DataError
        When no model of an analysis has a mean.
    """
    return [_row(headline[0], models) for headline, models in analyses]


def _row(headline: Mapping[str, Value], models: Given) -> Record:
    means = [line for line, model in enumerate(models) if model["estimate"] is not None]
    own = [line for line in means if models[line]["model"] == headline["model"]]
    frequentist = [line for line in means if models[line]["engine"] == "frequentist"]
    if not means:
        remedy = "List one without moderators, such as random_effects, among its models."
        raise DataError(f"{headline['analysis']}: none of its models has a mean. {remedy}")
    line = (own or frequentist or means)[0]
    row: Record = {key: headline[key] for key in ("analysis", "title", "synthetic", "measure")}
    row["moderated"] = headline["mods"] is not None
    row |= {key: models[line][key] for key in PICKED}
    return row | {"source": f"{headline['analysis']}/tables/models.csv:{line + FIRST_LINE}"}
