"""Orchard plot: every effect by group, with the mean of each group and of all, and their intervals.

Nakagawa et al. (2021, Res. Synth. Methods 12, 4-12): effects as fruit sized by weight, a trunk for the confidence
interval and a branch for the prediction interval.
"""

from collections.abc import Mapping
from typing import Any, Final

from matplotlib.figure import Figure

from analysis.figures.records import Record, Records, number
from analysis.figures.strip import plot_strip

ALL: Final = "All effects"


def plot_orchard(
    studies: Records,
    *,
    mean: Record,
    subgroups: Records,
    groups: Mapping[str, str | None] | None,
    measure: str,
    title: str = "",
) -> Figure:
    """Draw effects by group and the mean of all below them; without groups, effects and their mean.

    Parameters
    ----------
    studies : records of studies.csv
    mean : record of predictions.csv
        The mean of all effects.
    subgroups : records of subgroups.csv
        One level each; those whose model could not be fitted have points and no mean.
    groups : mapping of effect_id to level, optional
    measure : str
    title : str
    """
    levels = orchard_levels(mean, subgroups if groups else ())
    values = dict(groups) if groups else {str(study["effect_id"]): ALL for study in studies}
    return plot_strip(studies, levels, values=values, groups=None, measure=measure, title=title)


def orchard_levels(mean: Record, subgroups: Records) -> list[dict[str, Any]]:
    """Rows of the plot as a strip chart takes them: the groups that have a mean, then all effects."""
    shared = {"kind": "level", "by": None, "by_label": None, "interval": mean["interval"], "level": mean["level"]}
    limits = ("ci_lb", "ci_ub", "pi_lb", "pi_ub")
    rows = [
        {**shared, "label": group["label"], "pred": group["estimate"], **{name: group[name] for name in limits}}
        for group in subgroups
        if number(group, "estimate") == number(group, "estimate")
    ]
    return [*rows, {**shared, "label": ALL, "pred": mean["pred"], **{name: mean[name] for name in limits}}]
