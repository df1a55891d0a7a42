"""Numbers to text for a reader: the only place that rounds.

Style: APA 7, sections 6.36 to 6.43: a leading zero only where a statistic can exceed 1, a true minus sign, exact p
values down to .001. What is missing is an en dash, so that an empty cell is never mistaken for a forgotten one.
"""

import math
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

MINUS: Final = "\u2212"
MISSING: Final = "\u2013"
INFINITY: Final = "\u221e"
SUPERSCRIPTS: Final = str.maketrans("0123456789-", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b")
# Measures whose shown values cannot exceed 1 in absolute value (APA 7, 6.36: no leading zero).
BOUNDED_MEASURES: Final = ("COR", "UCOR", "ZCOR", "RD", "PLO")
# From here on digits are grouped in threes, and from there on a power of ten reads better than digits.
GROUPING_FROM: Final = 1_000
SCIENTIFIC_FROM: Final = 1e9
SMALLEST_P: Final = 0.001
# A share this near to all or nothing would be rounded to certainty with one decimal.
NEARLY_CERTAIN: Final = 0.9995
MOST_SHOWN, LEAST_SHOWN = 99.9, 0.1
# A shared beginning of labels shorter than this says nothing.
SHORTEST_LABEL: Final = 4


def _is_missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _scientific(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa} \u00d7 10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def format_number(value: float | None, digits: int = 2) -> str:
    """Round to a fixed number of decimals.

    Parameters
    ----------
    value : float or None
        None and nan are shown as an en dash.
    digits : int
        Decimals.

    Returns
    -------
    str
        With a true minus sign, never a negative zero; thousands grouped, a power of ten from 1e9 on.
    """
    if value is None or _is_missing(value):
        return MISSING
    if math.isinf(value):
        return INFINITY if value > 0 else MINUS + INFINITY
    size = abs(value)
    text = (
        _scientific(size, digits)
        if size >= SCIENTIFIC_FROM
        else f"{size:{',' if size >= GROUPING_FROM else ''}.{digits}f}"
    )
    is_zero = not text.strip("0.,")
    return MINUS + text if value < 0 and not is_zero else text


def format_bounded(value: float | None, digits: int = 2) -> str:
    """Round a statistic that cannot exceed 1 in absolute value: `.25`, not `0.25`; the value 1 keeps its digit."""
    text = format_number(value, digits)
    bare = text.removeprefix(MINUS)
    return text.replace("0.", ".", 1) if bare.startswith("0.") else text


def format_p(p: float | None) -> str:
    """Word a p value as APA does: `p = .012`, and beyond three decimals `p < .001` or `p > .999`."""
    if p is None or _is_missing(p):
        return MISSING
    if p < SMALLEST_P:
        return f"p < {format_bounded(SMALLEST_P, 3)}"
    if f"{p:.3f}" == "1.000":
        return f"p > {format_bounded(1 - SMALLEST_P, 3)}"
    return f"p = {format_bounded(p, 3)}"


def format_shown(value: float | None, measure: str, digits: int = 2) -> str:
    """Round a value that is already on the scale a reader sees (r, odds ratio, g ...)."""
    return format_bounded(value, digits) if measure in BOUNDED_MEASURES else format_number(value, digits)


def format_effect(value: float | None, measure: str, digits: int = 2) -> str:
    """Round a value of the analysis scale after taking it to the scale a reader sees.

    Parameters
    ----------
    value : float or None
        In units of the measure (Fisher's z for ZCOR, log odds ratio for OR ...).
    measure : str
        A code of `analysis.vocabulary.MEASURE_NAMES`.
    digits : int
        Decimals.
    """
    if value is None or _is_missing(value):
        return MISSING
    from analysis.measures import back_transform

    return format_shown(float(back_transform(value, measure)), measure, digits)


def _bracket(lb: str, ub: str) -> str:
    return MISSING if lb == ub == MISSING else f"[{lb}, {ub}]"


def format_interval(lb: float | None, ub: float | None, measure: str, digits: int = 2) -> str:
    """Two limits of the analysis scale, taken to the scale a reader sees: `[.12, .36]`."""
    return _bracket(format_effect(lb, measure, digits), format_effect(ub, measure, digits))


def format_shown_interval(lb: float | None, ub: float | None, measure: str, digits: int = 2) -> str:
    """Two limits that are already on the scale a reader sees: `[.12, .36]`."""
    return _bracket(format_shown(lb, measure, digits), format_shown(ub, measure, digits))


def format_percent(value: float | None, digits: int = 1) -> str:
    """Word a value that is already in per cent: `45.3%`."""
    text = format_number(value, digits)
    return text if text == MISSING else f"{text}%"


def format_count(value: float | None) -> str:
    """Word a count, digits grouped in threes: `3,158`."""
    if value is None or _is_missing(value):
        return MISSING
    return f"{round(value):,}".replace("-", MINUS)


def format_stated(value: float | None) -> str:
    """Word a number as a table of data states it: every digit, nothing rounded, nothing grouped."""
    return MISSING if value is None or _is_missing(value) else f"{value:.15g}".replace("-", MINUS)


def format_df(value: float | None) -> str:
    """Word degrees of freedom: whole ones without decimals, others with two; None and nan are an en dash."""
    if value is None or _is_missing(value) or math.isinf(value):
        return format_number(value)
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"


def format_probability(p: float | None) -> str:
    """Word a probability in per cent; one near 0 or 1 is not rounded to certainty."""
    if _is_missing(p):
        return MISSING
    assert p is not None
    if p > NEARLY_CERTAIN:
        return f">\u202f{format_percent(MOST_SHOWN)}"
    return f"<\u202f{format_percent(LEAST_SHOWN)}" if p < 1 - NEARLY_CERTAIN else format_percent(100 * p)


def common_label(labels: Sequence[str]) -> str:
    """Return what the labels of a study begin with, or the first of them."""
    if len(set(labels)) == 1:
        return labels[0]
    # Labels differ first where their smallest and largest do.
    common = "".join(
        one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(min(labels), max(labels), strict=False))
    )
    # Cut back to the last comma or space, so that no label ends within a word.
    stem = common[: max(common.rfind(","), common.rfind(" ")) + 1].rstrip(" ,")
    return stem if len(stem) >= SHORTEST_LABEL else labels[0]
