"""Turn results of a flat batch back to the leading shape of the input; one data set becomes plain numbers."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from analysis.results import Array, Convergence


def reshape(value: Any, shape: tuple[int, ...]) -> Any:
    """Reshape the batch axis of an array to `shape`; for no shape, drop it (a scalar becomes a Python number)."""
    if value is None:
        return None
    if shape == ():
        return value.item(0) if value.ndim == 1 else value[0]
    return value.reshape(*shape, *value.shape[1:])


def reshape_convergence(steps: Convergence, shape: tuple[int, ...]) -> Convergence:
    """The same for how an iteration ended."""
    return Convergence(
        converged=reshape(steps.converged, shape),
        iterations=reshape(steps.iterations, shape),
        at_boundary=reshape(steps.at_boundary, shape),
    )


def reshape_fields[T](result: T, shape: tuple[int, ...], fields: tuple[str, ...]) -> T:
    """Replace the named array fields of a frozen result by reshaped ones."""
    changes = {name: reshape(getattr(result, name), shape) for name in fields}
    return dataclasses.replace(result, **changes)  # type: ignore[type-var]


def flat(value: ArrayLike, tail: int) -> Array:
    """The reverse: one flat batch axis in front of the last `tail` axes."""
    array = np.asarray(value, dtype=float)
    return array.reshape(-1, *array.shape[array.ndim - tail :])
