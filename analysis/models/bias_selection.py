"""What selection models say: step functions, weights given beforehand, the beta function, averaging over models."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import numpy as np

from analysis.errors import ModelError
from analysis.fragility.selection import fit_selection
from analysis.fragility.selection_averaging import average_selection
from analysis.models.bias_effects import BiasEffects
from analysis.models.bias_layout import Answers, Estimate, Method, Test
from analysis.vocabulary import FIXED_METHODS

STEP_MODELS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "selmodel_step": ("Selection model, step at .025 (3PSM)", {"steps": (0.025, 1.0)}),
    "selmodel_steps": ("Selection model, steps at .025 and .5", {"steps": (0.025, 0.5, 1.0)}),
    "selmodel_beta": ("Selection model, beta weights", {"kind": "beta"}),
}
# Upper ends of intervals of one-sided p, and their weights, for selection by the sign of effects (one-sided) or by
# their distance from zero (two-sided) (Vevea & Woods 2005, Psychol. Methods 10(4), 428-443, table 1).
GIVEN_STEPS: Final = (0.005, 0.01, 0.05, 0.10, 0.25, 0.35, 0.50, 0.65, 0.75, 0.90, 0.95, 0.99, 0.995, 1.0)
GIVEN_WEIGHTS: Final[dict[str, tuple[float, ...]]] = {
    "moderate one-sided": (1, 0.99, 0.95, 0.80, 0.75, 0.65, 0.60, 0.55, 0.50, 0.50, 0.50, 0.50, 0.50, 0.50),
    "severe one-sided": (1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.40, 0.35, 0.30, 0.25, 0.10, 0.10, 0.10, 0.10),
    "moderate two-sided": (1, 0.99, 0.95, 0.90, 0.80, 0.75, 0.60, 0.60, 0.75, 0.80, 0.90, 0.95, 0.99, 1),
    "severe two-sided": (1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.25, 0.25, 0.50, 0.60, 0.75, 0.90, 0.99, 1),
}
ASSUMED: Final = "Its weights were assumed beforehand (Vevea & Woods 2005): it says what would be, not what was."
# How the kernel's sentences on sparse intervals begin: they are about weights that the effects have to tell.
ON_INTERVALS: Final = "The interval "
# A standardised mean difference of one, in units of the measure: d = 2 z for Fisher's z near zero, d = ln(OR) sqrt(3) /
# pi (Borenstein, Hedges, Higgins & Rothstein 2009, chapter 7), as the ensemble's authors take their priors to effects.
UNITS: Final = {**dict.fromkeys(("SMD", "SMDH", "SMCC", "SMCR"), 1.0), "ZCOR": 0.5, "OR": 1.8137993642342178}
# How the kernel's sentence on units begins, which does not hold where they are known.
ON_UNITS: Final = "The prior of an effect is made for"
# Standardised mean differences beyond this are none: the prior has a standard deviation of one.
FURTHEST: Final = 10.0


def selection_methods() -> Iterator[Method]:
    """Every selection model fitted by likelihood."""
    for name, (label, words) in STEP_MODELS.items():
        yield Method(
            family="selection",
            run=partial(_select, name=name, words=words),
            estimates={name: label},
            tests={name: f"{label}: no selection"},
        )
    for name, weights in GIVEN_WEIGHTS.items():
        key = f"selmodel_{name.replace(' ', '_').replace('-', '_')}"
        words = {"steps": GIVEN_STEPS, "delta": weights}
        run = partial(_select, name=key, words=words)
        yield Method(family="selection", run=run, estimates={key: f"Selection model, weights {name}"})


def _select(effects: BiasEffects, *, name: str, words: dict[str, Any]) -> Answers:
    method = effects.method if effects.method in FIXED_METHODS else "ML"
    found = fit_selection(
        effects.yi, effects.vi, alternative=effects.alternative, method=method, level=effects.level, **words
    )
    given = "delta" in words
    cautions = found.notes
    if given:
        cautions = (ASSUMED, *(note for note in cautions if not note.startswith(ON_INTERVALS)))
    numbers = {part: getattr(found, part)[0] for part in ("se", "ci_lb", "ci_ub", "pval")}
    estimate = Estimate(
        estimate=found.beta[0],
        tau2=None if method in FIXED_METHODS else found.tau2,
        k_used=int(found.k),
        rules=(effects.favoured,),
        cautions=cautions,
        **numbers,
    )
    test = Test(
        stat=found.lrt, dist="chi2", df=found.lrt_df, pval=found.lrt_pval,
        direction=None if found.kind == "beta" else _shown(float(found.delta[1])), detail=effects.favoured,
        cautions=cautions,
    )  # fmt: skip
    return Answers(estimates={name: estimate}, tests={} if given else {name: test})


def _shown(weight: float) -> str | None:
    """What the weight of the results next to the significant ones means."""
    if weight == 1.0 or weight != weight:
        return None
    return f"results that are not significant are seen {'less' if weight < 1.0 else 'more'} often"


def averaging_method() -> Method:
    """Averaging over models with and without effect, heterogeneity and bias."""
    label = "Bayesian averaging over models of bias"
    return Method(
        family="averaging",
        run=_average,
        estimates={"averaging": label, "averaging_given_effect": f"{label}, given an effect"},
        tests={"averaging_bias": f"{label}: bias or none"},
    )


def _unit(effects: BiasEffects) -> tuple[float, tuple[str, ...]]:
    """What a standardised mean difference of one is in units of the measure; a sentence where it was estimated."""
    if effects.measure == "MD" and effects.ni is not None:
        # Equal arms of n / 2 persons have the sampling variance 4 sd^2 / n.
        unit = float(np.median(np.sqrt(effects.vi * effects.ni / 4.0)))
        return unit, (f"A standard deviation was taken as {unit:.4g}, which sampling variances and sizes imply.",)
    return UNITS.get(effects.measure, 1.0), ()


def _refuse_units(effects: BiasEffects, unit: float) -> None:
    """Priors far narrower than the standard errors, or far from the effects, would be the answer."""
    typical, mean = float(np.median(np.sqrt(effects.vi))), abs(float(np.average(effects.yi, weights=1.0 / effects.vi)))
    if max(typical, mean) > FURTHEST * unit:
        raise ModelError(
            f"the priors of averaging are for effects of some {unit:.3g} units; these have a mean of {mean:.3g} and "
            f"standard errors of {typical:.3g}. Give effects in standard deviations."
        )


def _average(effects: BiasEffects) -> Answers:
    """Effects are taken to the units of the priors; means come back in their own."""
    unit, said = _unit(effects)
    _refuse_units(effects, unit)
    found = average_selection(
        effects.yi / unit, effects.vi / unit**2, alternative=effects.alternative, level=effects.level
    )
    cautions = found.notes
    if effects.measure in UNITS or said:
        cautions = tuple(note for note in cautions if not note.startswith(ON_UNITS))
    rules = (
        effects.favoured,
        *said,
        "Limits hold the mean with the given probability; it may be zero, or any other number.",
    )
    rows = {
        "averaging": Estimate(
            estimate=unit * found.mean, se=unit * found.sd, ci_lb=unit * found.ci_lb, ci_ub=unit * found.ci_ub,
            k_used=found.k, rules=rules, cautions=cautions,
        ),
        "averaging_given_effect": Estimate(
            estimate=unit * found.mean_given_effect, ci_lb=unit * found.ci_lb_given_effect,
            ci_ub=unit * found.ci_ub_given_effect, k_used=found.k, rules=rules[:-1], cautions=cautions,
        ),
    }  # fmt: skip
    test = Test(
        stat=found.log_bf_bias, dist="log Bayes factor",
        direction="for bias" if found.log_bf_bias > 0.0 else "for no bias", detail=effects.favoured, cautions=cautions,
    )  # fmt: skip
    return Answers(estimates=rows, tests={"averaging_bias": test})
