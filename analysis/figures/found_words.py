"""What was found, in sentences: beside the figure, and for those who do not see it."""

from collections import Counter
from typing import Final

from analysis.errors import DataError
from analysis.figures.axis import SHORT_NAMES, null_value
from analysis.figures.records import Record, Records, number, word
from analysis.figures.wording import level_text
from analysis.formatting import format_count, format_shown, format_shown_interval
from analysis.measures import back_transform

CAPTION: Final = (
    "The mean effect of every analysis (dot), its {level} confidence interval (thick line) and its prediction "
    "interval, in which the true effect of a further study is expected (thin line). A hollow dot: the analysis asks "
    "what the effect depends on, so that its mean is not its answer. Correlations are set on the scale of Fisher's z."
)
NUMERALS: Final = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def estimate_text(row: Record) -> str:
    """Return a mean and its confidence interval: `r = .27 [.13, .40]`."""
    measure = word(row, "measure")
    estimate = format_shown(number(row, "estimate"), measure)
    interval = format_shown_interval(number(row, "ci_lb"), number(row, "ci_ub"), measure)
    return f"{SHORT_NAMES[measure]} = {estimate} {interval}"


def common_level(rows: Records) -> str:
    """Return the level of all intervals, `95%`, or every one: `90% or 95%`."""
    return " or ".join(level_text(level) for level in sorted({number(row, "level") for row in rows}))


def describe_caption(rows: Records) -> str:
    """Say what the marks are."""
    return CAPTION.format(level=common_level(rows))


def summarise_found(rows: Records) -> str:
    """Say in two sentences how sure the means of published data are, and what that leaves open for a further study.

    Raises
    ------
    DataError
        When there is no row of published data.
    """
    published = [row for row in rows if not row["synthetic"]]
    if not published:
        raise DataError("what was found: all data are simulated. Nothing was found about studies.")
    level, total = common_level(rows), _numeral(len(published))
    apart = sum(not _spans(row, "ci") for row in published)
    predicted = [row for row in published if row["pi_lb"] is not None]
    either = sum(_spans(row, "pi") for row in predicted)
    first = f"In {_numeral(apart)} of {total} analyses of published studies the mean effect differs from zero"
    then = f"In {_numeral(either)} of {_numeral(len(predicted))} the prediction interval includes zero"
    return (
        f"{first} ({level} confidence interval). {then}: a further study may still find no effect, or the opposite one."
    )


def describe_found(rows: Records) -> str:
    """Return the alternative text of the figure: every mean with its limits, published data first."""
    parts = []
    for synthetic, name in ((False, "Published studies"), (True, "Simulated studies")):
        told = [f"{word(row, 'title')}: {_told(row)}" for row in rows if row["synthetic"] is synthetic]
        parts += [f"{name}. {'; '.join(told)}."] if told else []
    counts = Counter(bool(row["synthetic"]) for row in rows)
    return f"Means of {counts.total()} analyses with their intervals. {' '.join(parts)}"


def _told(row: Record) -> str:
    if row["pi_lb"] is None:
        return estimate_text(row)
    measure = word(row, "measure")
    low, high = (format_shown(number(row, f"pi_{side}"), measure) for side in ("lb", "ub"))
    return f"{estimate_text(row)}, a further study from {low} to {high}"


def _spans(row: Record, interval: str) -> bool:
    """No effect lies inside an interval."""
    measure = word(row, "measure")
    null = null_value(measure)
    none = 0.0 if null is None else float(back_transform(null, measure))
    return number(row, f"{interval}_lb") <= none <= number(row, f"{interval}_ub")


def _numeral(count: int) -> str:
    return NUMERALS[count] if count < len(NUMERALS) else format_count(count)
