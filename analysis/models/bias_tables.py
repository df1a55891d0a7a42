"""Publication bias of one model: every adjusted estimate side by side, and every test of bias."""

from dataclasses import dataclass

from analysis.errors import ToolkitError
from analysis.models.bias_effects import WITHOUT_NULL, BiasEffects, prepare_bias_effects
from analysis.models.bias_layout import Estimate, Method, estimate_row, lay_out
from analysis.models.bias_p_values import p_value_methods
from analysis.models.bias_selection import averaging_method, selection_methods
from analysis.models.bias_small_study import small_study_methods
from analysis.models.estimated import EstimatedModel
from analysis.models.fitted import Record
from analysis.vocabulary import MEASURE_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasTables:
    """`tables` by name, each as its schema says, and `notes`, sentences about the effects that all methods got."""

    tables: dict[str, list[Record]]
    notes: tuple[str, ...]


def build_bias_tables(model: EstimatedModel, *, averaging: bool) -> BiasTables:
    """Lay out what methods against publication bias make of the mean effect of a model.

    Parameters
    ----------
    model : EstimatedModel
        With moderators, it is fitted again without them; of dependent effects one composite per study is made for
        methods that need independence. The notes say so.
    averaging : bool
        Whether to average over models of bias too, which takes some seconds.

    Returns
    -------
    BiasTables
        `bias_estimates`, the unadjusted mean first, and `bias_tests`, numbers on the scale of the measure. A method
        that refuses the effects keeps its rows, without numbers, with its sentence among the reasons. Nothing is drawn
        at random.
    """
    if model.measure in WITHOUT_NULL:
        said = (
            f"A {MEASURE_NAMES[model.measure]} has no value that stands for no effect: methods against selection for "
            "significance do not apply."
        )
        return _nothing(model, said)
    try:
        effects = prepare_bias_effects(model)
    except ToolkitError as error:
        return _nothing(model, " ".join(str(error).split()))
    estimates, tests = lay_out(_methods(effects, averaging=averaging), effects)
    notes = (*effects.notes, effects.favoured)
    return BiasTables(
        tables={"bias_estimates": [_unadjusted(effects.headline, notes), *estimates], "bias_tests": tests}, notes=notes
    )


def _nothing(model: EstimatedModel, said: str) -> BiasTables:
    return BiasTables(tables={"bias_estimates": [_unadjusted(model, (said,))], "bias_tests": []}, notes=(said,))


def _methods(effects: BiasEffects, *, averaging: bool) -> list[Method]:
    return [
        *small_study_methods(effects),
        *selection_methods(),
        *p_value_methods(effects),
        *([averaging_method()] if averaging else []),
    ]


def _unadjusted(model: EstimatedModel, rules: tuple[str, ...]) -> Record:
    """The mean as the model has it; a model with moderators has none."""
    found = Estimate(rules=rules)
    if not model.row.moderated:
        mean = model.coefficients()
        numbers = {part: getattr(mean, part)[0] for part in ("estimate", "se", "ci_lb", "ci_ub", "pval")}
        found = Estimate(tau2=model.total_variance, k_used=len(model.effects), rules=rules, **numbers)
    return estimate_row("unadjusted", "Unadjusted", "unadjusted", found)
