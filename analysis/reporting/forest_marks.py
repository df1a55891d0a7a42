"""Where the marks of a forest plot stand in the drawings of a page: positions on one shared axis, no statistics."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# The drawing of a row, in units of its own; ends are kept free for squares and arrowheads.
WIDTH: Final = 320
HEIGHT: Final = 24
EDGE: Final = 10
VIEW: Final = f"0 0 {WIDTH} {HEIGHT}"
MIDDLE: Final = HEIGHT / 2
# Sides of squares; areas are proportional to weights down to the smallest.
LARGEST, SMALLEST = 15.0, 3.5
# Half the height of the diamond, of the bar of a prediction interval and of an arrowhead.
DIAMOND, BAR, ARROW = 8.0, 3.0, 4.0
# Labels of ticks that have room.
MOST_TICKS: Final = 7


@dataclass(frozen=True, slots=True)
class Square:
    """A square: its left and upper edge, and its side."""

    x: float
    y: float
    side: float


@dataclass(frozen=True, slots=True)
class Axis:
    """The shared axis: its ends in units of the measure."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value stands; one beyond the axis at its end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return _short(EDGE + share * (WIDTH - 2 * EDGE))

    def holds(self, value: float) -> bool:
        """Tell whether a value is on the axis."""
        return self.low <= value <= self.high

    def whisker(self, lb: float, ub: float) -> str:
        """Return the path of an interval, with an arrowhead where it leaves the axis."""
        if not (math.isfinite(lb) and math.isfinite(ub)):
            return ""
        start, end = self.place(lb), self.place(ub)
        path = f"M{start:g} {MIDDLE:g}H{end:g}"
        path += _arrow(start, ARROW) if lb < self.low else ""
        return path + (_arrow(end, -ARROW) if ub > self.high else "")

    def square(self, value: float, weight: float, largest: float) -> Square | None:
        """Return a square of an area proportional to a weight; None beyond the axis."""
        if not self.holds(value):
            return None
        share = math.sqrt(weight / largest) if weight > 0 and largest > 0 else 0.0
        side = _short(max(share * LARGEST, SMALLEST))
        return Square(_short(self.place(value) - side / 2), _short(MIDDLE - side / 2), side)

    def diamond(self, lb: float, value: float, ub: float) -> str:
        """Return the path of a mean with its limits; empty where one of them is missing."""
        if not all(map(math.isfinite, (lb, value, ub))):
            return ""
        left, middle, right = (self.place(each) for each in (lb, value, ub))
        top, foot = MIDDLE - DIAMOND, MIDDLE + DIAMOND
        path = f"M{left:g} {MIDDLE:g}L{middle:g} {top:g}L{right:g} {MIDDLE:g}L{middle:g} {foot:g}Z"
        return path + self._beyond(lb, ub)

    def bar(self, lb: float, ub: float) -> str:
        """Return the path of a bar between two limits; empty where one of them is missing."""
        if not (math.isfinite(lb) and math.isfinite(ub)):
            return ""
        top, foot = MIDDLE - BAR, MIDDLE + BAR
        path = f"M{self.place(lb):g} {top:g}H{self.place(ub):g}V{foot:g}H{self.place(lb):g}Z"
        return path + self._beyond(lb, ub)

    def _beyond(self, lb: float, ub: float) -> str:
        """Return filled arrowheads that point out of the axis."""
        path = f"M{EDGE:g} {MIDDLE - ARROW:g}l{-ARROW:g} {ARROW:g}l{ARROW:g} {ARROW:g}Z" if lb < self.low else ""
        right = WIDTH - EDGE
        return path + (
            f"M{right:g} {MIDDLE - ARROW:g}l{ARROW:g} {ARROW:g}l{-ARROW:g} {ARROW:g}Z" if ub > self.high else ""
        )


def build_axis(
    studies: Sequence[tuple[float, float, float]], pooled: Sequence[float], subtotals: Sequence[float], measure: str
) -> Axis:
    """Return the axis that the figure of the same rows has.

    Parameters
    ----------
    studies : (lower limit, effect, upper limit) of each, in units of the measure.
    pooled : the mean, its limits and those of its prediction interval, or nan.
    subtotals : means of groups and their limits.
    measure : code of the effect-size measure.
    """
    # Brings matplotlib with it, which a page without a forest plot does not need.
    from analysis.figures.axis import forest_limits

    return Axis(*forest_limits(studies, measure=measure, near=pooled, subtotals=subtotals))


def axis_ticks(axis: Axis, measure: str) -> list[tuple[float, str]]:
    """Return positions and labels of ticks that are round on the scale a reader sees."""
    from analysis.figures.axis import effect_ticks

    places, labels = effect_ticks(axis.low, axis.high, measure, MOST_TICKS)
    return [(axis.place(place), label) for place, label in zip(places, labels, strict=True)]


def null_place(axis: Axis, measure: str) -> float | None:
    """Return where no effect stands; None where there is no such value, or it is beyond the axis."""
    from analysis.figures.axis import null_value

    null = null_value(measure)
    return None if null is None or not axis.holds(null) else axis.place(null)


def _arrow(x: float, back: float) -> str:
    return f"M{x + back:g} {MIDDLE - ARROW:g}L{x:g} {MIDDLE:g}L{x + back:g} {MIDDLE + ARROW:g}"


def _short(value: float) -> float:
    # A hundredth of a unit is a fiftieth of a pixel.
    return round(value, 2)
