"""What small studies say: trim and fill, regression on precision, the limit of precision, rank correlation."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import numpy as np

from analysis.covariance import BlockCovariance
from analysis.fragility.asymmetry import RegressionTest, ranktest, regtest
from analysis.fragility.egger_multilevel import egger_multilevel
from analysis.fragility.limit import limitmeta
from analysis.fragility.precision_effect import PrecisionEffect, peese, pet, pet_peese, uwls, waap_uwls
from analysis.fragility.small_study import too_few, too_heterogeneous
from analysis.fragility.trim_fill import trimfill
from analysis.models.bias_effects import BiasEffects
from analysis.models.bias_layout import Answers, Estimate, Method, Test
from analysis.results import Array
from analysis.vocabulary import (
    FIXED_METHODS,
    LIMIT_ADJUSTMENTS,
    LIMIT_PREDICTORS,
    MAX_I2_PET_PEESE,
    MIN_K_PET_PEESE,
    PRECISION_PREDICTORS,
    TRIM_FILL_ESTIMATORS,
)

FAMILY: Final = "small_study"
PREDICTOR_NAMES: Final = {
    "sei": "standard error",
    "vi": "sampling variance",
    "ni": "sample size",
    "ninv": "1 / sample size",
    "sqrtni": "root of sample size",
    "sqrtninv": "1 / root of sample size",
}
# Predictors that do not hold the effect.
BY_SIZE: Final = ("ni", "ninv", "sqrtni", "sqrtninv")
# PET and PEESE with precision from the sample size alone (Pustejovsky & Rodgers 2019, Res. Synth. Methods 10, 57-71).
WITHOUT_ARTEFACT: Final = {"pet": "sqrtninv", "peese": "ninv"}
FREE_OF_ARTEFACT: Final = "The standard error of Fisher's z depends on the sample size alone, not on the effect."
OPPOSITE: Final = {"left": "right", "right": "left"}
LIMIT_NAMES: Final = {"beta0": "expectation", "betalim": "line through limits", "mulim": "mean of limits"}


def small_study_methods(effects: BiasEffects) -> Iterator[Method]:
    """Every method that these effects have the numbers for, in the order of the tables."""
    for estimator in TRIM_FILL_ESTIMATORS:
        yield _trim_and_fill(estimator)
    yield from _precision_methods(effects)
    for adjust in LIMIT_ADJUSTMENTS:
        yield _limit(adjust)
    for predictor in PRECISION_PREDICTORS:
        if predictor not in BY_SIZE or effects.ni is not None:
            yield _regression(predictor)
    yield Method(family=FAMILY, run=_classical, tests={"regtest_lm": "Egger regression, weighted least squares"})
    if effects.dependent is not None:
        sized = ("sqrtninv",) if effects.dependent.ni is not None else ()
        for predictor in ("sei", "vi", *sized):
            yield _multilevel(predictor)
    yield Method(family=FAMILY, run=_ranks, tests={"ranktest": "Rank correlation (Begg & Mazumdar)"})


def _trim_and_fill(estimator: str) -> Method:
    name = f"trimfill_{estimator}"
    label = f"Trim and fill, {estimator}"
    return Method(
        family=FAMILY,
        run=partial(_fill, estimator=estimator, name=name),
        estimates={name: label, f"{name}_opposite": f"{label}, other side"},
        tests={name: f"{label}: no study missing"} if estimator == "R0" else {},
    )


def _fill(effects: BiasEffects, *, estimator: str, name: str) -> Answers:
    shared: dict[str, Any] = {"method": effects.method, "test": effects.test, "level": effects.level}
    shared |= {"weights": effects.weights, "estimator": estimator}
    found = trimfill(effects.yi, effects.vi, **shared)
    other = trimfill(effects.yi, effects.vi, side=OPPOSITE[found.side], **shared)
    rows = {}
    for key, one in ((name, found), (f"{name}_opposite", other)):
        numbers = {part: np.ravel(getattr(one.fit, part))[0] for part in ("se", "ci_lb", "ci_ub", "pval")}
        why = "where the slope of the effects has them missing" if one is found else "the side that the slope leaves"
        rows[key] = Estimate(
            estimate=one.fit.beta[0],
            tau2=_tau2(one.fit.tau2, effects.method),
            k_used=len(effects.yi),
            k_added=one.k0,
            rules=(f"Filled in on the {one.side}: {one.k0}, {why}.",),
            cautions=(*one.notes, *effects.artefact),
            **numbers,
        )
    test = Test(
        stat=found.k0,
        dist="studies missing",
        pval=found.p_k0,
        direction=f"missing on the {found.side}" if found.k0 else None,
        cautions=(*found.notes, *effects.artefact),
    )
    return Answers(estimates=rows, tests={name: test} if estimator == "R0" else {})


def _tau2(tau2: Any, method: str) -> Any:
    return None if method in FIXED_METHODS else tau2


def _precision_methods(effects: BiasEffects) -> Iterator[Method]:
    for name, kernel, label in (("pet", pet, "PET"), ("peese", peese, "PEESE")):
        yield Method(family=FAMILY, run=partial(_precision, kernel=kernel, name=name), estimates={name: label})
        if effects.ni is not None:
            predictor = WITHOUT_ARTEFACT[name]
            own, words = f"{name}_{predictor}", f"{label} on {PREDICTOR_NAMES[predictor]}"
            run = partial(_precision_by_size, predictor=predictor, name=own)
            yield Method(family=FAMILY, run=run, estimates={own: words})
    yield Method(family=FAMILY, run=_pet_peese, estimates={"pet_peese": "PET-PEESE"})
    yield Method(family=FAMILY, run=_uwls, estimates={"uwls": "UWLS"})
    yield Method(family=FAMILY, run=_waap, estimates={"waap_uwls": "WAAP-UWLS"})


def _precision(effects: BiasEffects, *, kernel: Any, name: str) -> Answers:
    found = kernel(effects.yi, effects.vi, level=effects.level)
    return Answers(estimates={name: _precise(found, _free(effects), (*found.notes, *effects.artefact))})


def _precise(found: PrecisionEffect, rules: tuple[str, ...], cautions: tuple[str, ...]) -> Estimate:
    numbers = {part: getattr(found, part) for part in ("se", "ci_lb", "ci_ub", "pval")}
    return Estimate(estimate=found.est, k_used=found.k, rules=rules, cautions=cautions, **numbers)


def _free(effects: BiasEffects) -> tuple[str, ...]:
    return (FREE_OF_ARTEFACT,) if effects.measure == "ZCOR" else ()


def _precision_by_size(effects: BiasEffects, *, predictor: str, name: str) -> Answers:
    """Weighted least squares as PET and PEESE, on what the sample size says of precision."""
    found = regtest(effects.yi, effects.vi, ni=effects.ni, predictor=predictor, model="lm", level=effects.level)
    said = (too_few(len(effects.yi), MIN_K_PET_PEESE), too_heterogeneous(effects.yi, effects.vi, MAX_I2_PET_PEESE))
    return Answers(estimates={name: _limit_estimate(found, tuple(filter(None, said)))})


def _limit_estimate(found: RegressionTest, cautions: tuple[str, ...], tau2: Any = None) -> Estimate:
    return Estimate(
        estimate=found.est, se=found.fit.se[0], ci_lb=found.ci_lb, ci_ub=found.ci_ub, pval=found.fit.pval[0],
        tau2=tau2, k_used=int(found.fit.k), cautions=cautions,
    )  # fmt: skip


def _pet_peese(effects: BiasEffects) -> Answers:
    found = pet_peese(effects.yi, effects.vi, level=effects.level)
    cautions = (*found.notes, *found.chosen.notes, *effects.artefact)
    return Answers(estimates={"pet_peese": _precise(found.chosen, (found.rule, *_free(effects)), cautions)})


def _uwls(effects: BiasEffects) -> Answers:
    found = uwls(effects.yi, effects.vi, level=effects.level)
    rule = "It weighs small studies less than a random-effects model; nothing else is corrected."
    return Answers(estimates={"uwls": _precise(found, (rule,), found.notes)})


def _waap(effects: BiasEffects) -> Answers:
    found = waap_uwls(effects.yi, effects.vi, level=effects.level)
    return Answers(estimates={"waap_uwls": _precise(found.chosen, (found.rule,), found.notes)})


def _limit(adjust: str) -> Method:
    name = f"limit_{adjust}"
    tests = {"limit_q_small": "Limit meta-analysis: heterogeneity from small studies"} if adjust == "beta0" else {}
    label = f"Limit meta-analysis, {LIMIT_NAMES[adjust]}"
    run = partial(_to_the_limit, adjust=adjust, name=name)
    return Method(family=FAMILY, run=run, estimates={name: label}, tests=tests)


def _to_the_limit(effects: BiasEffects, *, adjust: str, name: str) -> Answers:
    method = "DL" if effects.method in FIXED_METHODS else effects.method
    rules = ("Its between-study variance is that of DL.",) if method != effects.method else ()
    found = limitmeta(effects.yi, effects.vi, adjust=adjust, method=method, level=effects.level)
    cautions = (*found.notes, *effects.artefact)
    numbers = {part: getattr(found, part) for part in ("se", "ci_lb", "ci_ub", "pval")}
    estimate = Estimate(
        estimate=found.est, tau2=found.fit.tau2, k_used=len(effects.yi), rules=rules, cautions=cautions, **numbers
    )
    test = Test(
        stat=found.q_small, dist="chi2", df=1, pval=found.q_small_pval, direction=_slope(found.alpha, "sei"),
        cautions=cautions,
    )  # fmt: skip
    return Answers(estimates={name: estimate}, tests={"limit_q_small": test} if adjust == "beta0" else {})


def _slope(b: float, predictor: str) -> str | None:
    """What a slope means, in words."""
    if not np.isfinite(b) or b == 0.0:
        return None
    higher = b < 0.0 if predictor in ("ni", "sqrtni") else b > 0.0
    return f"less precise effects are {'higher' if higher else 'lower'}"


def _regression(predictor: str) -> Method:
    name, words = f"regtest_{predictor}", PREDICTOR_NAMES[predictor]
    estimates = {name: f"Egger regression on {words}, limit"} if predictor in LIMIT_PREDICTORS else {}
    return Method(
        family=FAMILY,
        run=partial(_regress, predictor=predictor, name=name),
        estimates=estimates,
        tests={name: f"Egger regression on {words}"},
    )


def _regress(effects: BiasEffects, *, predictor: str, name: str) -> Answers:
    found = regtest(
        effects.yi, effects.vi, ni=effects.ni, predictor=predictor, method=effects.method, test=effects.test,
        level=effects.level, weights=effects.weights,
    )  # fmt: skip
    cautions = found.notes if predictor in BY_SIZE else (*found.notes, *effects.artefact)
    estimates = {}
    if predictor in LIMIT_PREDICTORS:
        estimates[name] = _limit_estimate(found, cautions, _tau2(found.fit.tau2, effects.method))
    return Answers(estimates=estimates, tests={name: _slope_test(found, cautions)})


def _slope_test(found: RegressionTest, cautions: tuple[str, ...]) -> Test:
    return Test(
        stat=found.stat,
        dist="z" if np.isinf(found.ddf) else "t",
        df=found.ddf,
        pval=found.pval,
        direction=_slope(found.b, found.predictor),
        cautions=cautions,
    )


def _classical(effects: BiasEffects) -> Answers:
    found = regtest(effects.yi, effects.vi, model="lm", level=effects.level)
    return Answers(tests={"regtest_lm": _slope_test(found, (*found.notes, *effects.artefact))})


def _multilevel(predictor: str) -> Method:
    name, words = f"egger_multilevel_{predictor}", PREDICTOR_NAMES[predictor]
    return Method(
        family=FAMILY,
        run=partial(_several_levels, predictor=predictor, name=name),
        estimates={name: f"Multilevel Egger regression on {words}, limit"},
        tests={name: f"Multilevel Egger regression on {words}"},
    )


def _several_levels(effects: BiasEffects, *, predictor: str, name: str) -> Answers:
    own = effects.dependent
    assert own is not None
    vi = own.V.diagonal() if isinstance(own.V, BlockCovariance) else own.V
    found = egger_multilevel(
        own.yi, own.V, own.cluster, predictor=_precision_of(predictor, vi, own.ni), name=predictor, levels=own.levels,
        kind=own.kind, method=own.method, level=effects.level,
    )  # fmt: skip
    cautions = (*found.notes, *own.notes, *(effects.artefact if predictor != "sqrtninv" else ()))
    estimate = Estimate(
        estimate=found.est, se=found.est_se, ci_lb=found.ci_lb, ci_ub=found.ci_ub, pval=found.robust.pval[0],
        tau2=found.fit.sigma2.sum(), k_used=len(own.yi), cautions=cautions,
    )  # fmt: skip
    detail = f"{len(own.yi)} effects in {len(set(own.cluster))} clusters, {own.kind}"
    test = Test(
        stat=found.stat, dist="t", df=found.ddf, pval=found.pval, direction=_slope(found.b, predictor),
        detail=detail, cautions=cautions,
    )  # fmt: skip
    return Answers(estimates={name: estimate}, tests={name: test})


def _precision_of(predictor: str, vi: Array, ni: Array | None) -> Array:
    if predictor == "vi":
        return vi
    return np.sqrt(vi) if predictor == "sei" or ni is None else 1.0 / np.sqrt(ni)


def _ranks(effects: BiasEffects) -> Answers:
    found = ranktest(effects.yi, effects.vi)
    test = Test(
        stat=found.tau, dist="Kendall, exact" if found.exact else "Kendall, normal", pval=found.pval,
        direction=_slope(found.tau, "vi"), cautions=(*found.notes, *effects.artefact),
    )  # fmt: skip
    return Answers(tests={"ranktest": test})
