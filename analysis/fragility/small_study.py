"""When no method that reads bias off small studies should be trusted, in sentences."""

import numpy as np

from analysis.frequentist import fit_random_effects
from analysis.frequentist.laws import two_sided
from analysis.results import Array
from analysis.vocabulary import MAX_I2_FUNNEL, MIN_K_FUNNEL_ASYMMETRY, MIN_VARIANCE_RATIO_FUNNEL, STUDY_ALPHA


def i_squared(yi: Array, vi: Array) -> float:
    """I2 in per cent from Q (Higgins & Thompson 2002, eq. 10); 0 for one study."""
    return float(fit_random_effects(yi, vi, method="EE").i2)


def significant(yi: Array, vi: Array) -> int:
    """How many studies are significant by themselves, two-sided at `STUDY_ALPHA`."""
    return int((two_sided(yi / np.sqrt(vi), np.array(np.inf)) <= STUDY_ALPHA).sum())


def funnel_cautions(yi: Array, vi: Array, studies: int | None = None) -> tuple[str, ...]:
    """Why these effects `(k,)` cannot carry a verdict on the asymmetry of a funnel.

    The four conditions of Ioannidis & Trikalinos (2007), CMAJ 176(8), 1091-1096. `studies` is their number where some
    have several effects.
    """
    said = [too_few(len(yi) if studies is None else studies), too_heterogeneous(yi, vi, MAX_I2_FUNNEL)]
    spread = float(vi.max() / vi.min())
    if spread <= MIN_VARIANCE_RATIO_FUNNEL:
        said.append(
            f"The largest sampling variance is {spread:.1f} times the smallest, at most {MIN_VARIANCE_RATIO_FUNNEL:g}: "
            "studies so alike in precision say little about what precision does."
        )
    if not significant(yi, vi):
        said.append("No study is significant by itself, so there is no sign of selection for significance to look for.")
    return tuple(sentence for sentence in said if sentence)


def too_few(k: int, needed: int = MIN_K_FUNNEL_ASYMMETRY) -> str:
    """A sentence where k studies are fewer than needed, else nothing."""
    if k >= needed:
        return ""
    return f"{k} studies are fewer than {needed}: the method cannot tell chance from bias."


def too_heterogeneous(yi: Array, vi: Array, limit: float) -> str:
    """A sentence where I2 is beyond a limit in per cent, else nothing."""
    i2 = i_squared(yi, vi)
    if i2 <= limit:
        return ""
    return f"I2 is {i2:.0f} per cent, above {limit:g}: small studies may differ for reasons other than bias."
