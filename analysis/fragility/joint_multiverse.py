"""Is the whole multiverse more than chance? All specifications together under the hypothesis of no effect.

Simonsohn, Simmons & Nelson (2020, Nat. Hum. Behav. 4, 1208-1214) permute under the null and run every specification on
every permuted data set. Studies have no groups to permute; under no effect a study's results are as likely with the
other sign, so the signs of whole studies are drawn, the same draw for every specification.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.errors import ModelError
from analysis.fragility.multiverse import EffectSet, Stack, fit_blocks, stack_sets
from analysis.results import Array

# Effects held at once: draws are worked off in portions of this many (draws x sets x effects).
PORTION = 200_000
# Largest set of a stack beside its smallest, about.
MAX_PADDING = 1.3
# Up to so many studies every arrangement of signs is used.
MAX_ENUMERATED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class JointMultiverseTest:
    """Two-sided p values of three statistics of all specifications of one estimand.

    Attributes
    ----------
    median, clear, stouffer : float
        Observed: median of z statistics; larger of the shares of intervals above and below no effect; sum of z over
        the root of their number.
    median_pval, clear_pval, stouffer_pval : float
        Share of draws at least as extreme, the observed one counted.
    draws : int
    exact : bool
        All arrangements of signs were used.
    """

    estimand: str
    specifications: int
    median: float
    clear: float
    stouffer: float
    median_pval: float
    clear_pval: float
    stouffer_pval: float
    draws: int
    exact: bool


def joint_multiverse_test(
    sets: Sequence[EffectSet],
    *,
    methods: Sequence[str],
    tests: Sequence[str],
    outliers: Sequence[str] = ("none",),
    level: float = 95.0,
    draws: int = 500,
    seed: int,
) -> tuple[JointMultiverseTest, ...]:
    """Test every estimand by sign flips of whole studies; outlier rules are applied anew to every draw.

    Exchangeability needs symmetric errors and variances that do not change with the sign of an effect, as those of
    correlations, Fisher's z, standardised differences and logarithms of ratios do not.

    Parameters
    ----------
    sets, methods, tests, outliers, level
        As in `run_multiverse`.
    draws : int
        Random arrangements; with at most `MAX_ENUMERATED` studies all are used instead.
    seed : int
    """
    if draws < 1:
        raise ModelError(f"{draws} draws say nothing. Draw at least 99.")
    stacks = _similar(sets)
    signs, exact = _signs(max(int(stack.unit.max()) for stack in stacks) + 1, draws, seed)
    shared = {"methods": methods, "tests": tests, "outliers": outliers, "level": level}
    observed = _statistics(stacks, np.ones((1, signs.shape[1])), **shared)
    portion = max(1, PORTION // sum(stack.yi.size for stack in stacks))
    drawn = [_statistics(stacks, signs[start : start + portion], **shared) for start in range(0, len(signs), portion)]
    return tuple(
        _tested(name, observed[name], np.concatenate([part[name] for part in drawn]), exact=exact)
        for name in dict.fromkeys(one.estimand for one in sets)
    )


def _signs(units: int, draws: int, seed: int) -> tuple[Array, bool]:
    """Arrangements of signs (n, units); of all of them only those that leave the first study as it is.

    The others mirror them, and no statistic changes in size when every sign does.
    """
    if units <= MAX_ENUMERATED:
        codes = np.arange(2 ** (units - 1))
        places = np.arange(units) - 1
        every: Array = 1.0 - 2.0 * ((codes[:, None] >> np.maximum(places, 0)) & (places >= 0)).astype(float)
        return every, True
    rng = np.random.default_rng(seed)
    drawn: Array = 1.0 - 2.0 * rng.integers(0, 2, size=(draws, units)).astype(float)
    return drawn, False


def _similar(sets: Sequence[EffectSet]) -> list[Stack]:
    """Sets of similar size in one stack, so that composites are not padded to the length of all effects."""
    whole = stack_sets(sets)
    sizes = whole.mask.sum(1)
    kinds = np.floor(np.log(sizes) / np.log(MAX_PADDING)).astype(int)
    return [stack_sets([one for one, own in zip(sets, kinds, strict=True) if own == kind]) for kind in np.unique(kinds)]


def _statistics(stacks: Sequence[Stack], signs: Array, **shared: object) -> dict[str, Array]:
    """Median z, largest share of clear intervals and Stouffer's z, (n, 3), and the number of specifications."""
    z_of: dict[str, list[Array]] = {}
    sides_of: dict[str, list[Array]] = {}
    for stack in stacks:
        names = np.array([one.estimand for one in stack.sets])
        for _, found in fit_blocks(stack, stack.yi * signs[:, stack.unit], **shared):  # type: ignore[arg-type]
            clear = found.pval < 1.0 - float(shared["level"]) / 100.0  # type: ignore[arg-type]
            sides = np.where(clear, np.sign(found.stat), 0.0)
            for name in dict.fromkeys(names.tolist()):
                z_of.setdefault(name, []).append(found.stat[:, names == name])
                sides_of.setdefault(name, []).append(sides[:, names == name])
    return {name: _together(np.hstack(z_of[name]), np.hstack(sides_of[name])) for name in z_of}


def _together(z: Array, sides: Array) -> Array:
    """The statistics of one estimand from those of its specifications, (n, S)."""
    usable = np.isfinite(z)
    count = usable.sum(1)
    share = np.stack([(sides > 0).mean(1), (sides < 0).mean(1)]).max(0)
    stouffer = np.where(usable, z, 0.0).sum(1) / np.sqrt(np.maximum(count, 1))
    return np.stack([_median(z), share, stouffer, count], 1)


def _median(values: Array) -> Array:
    if np.isfinite(values).all():
        middle: Array = np.median(values, axis=1)
        return middle
    return np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in values])


def _tested(name: str, observed: Array, drawn: Array, *, exact: bool) -> JointMultiverseTest:
    (median, clear, stouffer, count), extra = observed[0], 0 if exact else 1
    own = np.array([abs(median), clear, abs(stouffer)])
    # Draws that reach the observed value but for rounding count as reaching it.
    reached = (np.abs(drawn[:, :3]) >= own * (1.0 - 1e-9)).sum(0)
    pval = (reached + extra) / (len(drawn) + extra)
    # Without a z statistic there is nothing that could be reached.
    pval[~np.isfinite(own) | (count == 0.0)] = np.nan
    return JointMultiverseTest(
        estimand=name,
        specifications=int(count),
        median=float(median),
        clear=float(clear),
        stouffer=float(stouffer),
        median_pval=float(pval[0]),
        clear_pval=float(pval[1]),
        stouffer_pval=float(pval[2]),
        draws=2 * len(drawn) if exact else len(drawn),
        exact=exact,
    )
