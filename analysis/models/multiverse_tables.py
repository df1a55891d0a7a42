"""Result tables of a multiverse: every specification, what they say together, and what changes the conclusion."""

from collections.abc import Sequence
from dataclasses import asdict

from analysis.errors import ModelError
from analysis.fragility.joint_multiverse import JointMultiverseTest, joint_multiverse_test
from analysis.fragility.multiverse import EffectSet, Multiverse, run_multiverse
from analysis.fragility.specifications import conclusions, decompose, smallest_flips, summarise
from analysis.models.fitted import Record, finite
from analysis.models.multiverse_reference import describe_distance, find_reference, wanted_options
from analysis.models.multiverse_sets import ChosenEffects, Sets, estimand_of, make_sets
from analysis.rows import ModelRow, MultiverseRow

TABLES = ("multiverse", "multiverse_summary", "multiverse_shares", "multiverse_flips", "multiverse_test")
# Sentences of one cell.
BETWEEN = " | "
NUMBERS = ("estimate", "ci_lb", "ci_ub", "pval", "tau2", "i2")


def empty_multiverse_tables() -> dict[str, list[Record]]:
    """The tables of an analysis without a multiverse."""
    return {name: [] for name in TABLES}


def build_multiverse_tables(
    chosen: Sequence[ChosenEffects],
    row: MultiverseRow,
    *,
    measure: str,
    headline: ModelRow | None = None,
    aggregate_rho: float | None = None,
    rho: float = 0.6,
    ratio: bool = False,
) -> dict[str, list[Record]]:
    """Fit every specification and lay out what they say.

    Parameters
    ----------
    chosen : effects of every measure, variance and subset of the row (`combinations_of`).
    row : the multiverse.
    measure : that of the analysis.
    headline : model whose nearest specification is the reference; None for the first option of every choice.
    aggregate_rho : correlation by which the analysis itself combines effects of a study; None where it does not.
    rho : correlation of sampling errors behind `weighted`, where no headline model says it.
    ratio : effects given as they are (GEN) are logarithms of ratios.

    Returns
    -------
    dict
        The records of `TABLES`, numbers on the shown scale.

    Raises
    ------
    ModelError
        No effect under any choice, or options that cannot be.
    """
    made = make_sets(chosen, row.aggregate, measure=measure, rho=headline.rho if headline else rho, ratio=ratio)
    found = run_multiverse(made.sets, methods=row.method, tests=row.test, outliers=row.outliers, level=row.level)
    main = estimand_of(measure, "all", measure)
    wanted = wanted_options(row, measure=measure, headline=headline, aggregate_rho=aggregate_rho)
    reference = find_reference(found, main, wanted)
    for estimand in dict.fromkeys(found.estimand):
        for sentence in found.left_out:
            made.say(estimand, sentence)
    if reference is not None:
        for sentence in describe_distance(found, reference, headline):
            made.say(main, sentence)
    said = conclusions(found)
    return {
        "multiverse": [_specification(found, number, said[number], reference) for number in range(len(found.k))],
        "multiverse_summary": _summaries(found, made),
        "multiverse_shares": [{**asdict(one), "share": finite(one.share)} for one in decompose(found)],
        "multiverse_flips": [] if reference is None else _flips(found, reference),
        "multiverse_test": _tests(made.sets, row),
    }


def _specification(found: Multiverse, number: int, conclusion: str, reference: int | None) -> Record:
    return {
        "spec": number + 1,
        "estimand": found.estimand[number],
        **{choice: found.option(number, choice) for choice in found.options},
        "k": int(found.k[number]),
        **{name: finite(getattr(found, name)[number]) for name in NUMBERS},
        "conclusion": conclusion,
        "reference": number == reference,
    }


def _summaries(found: Multiverse, made: Sets) -> list[Record]:
    null = dict(zip(found.estimand, found.null.tolist(), strict=True))
    rows: list[Record] = []
    for one in summarise(found):
        sentences = made.said.get(one.estimand, [])
        if one.failed:
            sentences = [*sentences, f"{one.failed} specifications have too few effects to be fitted."]
        numbers: Record = {name: finite(value) for name, value in asdict(one).items()}
        rows.append({**numbers, "no_effect": null[one.estimand], "level": found.level, "reasons": _cell(sentences)})
    # An estimand of which nothing is left has its sentence all the same.
    empty: Record = dict.fromkeys(rows[0])
    for estimand in (name for name in made.said if name not in null):
        own: Record = {"estimand": estimand, "n": 0, "failed": 0, "level": found.level}
        rows.append({**empty, **own, "reasons": _cell(made.said[estimand])})
    return rows


def _cell(sentences: Sequence[str]) -> str | None:
    return BETWEEN.join(sentences) or None


def _flips(found: Multiverse, reference: int) -> list[Record]:
    """One row per changed choice of every specification that ties."""
    return [
        {
            "choice": choice,
            "from": before,
            "to": after,
            "conclusion": flip.conclusion,
            "reference": flip.reference,
            "spec": flip.row + 1,
        }
        for flip in smallest_flips(found, reference)
        for choice, (before, after) in flip.changes.items()
    ]


def _tests(sets: Sequence[EffectSet], row: MultiverseRow) -> list[Record]:
    if row.draws == 0:
        return []
    choices = {"methods": row.method, "tests": row.test, "outliers": row.outliers, "level": row.level}
    try:
        found = joint_multiverse_test(sets, **choices, draws=row.draws, seed=row.seed)  # type: ignore[arg-type]
    except ModelError:
        return []
    return [_test(one, [made for made in sets if made.estimand == one.estimand], row.level) for one in found]


def _test(one: JointMultiverseTest, sets: Sequence[EffectSet], level: float) -> Record:
    studies = len({int(study) for made in sets for study in made.unit})
    reasons = []
    if (least := 2.0 ** (1 - studies)) > 1.0 - level / 100.0:
        reasons.append(
            f"With {studies} {'study' if studies == 1 else 'studies'} no p value can be below {least:.3g}: "
            "the test cannot find anything."
        )
    if any(made.choices["vtype"] in ("AV", "AVHO") for made in sets):
        reasons.append("Variances that depend on the mean effect (AV) are held at their values while signs change.")
    if any(made.shown == "expit" for made in sets):
        reasons.append("No effect is taken to be a proportion of one half.")
    numbers = {name: finite(value) for name, value in asdict(one).items()}
    return {**numbers, "reasons": _cell(reasons)}
