"""Where the label of an arrow stands: on its line or beside it, and on no box, no other label and no other arrow."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from analysis.results import Array

# Places along a line, the middle first.
STEPS: Final = tuple(0.5 + side * step for step in np.arange(0.0, 0.36, 0.02) for side in ((1, -1) if step else (1,)))
# A point of a line for every so many inches, to see whether it runs through a rectangle.
FINE: Final = 0.02
GAP: Final = 0.05
# What a label may cover least.
ON_TEXT: Final = 100.0
ON_LINE: Final = 10.0
BESIDE: Final = 1.0


def place_labels(
    lines: Sequence[Array], sizes: Sequence[tuple[float, float]], boxes: Sequence[Array]
) -> list[tuple[float, float]]:
    """Choose the centre of every label.

    Parameters
    ----------
    lines : sequence of (n, 2)
        Points along each arrow, evenly apart, inches.
    sizes : sequence of (width, height)
        Of each arrow's label.
    boxes : sequence of (4,)
        What is drawn already: left, right, bottom, top.

    Returns
    -------
    list of (x, y)
        In the order of the lines. The shortest line chooses first, for it has the fewest places.
    """
    taken, centres = list(boxes), [(0.0, 0.0)] * len(lines)
    fine = [_along(line, np.arange(0.0, 1.0 + 1e-9, FINE / max(_length(line), FINE))) for line in lines]
    for number in sorted(range(len(lines)), key=lambda one: _length(lines[one])):
        others = [points for other, points in enumerate(fine) if other != number]
        places, costs = _candidates(lines[number], sizes[number])
        rectangles = [rectangle((float(x), float(y)), *sizes[number]) for x, y in places]
        costs = costs + np.array([_cost(one, taken, others) for one in rectangles])
        best = int(np.argmin(costs))
        centres[number] = (float(places[best, 0]), float(places[best, 1]))
        taken.append(rectangles[best])
    return centres


def _candidates(line: Array, size: tuple[float, float]) -> tuple[Array, Array]:
    """Places on a line and close beside it, and what is lost by taking them instead of its middle."""
    steps = np.array(STEPS)
    places = _along(line, steps)
    ahead = _along(line, steps + FINE) - _along(line, steps - FINE)
    normal = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.hypot(*ahead.T)[:, None]
    clear = (np.abs(normal) @ np.array(size) / 2 + GAP)[:, None]
    away = np.abs(steps - 0.5)
    return (
        np.concatenate([places, places + clear * normal, places - clear * normal]),
        np.concatenate([away, away + BESIDE, away + BESIDE]),
    )


def rectangle(centre: tuple[float, float], width: float, height: float) -> Array:
    """Left, right, bottom, top."""
    (x, y), across, up = centre, width / 2, height / 2
    return np.array([x - across, x + across, y - up, y + up])


def _cost(one: Array, taken: Sequence[Array], others: Sequence[Array]) -> float:
    return ON_TEXT * sum(_overlaps(one, box) for box in taken) + ON_LINE * sum(
        _crosses(points, one) for points in others
    )


def _overlaps(a: Array, b: Array) -> bool:
    return bool(a[0] < b[1] + GAP and b[0] < a[1] + GAP and a[2] < b[3] + GAP and b[2] < a[3] + GAP)


def _crosses(points: Array, box: Array) -> bool:
    x, y = points.T
    return bool(((x > box[0] - GAP) & (x < box[1] + GAP) & (y > box[2] - GAP) & (y < box[3] + GAP)).any())


def _length(line: Array) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def _along(line: Array, shares: Array) -> Array:
    """Points at shares of the way along a line."""
    own = np.linspace(0.0, 1.0, len(line))
    return np.stack([np.interp(shares, own, line[:, axis]) for axis in (0, 1)], axis=1)
