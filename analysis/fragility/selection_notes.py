"""When a selection model should not be trusted, in sentences."""

import numpy as np

from analysis.fragility.selection_search import Found
from analysis.fragility.selection_setup import BETA_BOUNDS, STEP_BOUNDS, Words
from analysis.frequentist.linear import Batch
from analysis.results import Array, Fit, IntArray
from analysis.vocabulary import MIN_K_PER_STEP, MIN_K_SELECTION


def selection_notes(
    batch: Batch, words: Words, count: IntArray, found: Found, plain: Fit, sign: float
) -> tuple[str, ...]:
    """What a reader of one fit must see; of a batch only that some fits did not settle."""
    if batch.shape != ():
        failed = int((~found.convergence.converged).sum())
        return (
            (f"The likelihood of {failed} data sets did not settle at a maximum; see convergence.",) if failed else ()
        )
    said = [*_about_data(batch, words, count[0], plain, sign), *_about_optimum(batch, words, found, sign)]
    return tuple(said)


def _about_data(batch: Batch, words: Words, count: IntArray, plain: Fit, sign: float) -> list[str]:
    said = []
    if batch.k[0] < MIN_K_SELECTION:
        said.append(f"{int(batch.k[0])} effects: below {MIN_K_SELECTION} a selection model often goes astray.")
    for place, number in enumerate(count):
        if 0 < number < MIN_K_PER_STEP and (place == 0 or np.isnan(words.given[place])):
            low = words.steps[place - 1] if place else 0.0
            said.append(
                f"The interval {low:g} < p <= {words.steps[place]:g} holds {number} effects, fewer than "
                f"{MIN_K_PER_STEP}: its weight is hardly determined."
            )
        elif number == 0:
            low = words.steps[place - 1] if place else 0.0
            said.append(f"The interval {low:g} < p <= {words.steps[place]:g} holds no effect.")
    if words.alternative == "two.sided":
        said.append(
            "Selection is taken to favour significant effects of either sign; if it favours one sign, this model "
            "hardly corrects the mean."
        )
    elif sign * float(np.ravel(plain.beta)[0]) < 0.0 and batch.p == 1:
        other = "less" if sign > 0 else "greater"
        said.append(
            f'Selection is taken to favour effects of the sign opposite to that of the mean; alternative "{other}" '
            "may be meant."
        )
    return said


def _about_optimum(batch: Batch, words: Words, found: Found, sign: float) -> list[str]:
    said = []
    delta = found.theta[0, batch.p + 1 :]
    low, high = STEP_BOUNDS if words.kind == "stepfun" else BETA_BOUNDS
    if not found.convergence.converged[0]:
        said.append("The likelihood did not settle at a maximum: the estimates are where the search stopped.")
    if ((delta <= low) | (delta >= high)).any():
        said.append("A weight lies at its bound: the likelihood has no maximum inside, and standard errors mislead.")
    if found.theta[0, batch.p] == 0.0 and np.isfinite(found.covariance[0, 0, 0]):
        said.append("tau2 is estimated as zero; standard errors take it as known.")
    if not np.isfinite(_diagonal(found)[: batch.p]).all():
        said.append("The information at the optimum is not positive definite: there are no standard errors.")
    said += about_maxima(found, sign) if batch.p == 1 else []
    return said


def about_maxima(found: Found, sign: float) -> list[str]:
    """Sentences on a mean far away from the effects and on other maxima, for one data set."""
    said = []
    if found.far[0]:
        said.append("The estimated mean lies far outside the effects: it rests on the assumed shape of a tail alone.")
    if np.isfinite(found.rival[0, 0]):
        said.append(
            f"The likelihood has another maximum, as high or nearly so, at a mean of {sign * found.rival[0, 0]:.4g}: "
            "the data do not tell the two apart."
        )
    return said


def _diagonal(found: Found) -> Array:
    return np.diagonal(found.covariance[0])
