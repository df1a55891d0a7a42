"""The specification of a multiverse that is nearest to the model on the first page, and how far it is from it."""

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.fragility.aggregation import FIRST, NONE, RULES, WEIGHTED
from analysis.fragility.multiverse import Multiverse
from analysis.rows import ModelRow, MultiverseRow
from analysis.vocabulary import MIXED_STRUCTURES

type Wanted = Mapping[str, Sequence[str]]


def wanted_options(
    row: MultiverseRow, *, measure: str, headline: ModelRow | None, aggregate_rho: float | None = None
) -> dict[str, list[str]]:
    """Options that come nearest to a model, the nearest first; for none, the first of each choice.

    Parameters
    ----------
    row : the multiverse.
    measure : that of the analysis.
    headline : the model.
    aggregate_rho : correlation by which the analysis itself combines the effects of a study; None where it does not.
    """
    wanted = {"measure": [measure], "vtype": ["LS"], "subset": ["all"], "outliers": ["none"]}
    if headline is None:
        return wanted
    wanted |= {"method": [headline.method, "REML"], "test": _tests(headline)}
    rho = aggregate_rho if aggregate_rho is not None else headline.rho
    by_rho = sorted((one for one in row.aggregate if one not in RULES), key=lambda one: abs(float(one) - rho))
    combined = aggregate_rho is not None or headline.structure != "independent"
    wanted["aggregate"] = [*by_rho, WEIGHTED, FIRST, NONE] if combined else [NONE]
    return wanted


def _tests(headline: ModelRow) -> list[str]:
    """Tests by nearness: a small-sample correction stands for another."""
    small = headline.robust is not None or headline.test != "z"
    return [headline.test, *(("t", "knha", "adhoc", "z") if small else ("z", "t"))]


def find_reference(multiverse: Multiverse, estimand: str, wanted: Wanted) -> int | None:
    """Row of the specification with the first wanted option of every choice in turn; None without the estimand."""
    rows = np.flatnonzero([name == estimand for name in multiverse.estimand])
    if len(rows) == 0:
        return None
    for place, (choice, options) in enumerate(multiverse.options.items()):
        for option in (*wanted.get(choice, ()), *options):
            code = options.index(option) if option in options else -1
            left = rows[multiverse.taken[rows, place] == code]
            if len(left):
                rows = left
                break
    return int(rows[0])


def describe_distance(multiverse: Multiverse, reference: int, headline: ModelRow | None) -> list[str]:
    """Sentences about what the reference has otherwise than the model it stands for."""
    if headline is None:
        return []
    said = []
    if headline.moderated:
        said.append(f"Model {headline.name} has moderators; the multiverse is about the mean of all effects.")
    if headline.structure in MIXED_STRUCTURES:
        said.append(
            f"Model {headline.name} takes in how effects of one study depend on one another; specifications pool "
            "effects as independent, after what aggregate makes of a study's."
        )
    if headline.robust is not None:
        said.append(f"Model {headline.name} has a robust variance, {headline.robust}; specifications have their own.")
    for choice, own in (("method", headline.method), ("test", headline.test)):
        taken = multiverse.option(reference, choice)
        if taken != own:
            said.append(f"The reference has {choice} {taken} where model {headline.name} has {own}.")
    return said
