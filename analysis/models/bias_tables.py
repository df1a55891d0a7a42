"""Publication bias of one model: every adjusted estimate side by side, and every test of bias."""

from analysis.errors import ToolkitError
from analysis.models.bias_effects import WITHOUT_NULL, BiasEffects, prepare_bias_effects
from analysis.models.bias_layout import Estimate, Method, estimate_row, lay_out
from analysis.models.bias_p_values import p_value_methods
from analysis.models.bias_selection import averaging_method, selection_methods
from analysis.models.bias_small_study import small_study_methods
from analysis.models.estimated import EstimatedModel
from analysis.models.fitted import Record
from analysis.vocabulary import MEASURE_NAMES


def build_bias_tables(model: EstimatedModel, *, averaging: bool) -> dict[str, list[Record]]:
    """Lay out what methods against publication bias make of the mean effect of a model.

    Parameters
    ----------
    model : EstimatedModel
        With moderators, it is fitted again without them; of dependent effects one composite per study is made for
        methods that need independence. The reasons of the first row say so.
    averaging : bool
        Whether to average over models of bias too, which takes some seconds.

    Returns
    -------
    `bias_estimates`, the unadjusted mean first, and `bias_tests`, numbers on the scale of the measure. A method that
    refuses the effects keeps its rows, without numbers, with its sentence among the reasons. Nothing is random.
    """
    if model.measure in WITHOUT_NULL:
        said = (
            f"A {MEASURE_NAMES[model.measure]} has no value that stands for no effect: methods against selection for "
            "significance do not apply."
        )
        return {"bias_estimates": [_unadjusted(model, said)], "bias_tests": []}
    try:
        effects = prepare_bias_effects(model)
    except ToolkitError as error:
        return {"bias_estimates": [_unadjusted(model, " ".join(str(error).split()))], "bias_tests": []}
    estimates, tests = lay_out(_methods(effects, averaging=averaging), effects)
    first = _unadjusted(effects.headline, *effects.notes, effects.favoured)
    return {"bias_estimates": [first, *estimates], "bias_tests": tests}


def _methods(effects: BiasEffects, *, averaging: bool) -> list[Method]:
    return [
        *small_study_methods(effects),
        *selection_methods(),
        *p_value_methods(effects),
        *([averaging_method()] if averaging else []),
    ]


def _unadjusted(model: EstimatedModel, *rules: str) -> Record:
    """The mean as the model has it; a model with moderators has none."""
    found = Estimate(rules=rules)
    if not model.row.moderated:
        mean = model.coefficients()
        numbers = {part: getattr(mean, part)[0] for part in ("estimate", "se", "ci_lb", "ci_ub", "pval")}
        found = Estimate(tau2=model.total_variance, k_used=len(model.effects), rules=rules, **numbers)
    return estimate_row("unadjusted", "Unadjusted", "unadjusted", found)
