"""How correlations of one sample covary (Olkin & Siotani 1976), as they are or as Fisher's z."""

from typing import Final, Literal

import numpy as np

from analysis.errors import ImpossibleValueError, ModelError
from analysis.results import Array, IntArray

type Scale = Literal["r", "z"]
# What is taken off n: 1 for correlations, 3 for Fisher's z.
LOSS: Final[dict[str, int]] = {"r": 1, "z": 3}


def correlation_covariance(R: Array, pairs: IntArray, *, scale: Scale = "r") -> Array:
    """Large-sample covariance of the correlations of one sample, for one degree of freedom.

    Divide by n - 1, for `scale="z"` by n - 3, as metafor's `rcalc` does.

    Parameters
    ----------
    R : (..., p, p)
        Correlation matrices; where a correlation is missing (NaN), the covariances that need it are.
    pairs : (m, 2)
        Which variables each correlation relates.
    scale : {"r", "z"}
        Correlations, or their Fisher's z (by the delta method).

    Returns
    -------
    (..., m, m)
        Olkin & Siotani (1976), as printed by Steiger (1980, Psychological Bulletin 87, eq. 3).
    """
    if scale not in LOSS:
        raise ModelError(f"scale {scale!r} is not known. Choose r or z.")
    i, j = pairs[:, 0, None], pairs[:, 1, None]
    k, m = pairs[None, :, 0], pairs[None, :, 1]
    ij, km, ik, im, jk, jm = (R[..., a, b] for a, b in ((i, j), (k, m), (i, k), (i, m), (j, k), (j, m)))
    squares = ik**2 + im**2 + jk**2 + jm**2
    triples = ij * ik * im + ij * jk * jm + ik * jk * km + im * jm * km
    value: Array = 0.5 * ij * km * squares + ik * jm + im * jk - triples
    return value if scale == "r" else value / ((1 - ij**2) * (1 - km**2))


def sampling_covariance(R: Array, ni: Array, pairs: IntArray, *, scale: Scale = "r") -> Array:
    """Sampling covariances of the correlations of samples of `ni` (...), from their matrices `R` (..., p, p).

    Raises
    ------
    ImpossibleValueError
        Fewer than five persons: the approximation is for large samples, and `rcalc` draws the same line.
    """
    size = np.asarray(ni, dtype=float)
    if not (size >= 5).all():
        raise ImpossibleValueError(f"a sample of {size.min():g} gives no covariance of correlations. Give n >= 5.")
    value: Array = correlation_covariance(R, pairs, scale=scale) / (size - LOSS[scale])[..., None, None]
    return value
