"""How fragile a result is, on the scale a reader sees: influence, publication bias, the multiverse."""

from collections.abc import Mapping, Sequence
from typing import Final

from analysis.tables.records import FIRST_LINE, Record, Records, Value, on_both_scales

SCALED: Final = ("estimate", "ci_lb", "ci_ub")
# Tables with estimates in units of the measure; the term says what they estimate, the mean where there is none.
ESTIMATES: Final = ("influence", "influence_clusters", "cumulative", "bias_estimates", "gosh_clusters")
# Tables that are taken over as they are; the multiverse is on the shown scale already.
PLAIN: Final = (
    "bias_tests",
    "multiverse_summary",
    "multiverse_shares",
    "multiverse_flips",
    "multiverse_test",
)
FRAGILITY_TABLES: Final = (*ESTIMATES, *PLAIN)


def build_fragility_tables(found: Mapping[str, Sequence[Mapping[str, Value]]], measure: str) -> dict[str, Records]:
    """Return every table of the robustness section; those that were not made are empty.

    Parameters
    ----------
    found : records of `results/{analysis}/fragility/*.csv` by name.
    measure : code of the effect-size measure.
    """
    shown = {
        name: [_shown(name, index, one, measure) for index, one in enumerate(found.get(name, ()))] for name in ESTIMATES
    }
    plain = {name: [{**one, **_source(name, index)} for index, one in enumerate(found.get(name, ()))] for name in PLAIN}
    return {**shown, **plain}


def _shown(name: str, index: int, record: Mapping[str, Value], measure: str) -> Record:
    columns = [column for column in SCALED if column in record]
    both = on_both_scales(record, columns, measure, mean=record.get("term") in (None, "intrcpt"))
    return {**record, **both, **_source(name, index)}


def _source(name: str, index: int) -> Record:
    return {"source": f"fragility/{name}.csv:{index + FIRST_LINE}"}
