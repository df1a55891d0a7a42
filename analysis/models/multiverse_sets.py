"""Effects as the choices of a multiverse make them: one set for every measure, variance, subset and aggregation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from analysis.errors import ModelError
from analysis.fragility.aggregation import NONE, aggregate_by
from analysis.fragility.multiverse import EffectSet
from analysis.models.fitted import Record
from analysis.results import Array, IntArray
from analysis.rows import MultiverseRow
from analysis.vocabulary import BACK_TRANSFORMS, MEASURE_NAMES, SHARED_SCALES, VTYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenEffects:
    """Effects of one measure, variance and subset, before aggregation; where there are none, `problem` says why."""

    measure: str
    vtype: str
    subset: str
    effects: Sequence[Record] = ()
    problem: str = ""

    @property
    def label(self) -> str:
        """What a sentence calls it."""
        within = "" if self.subset == "all" else f" in {self.subset}"
        return f"{self.measure} with variances {self.vtype}{within}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """The sets that can be fitted, and sentences by estimand."""

    sets: list[EffectSet] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)

    def say(self, estimand: str, sentence: str) -> None:
        """Keep a sentence about an estimand, once."""
        sentences = self.said.setdefault(estimand, [])
        if sentence not in sentences:
            sentences.append(sentence)


def combinations_of(row: MultiverseRow) -> list[tuple[str, str, str]]:
    """Measures, variances and subsets whose effects a multiverse needs, in order."""
    return [
        (measure, vtype, subset)
        for subset in row.subsets
        for measure in row.measure
        for vtype in row.vtype
        if vtype in VTYPES[measure]
    ]


def estimand_of(measure: str, subset: str, headline: str) -> str:
    """What a mean is about: the subset, and the scale where it is not that of the `headline` measure."""
    return subset if scale_of(measure) == scale_of(headline) else f"{subset} ({scale_of(measure)})"


def scale_of(measure: str) -> str:
    """Words for the scale on which a measure is shown."""
    return SHARED_SCALES.get(measure, MEASURE_NAMES[measure])


def make_sets(
    chosen: Sequence[ChosenEffects], aggregate: Sequence[str], *, measure: str, rho: float, ratio: bool
) -> Sets:
    """Make a set of every choice of effects and every aggregation.

    Parameters
    ----------
    chosen : effects by measure, variance and subset, with `study_id`, `yi` and `vi`.
    aggregate : options, as `fragility.aggregation` reads them.
    measure : that of the analysis, whose scale the main estimand has.
    rho : correlation of sampling errors behind `weighted`.
    ratio : effects given as they are (GEN) are logarithms of ratios.

    Raises
    ------
    ModelError
        No choice leaves an effect.
    """
    made = Sets()
    coded = code_studies(one.effects for one in chosen)
    most: dict[str, int] = {}
    for one in chosen:
        most[one.subset] = max(most.get(one.subset, 0), len(one.effects))
    for one in chosen:
        estimand = estimand_of(one.measure, one.subset, measure)
        yi, vi, unit = _arrays(one, coded)
        usable = np.isfinite(yi) & np.isfinite(vi) & (vi > 0.0)
        if not usable.any():
            made.say(estimand, f"{one.label}: {one.problem or 'no effect has a variance.'}")
            continue
        if (count := int(usable.sum())) < most[one.subset]:
            made.say(estimand, f"{one.label} can be computed of {count} of {most[one.subset]} effects.")
        shown = "exp" if ratio and one.measure == "GEN" else BACK_TRANSFORMS.get(one.measure)
        for rule in _rules(aggregate, unit[usable], made, estimand):
            y, v, u = aggregate_by(rule, yi[usable], vi[usable], unit[usable], rho=rho)
            choices = {"measure": one.measure, "vtype": one.vtype, "aggregate": rule, "subset": one.subset}
            made.sets.append(EffectSet(choices=choices, estimand=estimand, yi=y, vi=v, unit=u, shown=shown))
    if not made.sets:
        why = " ".join(dict.fromkeys(sentence for sentences in made.said.values() for sentence in sentences))
        raise ModelError(f"no choice of the multiverse leaves an effect. {why}".rstrip())
    return made


def code_studies(tables: Iterable[Sequence[Record]]) -> dict[str, int]:
    """Study to its number, the same in every set."""
    return {
        study: number
        for number, study in enumerate(dict.fromkeys(str(effect["study_id"]) for rows in tables for effect in rows))
    }


def _arrays(one: ChosenEffects, coded: Mapping[str, int]) -> tuple[Array, Array, IntArray]:
    numbers = [[np.nan if effect[name] is None else effect[name] for effect in one.effects] for name in ("yi", "vi")]
    yi, vi = (np.array(values, dtype=float) for values in numbers)
    return yi, vi, np.array([coded[str(effect["study_id"])] for effect in one.effects], dtype=int)


def _rules(aggregate: Sequence[str], unit: IntArray, made: Sets, estimand: str) -> Sequence[str]:
    """Aggregations that differ: one where every study has one effect."""
    if len(np.unique(unit)) < len(unit):
        if NONE in aggregate:
            made.say(
                estimand,
                "Studies have several effects: specifications with aggregate none count them as independent, "
                "which makes their intervals too narrow.",
            )
        return aggregate
    kept = NONE if NONE in aggregate else aggregate[0]
    if len(aggregate) > 1:
        made.say(estimand, f"Every study has one effect, so that nothing is aggregated: {kept} stands for all ways.")
    return (kept,)
