"""What the p values of the studies say: p-uniform*, p-curve, excess significance, fail-safe N."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from analysis.formatting import format_number, format_p
from analysis.fragility.excess import tes
from analysis.fragility.fail_safe import fsn
from analysis.fragility.p_curve import CurveTests, p_curve
from analysis.fragility.p_uniform import p_uniform_star
from analysis.fragility.subsets import fit_model
from analysis.models.bias_effects import BiasEffects
from analysis.models.bias_layout import Answers, Estimate, Method, Test
from analysis.vocabulary import FIXED_METHODS

FAMILY: Final = "p_values"
DIGITS: Final = 3
CURVE_TESTS: Final = {
    "p_curve_right_skew": "p-curve: right skew, against no effect",
    "p_curve_right_skew_half": "p-curve, half: right skew, against no effect",
    "p_curve_right_skew_binomial": "p-curve: share of low p values, against no effect",
    "p_curve_flat": "p-curve: flatter than with 33 % power",
    "p_curve_flat_half": "p-curve, half: flatter than with 33 % power",
    "p_curve_flat_binomial": "p-curve: share of low p values, against 33 % power",
}
FAIL_SAFE: Final = {
    "Rosenthal": "Studies without effect that leave the combined p value at .05",
    "Orwin": "Studies without effect that halve the unweighted mean",
    "Rosenberg": "Studies without effect that leave the p value of the equal-effects mean at .05",
}


def p_value_methods(effects: BiasEffects) -> Iterator[Method]:
    """Every method that reads the p values of the studies."""
    label = "p-uniform*"
    yield Method(
        family=FAMILY,
        run=_uniform,
        estimates={"p_uniform_star": label},
        tests={"p_uniform_star": f"{label}: no publication bias"},
    )
    tests = {**CURVE_TESTS, "p_curve_power": "p-curve: average power of significant studies"}
    yield Method(family=FAMILY, run=_curve, tests=tests)
    yield Method(family=FAMILY, run=partial(_excess, name="tes"), tests={"tes": "Test of excess significance"})
    if effects.method not in FIXED_METHODS:
        label = "Test of excess significance, effects that vary"
        yield Method(family=FAMILY, run=partial(_excess, name="tes_tau2"), tests={"tes_tau2": label})
    for kind in FAIL_SAFE:
        name = f"fsn_{kind.lower()}"
        yield Method(
            family=FAMILY, run=partial(_fail_safe, kind=kind, name=name), tests={name: f"Fail-safe N ({kind})"}
        )


def _uniform(effects: BiasEffects) -> Answers:
    found = p_uniform_star(effects.yi, effects.vi, alternative=effects.alternative, level=effects.level)
    numbers = {part: getattr(found, part) for part in ("se", "ci_lb", "ci_ub", "pval", "tau2")}
    if not np.isfinite(found.beta):  # the limits and tests of an estimate that is not there
        numbers = {}
    estimate = Estimate(estimate=found.beta, k_used=found.k, rules=(effects.favoured,), cautions=found.notes, **numbers)
    test = Test(
        stat=found.lrt_bias, dist="chi2", df=2, pval=found.lrt_bias_pval, detail=effects.favoured,
        cautions=found.notes,
    )  # fmt: skip
    return Answers(estimates={"p_uniform_star": estimate}, tests={"p_uniform_star": test})


def _curve(effects: BiasEffects) -> Answers:
    found = p_curve(effects.yi, effects.vi)
    seen = f"{found.k_significant} of {found.k} effects are significant, {found.k_half} of them with p < .025."
    skew = _curve_tests("p_curve_right_skew", found.right_skew, "low p values are more frequent than high ones", seen)
    flat = _curve_tests("p_curve_flat", found.flatness, "flatter than with 33 % power", seen)
    limits = " to ".join(format_number(value, DIGITS) for value in (found.power_ci_lb, found.power_ci_ub))
    power = Test(stat=found.power, dist="power", detail=f"{found.level:g} % interval {limits}. {seen}")
    tests = {**skew, **flat, "p_curve_power": power}
    conclusions = [
        sentence
        for holds, sentence in (
            (found.evidential_value, "Conclusion: evidential value (Simonsohn, Simmons & Nelson 2015)."),
            (found.inadequate, "Conclusion: evidential value is inadequate or absent."),
        )
        if holds
    ]
    detail = " ".join([seen, *conclusions])
    tests["p_curve_right_skew"] = _with(tests["p_curve_right_skew"], detail=detail)
    return Answers(tests={name: _with(test, cautions=found.notes) for name, test in tests.items()})


def _with(test: Test, **changes: object) -> Test:
    return replace(test, **changes)  # type: ignore[arg-type]


def _curve_tests(name: str, found: CurveTests, words: str, seen: str) -> dict[str, Test]:
    def one(z: float, pval: float) -> Test:
        direction = words if z < 0.0 else f"not {words}" if np.isfinite(z) else None
        return Test(stat=z, dist="z", pval=pval, direction=direction, detail=seen)

    return {
        name: one(found.z, found.pval),
        f"{name}_half": one(found.z_half, found.pval_half),
        f"{name}_binomial": Test(dist="binomial", pval=found.pval_binomial, detail=seen),
    }


def _excess(effects: BiasEffects, *, name: str) -> Answers:
    tau2 = 0.0
    if name == "tes_tau2":
        tau2 = float(fit_model(effects.yi, effects.vi, None, method=effects.method).tau2)
    found = tes(effects.yi, effects.vi, tau2=tau2)
    more = found.observed > found.expected
    detail = (
        f"{found.observed} of {len(effects.yi)} studies are significant, {format_number(found.expected, DIGITS)} "
        "expected by their power."
    )
    test = Test(
        stat=found.observed, dist="count, exact", pval=found.pval,
        direction=f"{'more' if more else 'fewer'} significant studies than expected", detail=detail,
        cautions=found.notes,
    )  # fmt: skip
    return Answers(tests={name: test})


def _fail_safe(effects: BiasEffects, *, kind: str, name: str) -> Answers:
    found = fsn(effects.yi, effects.vi, type=kind)
    detail = f"{FAIL_SAFE[kind]}."
    if found.pval is not None:
        detail += f" Now {format_p(found.pval)}."
    cautions = found.notes
    if not np.isfinite(found.fsnum):
        cautions += ("No number of studies reaches the criterion.",)
    return Answers(tests={name: Test(stat=found.fsnum, dist="studies", detail=detail, cautions=cautions)})
