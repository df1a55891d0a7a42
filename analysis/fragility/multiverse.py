"""Every defensible analysis of the same studies at once: a multiverse of specifications as one batch of fits.

Steegen, Tuerlinckx, Gelman & Vanpaemel (2016, Perspect. Psychol. Sci. 11, 702-712); for meta-analysis Voracek,
Kossmeier & Tran (2019, Z. Psychol. 227, 64-82).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from analysis.errors import ModelError
from analysis.fragility.outliers import OUTLIER_RULES
from analysis.fragility.retesting import TestedMean, retest
from analysis.frequentist import fit_random_effects
from analysis.results import Array, BoolArray, IntArray
from analysis.vocabulary import FIXED_METHODS, METHODS, SCALED_TESTS, TESTS

# Names of the choices that the kernel itself makes; those of effect sets come before them.
OWN_CHOICES = ("outliers", "method", "test")
# What is shown on the scale that all sets share.
SHOWN = ("estimate", "ci_lb", "ci_ub")
# Transformations to that scale.
TRANSFORMATIONS: dict[str, Callable[[Array], Array]] = {"tanh": np.tanh, "exp": np.exp, "expit": expit}


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSet:
    """Effects as some choices made them.

    Attributes
    ----------
    choices : mapping
        Name of a choice to the option taken, the same names in every set: measure, subset, aggregation and so on.
    estimand : str
        What a mean of these effects is about. Sets of different estimands are never mixed in a summary.
    yi, vi : (k,)
        Effects and sampling variances.
    unit : (k,)
        Study of every effect, coded the same way in all sets.
    shown : str or None
        Transformation of the mean to the scale that its estimand shares, one of `TRANSFORMATIONS`: `tanh` for Fisher's
        z beside correlations, `exp` for logarithms of ratios, `expit` for logits; None for none.
    """

    choices: Mapping[str, str]
    estimand: str
    yi: Array
    vi: Array
    unit: IntArray
    shown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiverse:
    """One row per specification.

    Attributes
    ----------
    options : mapping
        Name of a choice to its options, in order.
    taken : (S, C)
        Index of the option that a specification takes of each choice.
    estimand : S strings
    k : (S,)
        Effects.
    estimate, ci_lb, ci_ub : (S,)
        Mean and its limits on the shared scale; not a number where a specification cannot be fitted.
    se, pval, tau2, i2 : (S,)
        On the scale of its own measure.
    null : (S,)
        No effect on the shared scale: one for ratios, a half for proportions, else zero.
    level : float
        Of the limits, per cent.
    left_out : tuple of str
        Combinations that make no sense, in words.
    """

    options: Mapping[str, tuple[str, ...]]
    taken: IntArray
    estimand: tuple[str, ...]
    k: IntArray
    estimate: Array
    ci_lb: Array
    ci_ub: Array
    se: Array
    pval: Array
    tau2: Array
    i2: Array
    null: Array
    level: float
    left_out: tuple[str, ...]

    def option(self, row: int, choice: str) -> str:
        """The option that one specification takes of a choice."""
        place = list(self.options).index(choice)
        return self.options[choice][int(self.taken[row, place])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Effect sets side by side, padded to the largest: `yi`, `vi`, `mask` are (D, k), `unit` too."""

    sets: Sequence[EffectSet]
    yi: Array
    vi: Array
    mask: BoolArray
    unit: IntArray


def run_multiverse(
    sets: Sequence[EffectSet],
    *,
    methods: Sequence[str],
    tests: Sequence[str],
    outliers: Sequence[str] = ("none",),
    level: float = 95.0,
) -> Multiverse:
    """Fit every combination of effect set, outlier rule, estimator and test.

    Parameters
    ----------
    sets : sequence of EffectSet
    methods, tests : words of `vocabulary.METHODS` and `vocabulary.TESTS`
        Equal-effects methods go with `z` and `t` alone. A single effect is tested by z whatever the test, as in
        metafor.
    outliers : names of `OUTLIER_RULES`
    level : float
        Of intervals, per cent.

    Raises
    ------
    ModelError
        No set, sets whose choices differ in their names, or unknown words.
    """
    stack = stack_sets(sets)
    _refuse_unknown(outliers, methods, tests)
    options = _options(sets) | {"outliers": tuple(outliers), "method": tuple(methods), "test": tuple(tests)}
    blocks = list(fit_blocks(stack, stack.yi, methods=methods, tests=tests, outliers=outliers, level=level))
    places = {name: {option: i for i, option in enumerate(found)} for name, found in options.items()}
    base = np.array([[places[name][one.choices[name]] for name in one.choices] for one in sets], dtype=int)
    base = base.reshape(len(sets), -1)
    taken, numbers = [], []
    for own, found in blocks:
        index = [places[name][word] for name, word in zip(OWN_CHOICES, own, strict=True)]
        taken.append(np.hstack([base, np.broadcast_to(index, (len(sets), 3))]))
        numbers.append(_numbers(found, sets))
    columns = {name: np.concatenate([part[name] for part in numbers]) for name in numbers[0]}
    return Multiverse(
        options=options,
        taken=np.vstack(taken),
        estimand=tuple(one.estimand for one in sets) * len(blocks),
        k=columns.pop("k").astype(int),
        null=np.tile(_shown(np.zeros(len(sets)), sets), len(blocks)),
        level=level,
        left_out=_left_out(methods, tests),
        **columns,
    )


def stack_sets(sets: Sequence[EffectSet]) -> Stack:
    """Effect sets as arrays (D, k); ModelError where there is none, or their choices have different names."""
    if not sets:
        raise ModelError("a multiverse needs at least one set of effects. Declare its choices.")
    names = [tuple(one.choices) for one in sets]
    if len(set(names)) > 1:
        raise ModelError(f"sets of effects name different choices: {sorted(set(names))}. Name the same in all.")
    if any(len(one.yi) == 0 for one in sets):
        empty = next(one for one in sets if len(one.yi) == 0)
        raise ModelError(f"no effect is left under {dict(empty.choices)}. Drop this option.")
    widest = max(len(one.yi) for one in sets)
    yi, vi = np.zeros((len(sets), widest)), np.ones((len(sets), widest))
    mask, unit = np.zeros((len(sets), widest), dtype=bool), np.zeros((len(sets), widest), dtype=int)
    for row, one in enumerate(sets):
        k = len(one.yi)
        yi[row, :k], vi[row, :k], mask[row, :k], unit[row, :k] = one.yi, one.vi, True, one.unit
    return Stack(sets=sets, yi=yi, vi=vi, mask=mask, unit=unit)


def fit_blocks(
    stack: Stack,
    yi: ArrayLike,
    *,
    methods: Sequence[str],
    tests: Sequence[str],
    outliers: Sequence[str],
    level: float,
) -> Iterator[tuple[tuple[str, str, str], TestedMean]]:
    """Means of all sets under each outlier rule, method and test; `yi` (..., D, k) takes the place of the stack's.

    The tests of one method share its fit.
    """
    y = np.asarray(yi, dtype=float)
    vi, mask = np.broadcast_to(stack.vi, y.shape), np.broadcast_to(stack.mask, y.shape)
    for rule in outliers:
        kept = OUTLIER_RULES[rule](y, vi, mask)
        for method in methods:
            sensible = [test for test in tests if _makes_sense(method, test)]
            fit = fit_random_effects(y, vi, mask=kept, method=method, level=level) if sensible else None
            for test in sensible:
                if fit is not None:
                    yield (rule, method, test), retest(fit, test)


def _makes_sense(method: str, test: str) -> bool:
    return not (method in FIXED_METHODS and test in SCALED_TESTS)


def _left_out(methods: Sequence[str], tests: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"{method} with test {test}: the scaled test takes up variance between studies, which {method} denies."
        for method in methods
        for test in tests
        if not _makes_sense(method, test)
    )


def _refuse_unknown(outliers: Sequence[str], methods: Sequence[str], tests: Sequence[str]) -> None:
    for rule in outliers:
        if rule not in OUTLIER_RULES:
            raise ModelError(f'"{rule}" is no rule for outliers. Use one of {", ".join(OUTLIER_RULES)}.')
    for kind, words, known in (("method", methods, METHODS), ("test", tests, TESTS)):
        for word in words:
            if word not in known or word == "GENQ":
                usable = ", ".join(one for one in known if one != "GENQ")
                raise ModelError(f'"{word}" is no {kind} of a multiverse. Use one of {usable}.')
    if not any(_makes_sense(method, test) for method in methods for test in tests):
        raise ModelError("no estimator goes with these tests. Add z to the tests, or a random-effects method.")


def _options(sets: Sequence[EffectSet]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(dict.fromkeys(one.choices[name] for one in sets)) for name in sets[0].choices}


def _numbers(found: TestedMean, sets: Sequence[EffectSet]) -> dict[str, Array]:
    """Columns of the specifications of one block, (D,) each."""
    own = {name: getattr(found, name) for name in ("se", "pval", "tau2", "i2", "k")}
    return {**own, **{name: _shown(getattr(found, name), sets) for name in SHOWN}}


def _shown(values: Array, sets: Sequence[EffectSet]) -> Array:
    """Values (D,), one of each set, on the shared scale."""
    shown = values.astype(float)
    for name, transform in TRANSFORMATIONS.items():
        rows = np.array([one.shown == name for one in sets])
        # A limit far out may be beyond what a float holds.
        with np.errstate(over="ignore"):
            shown[rows] = transform(values[rows])
    return shown
