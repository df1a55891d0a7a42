"""A printed number: its value, its decimals, and whether it was printed as a bound."""

import re
from dataclasses import dataclass

from analysis.errors import ClaimError

_PRINTED = re.compile(r"\s*(?P<bound>[<>])?\s*(?P<sign>[+\u2212-])?\s*(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.(?P<part>[0-9]+))?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """`value` as a number; `decimals` printed; `bound` is <, > or None."""

    value: float
    decimals: int
    bound: str | None


def read_printed(text: str) -> Printed:
    """Read a number as a paper prints it: .27, -0.46, <.001, 3,158.

    Raises
    ------
    ClaimError
        When it is not one number.
    """
    match = _PRINTED.fullmatch(text)
    if match is None or not (match["whole"] or match["part"]):
        raise ClaimError(f'"{text}" is not one printed number. Write it as printed, such as .27, -0.46, <.001 or 3,158.')
    part = match["part"] or ""
    value = float(f"{match['whole'].replace(',', '') or '0'}.{part or '0'}")
    negative = match["sign"] in ("-", "\u2212")
    return Printed(value=-value if negative else value, decimals=len(part), bound=match["bound"])
