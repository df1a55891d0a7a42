"""What a publication prints about a pooled correlation, read as Fisher's z with a standard error.

Each function is one *reading*: a publication seldom prints a standard error, and what is used in its place is a choice
that the reader of a result must see.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from analysis.errors import ClaimError


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCorrelation:
    """A published correlation on Fisher's scale.

    Attributes
    ----------
    first, second : str
        The variables.
    z, se : float
        Fisher's z and its standard error.
    source : str
        Publication.
    reading : str
        How the standard error was obtained, in words.
    assumed : bool
        Whether that is an assumption rather than what was printed.
    """

    first: str
    second: str
    z: float
    se: float
    source: str
    reading: str
    assumed: bool

    @property
    def r(self) -> float:
        """The correlation."""
        return float(np.tanh(self.z))


def from_limits(
    first: str, second: str, r: float, lower: float, upper: float, *, level: float = 95.0, source: str
) -> PublishedCorrelation:
    """From confidence limits, (z_ub - z_lb) / (2 q): limits of a mean on Fisher's scale are symmetric there."""
    _refuse_outside(r, lower, upper, source=source)
    if not lower < r < upper:
        raise ClaimError(f"{source}: {r} is not between {lower} and {upper}. Check the printed numbers.")
    se = float(np.arctanh(upper) - np.arctanh(lower)) / (2 * float(ndtri(0.5 + level / 200)))
    reading = f"standard error from the printed {level:g} % confidence limits"
    return PublishedCorrelation(
        first=first, second=second, z=float(np.arctanh(r)), se=se, source=source, reading=reading, assumed=False
    )


def from_p(first: str, second: str, r: float, p: float, *, about: str, source: str) -> PublishedCorrelation:
    """From a two-sided p value of a z test, |z| / q(p); `about` says in words what of the p value is printed."""
    _refuse_outside(r, source=source)
    if not 0 < p < 1 or r == 0:
        raise ClaimError(f"{source}: no standard error follows from r = {r} and p = {p}. Choose another reading.")
    se = abs(float(np.arctanh(r))) / float(-ndtri(p / 2))
    written = np.format_float_positional(p, precision=6, trim="-").lstrip("0")
    reading = f"standard error from p = {written} of a z test ({about})"
    return PublishedCorrelation(
        first=first, second=second, z=float(np.arctanh(r)), se=se, source=source, reading=reading, assumed=True
    )


def from_d_credibility(
    first: str,
    second: str,
    d: float,
    lower: float,
    upper: float,
    *,
    k: int,
    n_total: float,
    level: float = 80.0,
    source: str,
) -> PublishedCorrelation:
    """From a mean standardised difference and the credibility interval of true effects around it.

    A credibility interval tells how far true effects scatter, not how sure their mean is (Whitener 1990). Its half
    width over the quantile is their standard deviation; the mean of k studies has variance `(SD^2 + v) / k`, with
    `v / k` taken as `4 (1 + d^2 / 8) / N` for two equal groups (Hunter & Schmidt 2004).
    """
    _refuse_order(lower, upper, source)
    sd = (upper - lower) / (2 * float(ndtri(0.5 + level / 200)))
    se = float(np.sqrt(sd**2 / k + _sampling(d, n_total)))
    reading = f"d to r for equal groups; standard error from the {level:g} % credibility interval, k = {k}, N"
    return _from_d(first, second, d, se, source, reading)


def from_d_limits(
    first: str, second: str, d: float, lower: float, upper: float, *, level: float, source: str
) -> PublishedCorrelation:
    """From a mean standardised difference, its printed interval taken for a confidence interval."""
    _refuse_order(lower, upper, source)
    se = (upper - lower) / (2 * float(ndtri(0.5 + level / 200)))
    reading = f"d to r for equal groups; the interval read as one of {level:g} % confidence"
    return _from_d(first, second, d, se, source, reading)


def from_d_size(first: str, second: str, d: float, n_total: float, *, source: str) -> PublishedCorrelation:
    """From a mean standardised difference and the number of persons alone, as if all studies had one true effect."""
    reading = "d to r for equal groups; standard error from N alone, no heterogeneity"
    return _from_d(first, second, d, float(np.sqrt(_sampling(d, n_total))), source, reading)


def _sampling(d: float, n_total: float) -> float:
    return 4 * (1 + d**2 / 8) / n_total


def _from_d(first: str, second: str, d: float, se: float, source: str, reading: str) -> PublishedCorrelation:
    """`r = d / sqrt(d^2 + 4)` (Borenstein et al. 2009, eq. 7.5), so that `z = asinh(d / 2)`; se by the delta method."""
    z, slope = float(np.arcsinh(d / 2)), 1 / np.sqrt(d**2 + 4)
    return PublishedCorrelation(
        first=first, second=second, z=z, se=float(se * slope), source=source, reading=reading, assumed=True
    )


def _refuse_outside(*values: float, source: str) -> None:
    if not all(-1 < value < 1 for value in values):
        raise ClaimError(f"{source}: {values} are not all correlations between -1 and 1. Check the printed numbers.")


def _refuse_order(lower: float, upper: float, source: str) -> None:
    if not lower < upper:
        raise ClaimError(f"{source}: the limits {lower} and {upper} are not in order. Check the printed numbers.")
