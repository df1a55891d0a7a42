"""The effects that methods against publication bias are applied to: no moderators, one of each study, one direction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from analysis.covariance import BlockCovariance
from analysis.models.aggregating import aggregate_effects
from analysis.models.dependent import DependentModel, sampling_covariance
from analysis.models.estimated import EstimatedModel, column_of
from analysis.models.fitted import Record
from analysis.models.fitting import fit_model
from analysis.results import Array
from analysis.vocabulary import HUNTER_SCHMIDT, MEASURE_NAMES, MIXED_METHODS, MIXED_STRUCTURES

# A proportion has no value that stands for no effect: nothing is significant against it, nothing is selected for.
WITHOUT_NULL: Final = ("PLO",)
# Counts that add up to the size of a study where `ni` is not there.
SIZES: Final = (("n1i", "n2i"), ("ai", "bi", "ci", "di"))
# Whose sampling variance holds the effect itself, so that effects correlate with their standard errors in the absence
# of any bias, and who showed it.
ARTEFACTS: Final = {
    **dict.fromkeys(("SMD", "SMDH", "SMCC", "SMCR"), "Pustejovsky & Rodgers 2019, Res. Synth. Methods 10, 57-71"),
    **dict.fromkeys(("OR", "RR", "RD"), "Macaskill, Walter & Irwig 2001, Stat. Med. 20, 641-654"),
    **dict.fromkeys(("COR", "UCOR"), "its variance is (1 - r^2)^2 / (n - 1)"),
    "ROM": "its variance is made of coefficients of variation",
}
Words = np.ndarray[tuple[int, ...], np.dtype[np.str_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DependentEffects:
    """Effects of which several belong to one cluster, as they are.

    Attributes
    ----------
    yi : (k,)
    V : BlockCovariance or (k,)
    cluster : (k,)
        What the robust variance takes as independent.
    levels : columns of the levels, outermost first, (k,) each
    ni : (k,) or None
    kind, method : of robust variance; of estimation.
    notes : tuple of str
    """

    yi: Array
    V: BlockCovariance | Array
    cluster: Words
    levels: dict[str, Words]
    ni: Array | None
    kind: str
    method: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasEffects:
    """What every method gets.

    Attributes
    ----------
    headline : EstimatedModel
        The model, without moderators.
    yi, vi : (k,)
        Independent effects, in units of the measure; sampling variances.
    ni, weights : (k,) or None
        Sample sizes where all are known; weights that the model was given.
    method, test, level
        Of models that are fitted again.
    alternative : `greater` or `less`
        The sign of the pooled mean, which publication is taken to favour.
    dependent : DependentEffects or None
    notes : tuple of str
        How the effects were prepared.
    """

    headline: EstimatedModel
    yi: Array
    vi: Array
    ni: Array | None
    weights: Array | None
    method: str
    test: str
    level: float
    alternative: str
    dependent: DependentEffects | None
    notes: tuple[str, ...]

    @property
    def measure(self) -> str:
        """Of the effects."""
        return self.headline.measure

    @property
    def favoured(self) -> str:
        """Which effects publication is taken to favour, as a sentence."""
        sign = "positive" if self.alternative == "greater" else "negative"
        return f"Publication is taken to favour {sign} effects, the sign of the pooled mean."

    @property
    def artefact(self) -> tuple[str, ...]:
        """A sentence where effects correlate with their own standard errors."""
        source = ARTEFACTS.get(self.measure)
        if source is None:
            return ()
        instead = "See the rows by sample size." if self.ni is not None else "No sample sizes are known to use instead."
        return (
            f"The standard error of a {MEASURE_NAMES[self.measure]} holds the effect itself, so that the two correlate "
            f"without any bias ({source}). {instead}",
        )


def prepare_bias_effects(model: EstimatedModel) -> BiasEffects:
    """Take moderators away, combine the effects of a study where the model says that they depend on each other.

    Raises
    ------
    ConfigError, ModelError
        A model without moderators, or composites, that these effects do not allow.
    """
    headline, notes = _without_moderators(model)
    row, raw = headline.row, headline.raw or headline.effects
    effects: Sequence[Record] = [{**effect, "ni": _size(effect)} for effect in headline.effects]
    dependent = _dependent(headline, raw)
    if dependent is not None and row.structure != "aggregated" and len(raw) > headline.n_studies:
        effects, said = aggregate_effects(effects, (), row)
        notes += (*said, "Methods for independent effects use these; multilevel rows use the effects themselves.")
    weights = None
    if row.weights and row.method != HUNTER_SCHMIDT and len(effects) == len(headline.effects):
        weights = headline.numbers(row.weights)
    method = row.method
    if method == HUNTER_SCHMIDT:
        method = "REML"
        notes += (f"Models that are fitted again use REML, not {HUNTER_SCHMIDT}.",)
    mean = float(headline.coefficients().estimate[0])
    return BiasEffects(
        headline=headline,
        yi=_column(effects, "yi"),
        vi=_column(effects, "vi"),
        ni=_sizes(effects),
        weights=weights,
        method=method,
        test=row.test,
        level=row.level,
        alternative="less" if mean < 0.0 else "greater",
        dependent=dependent,
        notes=notes,
    )


def _without_moderators(model: EstimatedModel) -> tuple[EstimatedModel, tuple[str, ...]]:
    row = replace(model.row, mods=None, permutations=0, bootstrap=0)
    if not model.row.moderated:
        return model, model.said
    plain = fit_model(model.raw or model.effects, row, measure=model.measure)
    said = f"The moderators ({model.row.mods}) are left out: these methods look at the mean effect."
    return plain, (*plain.said, said)


def _dependent(model: EstimatedModel, raw: Sequence[Record]) -> DependentEffects | None:
    """The effects as they are, where the model says that some depend on each other."""
    row, several = model.row, len(raw) > model.n_studies
    if row.structure not in MIXED_STRUCTURES and not (several and row.structure == "aggregated") and not row.robust:
        return None
    vi = _column(raw, "vi")
    V: BlockCovariance | Array = vi
    if isinstance(model, DependentModel):
        V = model.given
    elif row.structure == "aggregated":
        V = sampling_covariance(raw, row, vi)[0]
    levels = [*([row.outer] if row.outer else []), "study_id", *(["effect_id"] if several else [])]
    said = "The dimensions are taken as effects of a study, with one variance within studies."
    return DependentEffects(
        yi=_column(raw, "yi"),
        V=V,
        cluster=column_of(raw, row.cluster, row.name, "cluster"),
        levels={name: column_of(raw, name, row.name, name) for name in levels},
        ni=_sizes(raw),
        kind=row.robust or "CR2",
        method=row.method if row.method in MIXED_METHODS else "REML",
        notes=(said,) if row.structure == "multivariate" else (),
    )


def _column(effects: Sequence[Record], name: str) -> Array:
    return np.array([effect[name] for effect in effects], dtype=float)


def _sizes(effects: Sequence[Record]) -> Array | None:
    """Sample sizes, (k,), where all are known."""
    found = [size for effect in effects if (size := _size(effect)) is not None]
    return np.array(found) if len(found) == len(effects) else None


def _size(effect: Record) -> float | None:
    for names in (("ni",), *SIZES):
        cells = [effect.get(name) for name in names]
        known = [float(cell) for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
        if len(known) == len(names) and sum(known) > 0.0:
            return sum(known)
    return None
