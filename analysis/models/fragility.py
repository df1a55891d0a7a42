"""How fragile the result of one analysis is: what its stage writes, and what verification computes again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.models.bias_tables import build_bias_tables
from analysis.models.fitted import Cell, Record
from analysis.models.fitting import fit_model
from analysis.models.influence_tables import build_influence_tables
from analysis.rows import ModelRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragility:
    """Tables by name, sentences about what was and was not asked, and the models that were asked."""

    tables: dict[str, list[Record]]
    notes: dict[str, list[str]]
    models: dict[str, str]


def assess_fragility(
    effects: Sequence[Mapping[str, Cell]], headline: ModelRow, pooled: ModelRow, *, measure: str
) -> Fragility:
    """Ask which study the headline hangs on, and what publication bias would do to a mean.

    Parameters
    ----------
    effects : records of effects
    headline : row of the model on the first page
    pooled : row of a model that has a mean, the headline's own where it has one
    measure : of the effects
    """
    influence = build_influence_tables(fit_model(effects, headline, measure=measure), seed=headline.seed)
    bias = build_bias_tables(fit_model(effects, pooled, measure=measure), averaging=True)
    return Fragility(
        tables={**influence.tables, **bias.tables},
        notes={"influence": list(influence.notes), "bias": list(bias.notes)},
        models={"influence": headline.name, "bias": pooled.name},
    )
