"""Effects at perfect precision: PET, PEESE, PET-PEESE, and the unrestricted weighted averages UWLS and WAAP.

Stanley & Doucouliagos (2014), Res. Synth. Methods 5(1), 60-78; Stanley, Doucouliagos & Ioannidis (2017), Stat. Med.
36(10), 1580-1598. All are weighted least squares with weights 1 / vi whose residual variance is estimated: an
equal-effects model with the Knapp-Hartung factor.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from analysis.errors import ModelError, RankDeficientError, TooFewStudiesError
from analysis.fragility.small_study import too_few, too_heterogeneous
from analysis.fragility.subsets import check_effects, fit_model
from analysis.results import Array, BoolArray, Fit
from analysis.vocabulary import ADEQUATE_POWER, MAX_I2_PET_PEESE, MIN_K_PET_PEESE, MIN_K_WAAP, PET_LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionEffect:
    """An adjusted mean effect.

    Attributes
    ----------
    name : str
        PET, PEESE, UWLS or WAAP.
    est, se, stat, ddf, pval, ci_lb, ci_ub : float
        The effect, in units of the measure, and its t test; se is not a number where nothing scatters.
    slope, slope_se, slope_pval : float or None
        Of the standard error (PET, whose test is Egger's) or the variance (PEESE).
    k : int
        Effects that it rests on.
    fit : Fit
    notes : tuple of str
    """

    name: str
    est: float
    se: float
    stat: float
    ddf: float
    pval: float
    ci_lb: float
    ci_ub: float
    slope: float | None
    slope_se: float | None
    slope_pval: float | None
    k: int
    fit: Fit
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PetPeese:
    """PET or PEESE, whichever the rule takes.

    Attributes
    ----------
    chosen : PrecisionEffect
        One of `pet` and `peese`.
    pval_one_sided : float
        Of PET's effect, in the direction of the weighted mean of the effects.
    rule : str
        What was decided, and by which rule.
    notes : tuple of str
    """

    pet: PrecisionEffect
    peese: PrecisionEffect
    chosen: PrecisionEffect
    pval_one_sided: float
    rule: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoweredAverage:
    """WAAP-UWLS: `chosen` is `waap` where enough studies are adequately powered (`powered`, (k,)), else `uwls`."""

    uwls: PrecisionEffect
    waap: PrecisionEffect | None
    powered: BoolArray
    chosen: PrecisionEffect
    rule: str
    notes: tuple[str, ...]


def pet(yi: ArrayLike, vi: ArrayLike, *, level: float = 95.0) -> PrecisionEffect:
    """Precision-effect test: the intercept of effects on standard errors.

    Parameters
    ----------
    yi, vi : (k,)
        Effects in units of the measure; sampling variances in those units squared.
    level : float
        Per cent.

    Raises
    ------
    TooFewStudiesError
        Fewer than three studies.
    RankDeficientError
        Studies of one precision.
    ImpossibleValueError, ModelError
    """
    y, v = check_effects(yi, vi)
    return _regressed("PET", y, v, np.sqrt(v), level)


def peese(yi: ArrayLike, vi: ArrayLike, *, level: float = 95.0) -> PrecisionEffect:
    """Precision-effect estimate with standard error: the intercept of effects on sampling variances; as `pet`."""
    y, v = check_effects(yi, vi)
    return _regressed("PEESE", y, v, v, level)


def pet_peese(yi: ArrayLike, vi: ArrayLike, *, alpha: float = PET_LEVEL, level: float = 95.0) -> PetPeese:
    """PEESE where PET finds an effect, else PET.

    PET finds an effect if its intercept has the sign of the weighted mean and a one-sided p value below `alpha`. Other
    arguments and errors as in `pet`.
    """
    if not 0.0 < alpha < 0.5:
        raise ModelError(f"alpha is {alpha}; a one-sided level lies between 0 and 0.5.")
    y, v = check_effects(yi, vi)
    one, two = pet(y, v, level=level), peese(y, v, level=level)
    sign = 1.0 if float((y / v).sum()) >= 0.0 else -1.0
    tail = float(stdtr(one.ddf, -sign * one.stat))
    found = tail < alpha
    compared = "below" if found else "not below"
    return PetPeese(
        pet=one,
        peese=two,
        chosen=two if found else one,
        pval_one_sided=tail,
        rule=(
            f"The one-sided p value of PET's effect, {tail:.3g}, is {compared} {alpha:g}: "
            f"{'PEESE' if found else 'PET'} is the estimate (Stanley & Doucouliagos 2014)."
        ),
        notes=one.notes,
    )


def uwls(yi: ArrayLike, vi: ArrayLike, *, level: float = 95.0) -> PrecisionEffect:
    """Unrestricted weighted least squares: the equal-effects mean with the scatter that the effects show.

    Stanley & Doucouliagos (2015), Stat. Med. 34(13), 2116-2127. Arguments as in `pet`.
    """
    y, v = check_effects(yi, vi)
    return _averaged("UWLS", y, v, level)


def waap_uwls(yi: ArrayLike, vi: ArrayLike, *, level: float = 95.0) -> PoweredAverage:
    """Average the adequately powered studies where there are enough of them, else all.

    A study has adequate power if its standard error is at most `|UWLS| / 2.8`. Arguments as in `pet`.
    """
    y, v = check_effects(yi, vi)
    whole = _averaged("UWLS", y, v, level)
    powered = np.sqrt(v) <= np.abs(whole.est) / ADEQUATE_POWER
    number = int(powered.sum())
    enough = number >= MIN_K_WAAP
    part = _averaged("WAAP", y[powered], v[powered], level) if enough else None
    return PoweredAverage(
        uwls=whole,
        waap=part,
        powered=powered,
        chosen=part or whole,
        rule=(
            f"{number} of {len(y)} studies have a standard error of at most |UWLS| / {ADEQUATE_POWER:g}, "
            f"{'enough' if enough else f'fewer than {MIN_K_WAAP}'}: {'WAAP' if enough else 'UWLS'} is the estimate "
            "(Stanley, Doucouliagos & Ioannidis 2017)."
        ),
        notes=(part or whole).notes
        + (() if part else ("Too few studies are adequately powered: an average of all does not correct for bias.",)),
    )


def _regressed(name: str, y: Array, v: Array, predictor: Array, level: float) -> PrecisionEffect:
    if len(y) < 3:
        raise TooFewStudiesError(
            f"{len(y)} studies leave nothing to test a line through them with. Give at least three."
        )
    try:
        fit = fit_model(y, v, np.column_stack([np.ones(len(y)), predictor]), method="EE", test="knha", level=level)
    except RankDeficientError:
        raise RankDeficientError(
            f"all studies have the same standard error, so {name} cannot tell what precision does. Use another method."
        ) from None
    said = (too_few(len(y), MIN_K_PET_PEESE), too_heterogeneous(y, v, MAX_I2_PET_PEESE), _beyond(fit, y))
    return _result(name, fit, tuple(note for note in said if note))


def _averaged(name: str, y: Array, v: Array, level: float) -> PrecisionEffect:
    fit = fit_model(y, v, None, method="EE", test="knha", level=level)
    return _result(name, fit, () if len(y) > 1 else ("One study: its own estimate, with a z test.",))


def _result(name: str, fit: Fit, notes: tuple[str, ...]) -> PrecisionEffect:
    sloped = fit.p > 1
    if not float(fit.se[0]) > 0.0:
        notes += ("The effects lie on their line without any scatter: there is no test of them.",)
    return PrecisionEffect(
        name=name,
        est=float(fit.beta[0]),
        se=float(fit.se[0]),
        stat=float(fit.stat[0]),
        ddf=float(fit.ddf),
        pval=float(fit.pval[0]),
        ci_lb=float(fit.ci_lb[0]),
        ci_ub=float(fit.ci_ub[0]),
        slope=float(fit.beta[1]) if sloped else None,
        slope_se=float(fit.se[1]) if sloped else None,
        slope_pval=float(fit.pval[1]) if sloped else None,
        k=int(fit.k),
        fit=fit,
        notes=notes,
    )


def _beyond(fit: Fit, y: Array) -> str:
    if y.min() <= float(fit.beta[0]) <= y.max():
        return ""
    return "The estimate lies outside the range of the observed effects: an extrapolation."
