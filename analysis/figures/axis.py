"""An axis of effects: drawn on the analysis scale, labelled on the scale a reader thinks in."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from analysis.formatting import SUPERSCRIPTS, format_effect
from analysis.measures import back_transform
from analysis.results import Array, BoolArray
from analysis.vocabulary import BACK_TRANSFORMS, MEASURE_NAMES

# From the shown scale to the analysis scale.
FORWARD: Final[dict[str, Callable[[Array], Array]]] = {
    "tanh": np.arctanh,
    "exp": np.log,
    "expit": lambda shown: np.log(shown / (1 - shown)),
}
# Rows of ticks for an axis that is far from linear, the densest first; the first that has room is taken.
FAMILIES: Final[dict[str, tuple[tuple[float, ...], ...]]] = {
    "tanh": tuple(
        (0.0, *half, *(-value for value in half))
        for half in (
            (0.2, 0.4, 0.6, 0.8, 0.9, 0.95),
            (0.3, 0.6, 0.8, 0.9, 0.95),
            (0.5, 0.8, 0.95, 0.99),
            (0.8, 0.99),
            (0.99,),
        )
    ),
    "exp": tuple(
        tuple(
            mantissa * 10.0**exponent for exponent in range(-12, 13) if exponent % step == 0 for mantissa in mantissas
        )
        for mantissas, step in (
            ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8), 1),
            ((1, 1.5, 2, 3, 5, 7), 1),
            ((1, 2, 5), 1),
            ((1, 3), 1),
            ((1,), 1),
            ((1,), 2),
            ((1,), 4),
            ((1,), 6),
        )
    ),
    "expit": tuple(
        (0.5, *half, *(1 - value for value in half))
        for half in (
            (0.01, 0.05, 0.1, 0.2, 0.3, 0.4),
            (0.01, 0.05, 0.1, 0.25),
            (0.001, 0.01, 0.1),
            (0.001, 0.05),
            (0.01,),
        )
    ),
}
SHORT_NAMES: Final[dict[str, str]] = {
    "COR": "r",
    "UCOR": "r",
    "ZCOR": "r",
    "MD": "MD",
    "SMD": "g",
    "SMDH": "g",
    "ROM": "ratio",
    "SMCC": "SMCC",
    "SMCR": "SMCR",
    "OR": "OR",
    "RR": "RR",
    "RD": "RD",
    "PLO": "proportion",
    "GEN": "effect",
}
# What the shown scale is called where it differs from the analysis scale.
SHOWN_NAMES: Final[dict[str, str]] = {
    "ZCOR": "correlation r (Fisher's z scale)",
    "ROM": "ratio of means (log scale)",
    "OR": "odds ratio (log scale)",
    "RR": "risk ratio (log scale)",
    "PLO": "proportion (logit scale)",
}
# Measures in units of their own: zero may be as far away as it likes.
OWN_UNITS: Final = ("MD", "GEN")
# Whiskers are cut this many interquartile ranges beyond the quartiles of all limits ...
FENCE: Final = 2.0
# ... unless showing them in full makes the axis no longer than this many times.
STRETCH: Final = 1.4
MARGIN: Final = 0.04
# How far a subtotal may lengthen the axis of a forest plot, as a share of what the studies need.
SUBTOTAL_ROOM: Final = 0.15
# A linear row of ticks is kept while its narrowest gap is at least this share of its widest.
EVEN_ENOUGH: Final = 0.4


def null_value(measure: str) -> float | None:
    """Return the value of the analysis scale that means no effect; None for a proportion, which has no such value."""
    return None if measure == "PLO" else 0.0


def heading(measure: str) -> str:
    """Return the short name of a measure as a heading: words get a capital, symbols stay as they are."""
    name = SHORT_NAMES[measure]
    return name.capitalize() if len(name) > 1 and name.islower() else name


def axis_name(measure: str) -> str:
    """Name what an axis of effects shows, with a capital."""
    name = SHOWN_NAMES.get(measure, MEASURE_NAMES[measure])
    return name[0].upper() + name[1:]


def effect_limits(
    lb: Sequence[float],
    yi: Sequence[float],
    ub: Sequence[float],
    *,
    measure: str,
    near: Sequence[float] = (),
    keep: Sequence[float] = (),
) -> tuple[float, float]:
    """Choose limits that a few very wide intervals cannot stretch.

    The value of no effect is always inside, but for a measure in units of its own (MD, GEN) only where it is near.

    Parameters
    ----------
    lb, yi, ub : (k,)
        Whiskers and points; those beyond the fence will be cut.
    measure : str
    near : (m,)
        Values that are shown unless they are far beyond everything else, such as prediction limits, or nan.
    keep : (m,)
        Values that are shown wherever they are.
    """
    bounds = np.array([*lb, *ub], dtype=float)
    q1, q3 = np.percentile(bounds, [25, 75])
    reach = FENCE * (q3 - q1)
    inner = [value for value in (*bounds, *yi) if q1 - reach <= value <= q3 + reach]
    low, high = min(inner, default=float(q1)), max(inner, default=float(q3))
    if np.ptp([*bounds, *yi]) <= STRETCH * (high - low):
        low, high = float(bounds.min()), float(bounds.max())
    null = null_value(measure)
    anchors = [] if null is None else [null]
    always, sometimes = ((), [*near, *anchors]) if measure in OWN_UNITS else (anchors, near)
    room = 3 * max(reach, high - low)
    shown = [value for value in sometimes if math.isfinite(value) and low - room <= value <= high + room]
    low, high = min([low, *shown, *always, *keep]), max([high, *shown, *always, *keep])
    pad = MARGIN * (high - low) or 1.0
    return low - pad, high + pad


def forest_limits(
    studies: Sequence[tuple[float, float, float]],
    *,
    measure: str,
    near: Sequence[float],
    subtotals: Sequence[float] = (),
) -> tuple[float, float]:
    """Choose the limits of a forest plot: those of its studies, and a little more where a subtotal needs it.

    Parameters
    ----------
    studies : (lower limit, effect, upper limit) of each, in units of the measure.
    measure : str
    near : what is pooled, its limits and those of its prediction, or nan.
    subtotals : means of groups and their limits. One of two studies may reach from one end of the scale to the other:
        it must not squeeze the studies.
    """
    lb, yi, ub = ([study[side] for study in studies] for side in range(3))
    low, high = effect_limits(lb, yi, ub, measure=measure, near=near)
    room = SUBTOTAL_ROOM * (high - low)
    shown = [value for value in subtotals if low - room <= value <= high + room]
    return min([low, *shown]), max([high, *shown])


def effect_ticks(low: float, high: float, measure: str, most: int) -> tuple[list[float], list[str]]:
    """Choose ticks that are round on the shown scale.

    Parameters
    ----------
    low, high : float
        Limits in units of the measure.
    measure : str
    most : int
        How many ticks there is room for, if they were evenly spaced.

    Returns
    -------
    Positions in units of the measure, and their labels.
    """
    transform = BACK_TRANSFORMS.get(measure)
    if transform is None:
        shown = _within(_round_values(low, high, most), low, high)
        return shown, [_label(value, value, measure, _decimals(shown)) for value in shown]
    even = [] if transform == "exp" else _even_ticks(low, high, measure, most)
    positions = even or _family_ticks(low, high, measure, most)
    shown = [_back(position, measure) for position in positions]
    # Values of one step share their decimals (.25, .50); those of unequal steps have what they need (0.1, 1, 10).
    decimals = [_decimals(shown if even else [value]) for value in shown]
    return positions, [_label(x, s, measure, d) for x, s, d in zip(positions, shown, decimals, strict=True)]


def set_effect_axis(axis: Axis, low: float, high: float, measure: str, most: int) -> None:
    """Give an axis its ticks; its limits are the caller's."""
    positions, labels = effect_ticks(low, high, measure, most)
    axis.set_major_locator(FixedLocator(positions))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FixedFormatter(labels))


def _even_ticks(low: float, high: float, measure: str, most: int) -> list[float]:
    positions = _round_ticks(low, high, measure, most)
    if len(positions) < 4:
        return []
    gaps = np.diff(positions)
    ends_bare = max(positions[0] - low, high - positions[-1]) > 1.2 * gaps.max()
    return [] if ends_bare or gaps.min() < EVEN_ENOUGH * gaps.max() else positions


def _family_ticks(low: float, high: float, measure: str, most: int) -> list[float]:
    transform = BACK_TRANSFORMS[measure]
    room = (high - low) / (1.25 * most)
    for family in FAMILIES[transform]:
        positions = _within(FORWARD[transform](np.array(family)), low, high)
        if len(positions) >= 3 and np.diff(positions).min() >= room:
            return positions
    thinned: list[float] = []
    for position in _round_ticks(low, high, measure, 3 * most):
        if not thinned or position - thinned[-1] >= room:
            thinned.append(position)
    even = _even_ticks(low, high, measure, most)
    return even if len(even) >= len(thinned) - 1 and even else thinned


def _round_ticks(low: float, high: float, measure: str, most: int) -> list[float]:
    transform = BACK_TRANSFORMS[measure]
    ticks = _round_values(_back(low, measure), _back(high, measure), most)
    return _within(FORWARD[transform](ticks[_is_inside(ticks, transform)]), low, high)


def _round_values(low: float, high: float, most: int) -> Array:
    return np.asarray(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high), dtype=float)


def _is_inside(shown: Array, transform: str) -> BoolArray:
    low = {"tanh": -1.0, "exp": 0.0, "expit": 0.0}[transform]
    high = math.inf if transform == "exp" else 1.0
    return (shown > low + 1e-9) & (shown < high - 1e-9)


def _back(position: float, measure: str) -> float:
    return float(back_transform(position, measure))


def _within(values: Array, low: float, high: float) -> list[float]:
    return sorted(float(value) for value in values if low <= value <= high)


def _decimals(shown: Sequence[float]) -> int:
    """Count the decimals that tell these round values in full."""
    return next((d for d in range(13) if all(abs(round(v, d) - v) <= 1e-6 * max(abs(v), 1e-6) for v in shown)), 3)


def _label(position: float, shown: float, measure: str, decimals: int) -> str:
    if abs(shown) < 1e-15:
        return "0"
    power = math.log10(abs(shown))
    if decimals > 4 and abs(power - round(power)) < 1e-6:
        return f"10{str(round(power)).translate(SUPERSCRIPTS)}"
    return format_effect(position, measure, decimals)
