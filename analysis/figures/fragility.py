"""Leave-one-out, adjusted estimates and the cloud of subsets, as rows and words for their figures."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures import style
from analysis.figures.axis import SHORT_NAMES, axis_name, effect_limits
from analysis.figures.estimates import EstimateRow, Legend, plot_estimates
from analysis.figures.frame import legend_room, notes_room, title_lines, write_legend, write_notes
from analysis.figures.panels import lay_panels, name_moderator
from analysis.figures.records import Records, number, numbers, word
from analysis.formatting import format_count, format_effect, format_interval, format_percent

AXIS_ROOM: Final = 0.52
MARKERS: Final = ("o", "s", "^", "D", "v", "P")
# Beyond so many studies a leave-one-out figure shows those that move the estimate most.
MOST_ROWS: Final = 60
# A point more says no more and makes the page larger.
MOST_POINTS: Final = 1500


def plot_leave_one_out(influence: Records, *, estimate: float, level: float, measure: str, title: str = "") -> Figure:
    """Draw the estimate without each effect; records of influence.csv."""
    rows = [
        EstimateRow(word(one, "slab"), *_limits(one), bool(one["is_infl"]) or bool(one["flips"]), "")
        for one in _most_moving(influence, estimate)
    ]
    legend = Legend("without this effect", "influential, or flips the conclusion", "all effects")
    notes = []
    if len(rows) < len(influence):
        notes.append(f"Shown: the {len(rows)} of {len(influence)} effects whose absence moves the estimate most.")
    return plot_estimates(
        rows, reference=estimate, legend=legend, measure=measure, level=level, title=title, notes=notes
    )


def describe_leave_one_out(influence: Records, *, estimate: float, measure: str) -> dict[str, str]:
    """Return title, caption and alternative text; arguments as for `plot_leave_one_out`."""
    found = sorted(
        (one for one in influence if np.isfinite(number(one, "estimate"))), key=lambda one: number(one, "estimate")
    )
    ends = [
        f"{format_effect(number(one, 'estimate'), measure)} (without {word(one, 'slab')})"
        for one in (found[0], found[-1])
    ]
    flips = [word(one, "slab") for one in influence if one["flips"]]
    alt = f"Mean of all effects but one, from {ends[0]} to {ends[1]}; "
    alt += f"with all of them {format_effect(estimate, measure)}. "
    alt += f"Without {', '.join(flips)} the conclusion changes." if flips else "The conclusion hangs on no single one."
    caption = (
        "The mean and its confidence interval without each effect in turn. Diamonds mark effects that the rules of "
    )
    caption += "Viechtbauer and Cheung (2010) call influential, or without which the interval tells another story."
    return {"title": "The mean without each effect", "caption": caption, "alt": alt}


def _most_moving(influence: Records, estimate: float) -> Records:
    if len(influence) <= MOST_ROWS:
        return influence
    moved = sorted(
        range(len(influence)), key=lambda i: -abs(np.nan_to_num(number(influence[i], "estimate") - estimate))
    )
    return [influence[i] for i in sorted(moved[:MOST_ROWS])]


def plot_adjusted(bias: Records, *, level: float, measure: str, title: str = "") -> Figure:
    """Draw every adjusted estimate under the unadjusted one; records of bias_estimates.csv."""
    rows = [EstimateRow(word(one, "label"), *_limits(one), bool(one["caution"]), word(one, "family")) for one in bias]
    legend = Legend("estimate", "with a reason not to trust it here", "not adjusted")
    notes = ["No single one of them corrects the estimate: they rest on assumptions that cannot be checked together."]
    return plot_estimates(
        rows,
        reference=number(bias[0], "estimate"),
        legend=legend,
        measure=measure,
        level=level,
        title=title,
        notes=notes,
    )


def describe_adjusted(bias: Records, *, measure: str) -> dict[str, str]:
    """Return title, caption and alternative text; arguments as for `plot_adjusted`."""
    caption = "The mean as estimated, and under methods that allow for studies that were not published. Diamonds mark "
    caption += "methods that should not be trusted with these data; the table says why."
    lines = [
        f"{word(one, 'label')}: {format_effect(number(one, 'estimate'), measure)} "
        f"{format_interval(number(one, 'ci_lb'), number(one, 'ci_ub'), measure)}."
        for one in bias
        if np.isfinite(number(one, "estimate"))
    ]
    return {"title": "Estimates adjusted for publication bias", "caption": caption, "alt": " ".join(lines)}


def _limits(one: Any) -> tuple[float, float, float]:
    return number(one, "estimate"), number(one, "ci_lb"), number(one, "ci_ub")


@style.styled
def plot_gosh(gosh: Records, *, clusters: Records, measure: str, title: str = "") -> Figure:
    """Draw the mean of every subset against its heterogeneity; records of gosh.csv and gosh_clusters.csv."""
    found = [one for one in gosh if np.isfinite(number(one, "estimate")) and np.isfinite(number(one, "i2"))]
    shown = found[:: -(-len(found) // MOST_POINTS)]
    codes = list(dict.fromkeys(_cluster(one) for one in shown))
    handles = [_cloud_handle(index, _cloud_name(clusters, code)) for index, code in enumerate(sorted(codes))]
    titles, notes = title_lines(title), [f"Subsets shown: {format_count(len(shown))}."]
    foot = notes_room(notes) + legend_room([str(handle.get_label()) for handle in handles]) + AXIS_ROOM
    estimates = numbers(shown, "estimate")
    limits = effect_limits(estimates, estimates, estimates, measure=measure, keep=[min(estimates), max(estimates)])
    figure, (axes,) = lay_panels(1, ((-3.0, 103.0), limits), measure, titles, foot)
    for index, code in enumerate(sorted(codes)):
        _draw_cloud(axes, [one for one in shown if _cluster(one) == code], index)
    name_moderator(axes, "I\u00b2, per cent")
    write_notes(figure, notes)
    write_legend(figure, handles, notes_room(notes) + 0.06)
    return figure


def _cluster(one: Any) -> int:
    """Number of a subset's cluster; 0 where it is in none."""
    code = number(one, "cluster")
    return int(code) if np.isfinite(code) else 0


def _draw_cloud(axes: Axes, points: Records, index: int) -> None:
    axes.plot(
        numbers(points, "i2"), numbers(points, "estimate"), MARKERS[index % len(MARKERS)], markersize=2.4,
        markeredgewidth=0, color=style.SERIES[index % len(style.SERIES)], alpha=0.45, zorder=2,
    )  # fmt: skip


def _cloud_handle(index: int, name: str) -> Line2D:
    colour = style.SERIES[index % len(style.SERIES)]
    return Line2D([], [], linestyle="", marker=MARKERS[index % len(MARKERS)], color=colour, markersize=6, label=name)


def _cloud_name(clusters: Records, code: int) -> str:
    own = [one for one in clusters if _cluster(one) == code]
    drivers = [word(one, "slab") for one in own if one["drives"]]
    if not own:
        return "single studies"
    return f"{format_count(number(own[0], 'size'))} subsets" + (
        f", mostly with {', '.join(drivers[:2])}" if drivers else ""
    )


def describe_gosh(gosh: Records, *, clusters: Records, measure: str) -> dict[str, str]:
    """Return title, caption and alternative text; arguments as for `plot_gosh`."""
    estimates = [value for value in numbers(gosh, "estimate") if np.isfinite(value)]
    i2 = [value for value in numbers(gosh, "i2") if np.isfinite(value)]
    caption = (
        f"{axis_name(measure)} and heterogeneity of subsets of the studies (GOSH; Olkin, Dahabreh & Trikalinos, 2012). "
    )
    caption += "A cloud that falls into parts hints at studies that do not belong with the others."
    alt = f"Means of {format_count(len(estimates))} subsets of the studies from "
    ends = (format_effect(value, measure) for value in (min(estimates), max(estimates)))
    alt += f"{SHORT_NAMES[measure]} = {' to '.join(ends)}, "
    alt += f"I\u00b2 from {format_percent(min(i2))} to {format_percent(max(i2))}. "
    names = [_cloud_name(clusters, code) for code in sorted({_cluster(one) for one in gosh})]
    alt += f"Parts of the cloud: {'; '.join(names)}."
    return {"title": "The mean and its heterogeneity in subsets of the studies", "caption": caption, "alt": alt}


def has_cloud(gosh: Sequence[Any]) -> bool:
    """Tell whether there are subsets to draw."""
    return any(np.isfinite(number(one, "estimate")) for one in gosh)
