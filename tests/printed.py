"""Numbers as a paper prints them: a result agrees when it rounds to the printed digits."""

from typing import SupportsFloat

import numpy as np
from numpy.typing import ArrayLike


def assert_printed(ours: ArrayLike | SupportsFloat, *printed: str) -> None:
    """Each of `ours` lies within half a unit of the last digit of its printed form."""
    values = np.ravel(np.asarray(ours, dtype=float))
    assert len(values) == len(printed), f"{len(values)} values for {len(printed)} printed ones"
    for value, text in zip(values, printed, strict=True):
        decimals = len(text.partition(".")[2])
        # Papers round ties either way, and some inputs are exact decimals.
        assert abs(value - float(text)) <= 0.5 * 10.0**-decimals + 1e-9, f"ours {value}, printed {text}"
