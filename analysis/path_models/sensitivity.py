"""Effects under other choices beside those of the base: whether a conclusion hangs on the choice."""

from collections.abc import Mapping, Sequence
from typing import Any

type Records = list[dict[str, Any]]


def compare_with_base(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> Records:
    """Put every run beside the first one, effect by effect.

    Parameters
    ----------
    runs : records of effects by choice, the base first
        Each with `effect`, `estimate`, `se`, `ci_lb`, `ci_ub`, and what else is to be kept. A run may lack effects of
        the base; those that the base lacks are left out.

    Returns
    -------
    list of dict
        The base first. `excludes_zero` says whether the interval does, `changes` whether that differs from the base,
        `shift` by how many base standard errors the estimate moves, `width` the ratio of the widths.
    """
    base = {one["effect"]: one for one in next(iter(runs.values()))}
    return [
        {"choice": choice, **one, **_beside(one, base[one["effect"]])}
        for choice, records in runs.items()
        for one in records
        if one["effect"] in base
    ]


def _beside(one: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    excludes = [not record["ci_lb"] <= 0 <= record["ci_ub"] for record in (one, base)]
    return {
        "excludes_zero": excludes[0],
        "changes": excludes[0] != excludes[1],
        "shift": (one["estimate"] - base["estimate"]) / base["se"],
        "width": (one["ci_ub"] - one["ci_lb"]) / (base["ci_ub"] - base["ci_lb"]),
    }
