"""Mediation from three published correlations, each from other studies, their uncertainty carried by simulation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analysis.errors import ModelError
from analysis.path_models.published import PublishedCorrelation
from analysis.path_models.sensitivity import compare_with_base
from analysis.results import Array

type Records = list[dict[str, Any]]
type Options = Sequence[PublishedCorrelation]

DRAWS: Final = 100_000
# What three correlations of predictor, mediator and outcome give, in the order of `effects`.
EFFECTS: Final = (
    ("a", "predictor -> mediator"),
    ("b", "mediator -> outcome, given the predictor"),
    ("direct", "predictor -> outcome, given the mediator"),
    ("indirect", "predictor -> mediator -> outcome"),
    ("total", "predictor -> outcome"),
)
ASSUMPTIONS: Final = (
    ("one population", "the three correlations are taken to describe the same patients, treatments and measures"),
    ("means", "intervals are about mean relations; those of single treatments scatter more widely"),
    ("causal order", "the arrows are assumed, not tested: correlations do not tell which comes first"),
    ("nothing omitted", "no third variable moves mediator and outcome together"),
    ("normal on Fisher's scale", "each pooled z is drawn from a normal law around what was published"),
    ("linear", "no interaction of predictor and mediator"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mediation:
    """Effects (5,) in the order of `EFFECTS` at the published values, draws (n, 5), share of draws kept."""

    inputs: tuple[PublishedCorrelation, PublishedCorrelation, PublishedCorrelation]
    estimate: Array
    draws: Array
    asked: int
    error_correlation: float

    @property
    def share_positive_definite(self) -> float:
        """Share of draws whose correlation matrix exists; the others are dropped."""
        return len(self.draws) / self.asked

    def records(self, *, level: float = 95.0) -> Records:
        """One record per effect: estimate, mean and standard deviation of draws, limits, probability of being > 0."""
        tail = (100 - level) / 200
        lower, upper = np.quantile(self.draws, (tail, 1 - tail), axis=0)
        return [
            {
                "effect": name,
                "meaning": meaning,
                "estimate": float(self.estimate[i]),
                "se": float(self.draws[:, i].std()),
                "ci_lb": float(lower[i]),
                "ci_ub": float(upper[i]),
                "p_positive": float((self.draws[:, i] > 0).mean()),
                "draws": self.asked,
                "share_pd": self.share_positive_definite,
            }
            for i, (name, meaning) in enumerate(EFFECTS)
        ]


def mediation_effects(r: Array) -> Array:
    """Standardised effects (..., 5) of correlations (..., 3), in the order of `simulate_mediation`'s inputs."""
    xm, my, xy = r[..., 0], r[..., 1], r[..., 2]
    left = 1 - xm**2
    b, direct = (my - xm * xy) / left, (xy - xm * my) / left
    return np.stack([xm, b, direct, xm * b, xy], axis=-1)


def is_positive_definite(r: Array) -> Any:
    """Whether three correlations (..., 3) can be those of three variables: determinant and minors positive."""
    xm, my, xy = r[..., 0], r[..., 1], r[..., 2]
    return (1 - xm**2 - my**2 - xy**2 + 2 * xm * my * xy > 0) & (np.abs(r) < 1).all(-1)


def simulate_mediation(
    inputs: tuple[PublishedCorrelation, PublishedCorrelation, PublishedCorrelation],
    *,
    seed: int,
    draws: int = DRAWS,
    error_correlation: float = 0.0,
) -> Mediation:
    """Draw the three correlations and compute the effects of every draw.

    Parameters
    ----------
    inputs : predictor-mediator, mediator-outcome, predictor-outcome
    seed, draws : int
    error_correlation : float
        Correlation of the errors of any two of them; 0 where their studies are different ones, more where the same
        studies entered several syntheses.

    Raises
    ------
    ModelError
        Published values that no three variables can have, or errors that cannot correlate so.
    """
    z, se = np.array([one.z for one in inputs]), np.array([one.se for one in inputs])
    if not is_positive_definite(np.tanh(z)):
        raise ModelError("the three published correlations cannot be those of three variables. Check the signs.")
    if not -0.5 < error_correlation < 1:
        raise ModelError(f"three errors cannot all correlate by {error_correlation}. Choose between -0.5 and 1.")
    law = np.full((3, 3), error_correlation) + np.eye(3) * (1 - error_correlation)
    noise = np.random.default_rng(seed).standard_normal((draws, 3)) @ np.linalg.cholesky(law).T
    r = np.tanh(z + se * noise)
    return Mediation(
        inputs=inputs,
        estimate=mediation_effects(np.tanh(z)),
        draws=mediation_effects(r[is_positive_definite(r)]),
        asked=draws,
        error_correlation=error_correlation,
    )


def input_records(mediation: Mediation) -> Records:
    """One record per input: what was read, how, and the share of the indirect effect's variance that it brings.

    Shares are those of the delta method; with correlated errors the rest is shared by two inputs.
    """
    z, se = np.array([one.z for one in mediation.inputs]), np.array([one.se for one in mediation.inputs])
    moved = mediation_effects(np.tanh(z + 1e-30j * np.eye(3)))[:, 3]
    part = (np.imag(moved) / 1e-30 * se) ** 2
    return [
        {
            "pair": f"{one.first} - {one.second}",
            "estimate": one.r,
            "z": one.z,
            "se": one.se,
            "source": one.source,
            "reading": one.reading,
            "assumed": one.assumed,
            "variance_share": float(share),
        }
        for one, share in zip(mediation.inputs, part / part.sum(), strict=True)
    ]


def sensitivity_records(
    options: tuple[Options, Options, Options],
    *,
    seed: int,
    error_correlations: Sequence[float] = (0.0,),
    draws: int = DRAWS,
    level: float = 95.0,
) -> Records:
    """The direct and the indirect effect under every stated choice, one changed at a time.

    Parameters
    ----------
    options : three sequences of PublishedCorrelation
        Readings of each input; the first of each is the base.
    error_correlations : sequence of float
        The first is the base.

    Returns
    -------
    list of dict
        As `compare_with_base`.
    """
    base = (options[0][0], options[1][0], options[2][0])
    runs: dict[str, tuple[Any, float]] = {"base": (base, error_correlations[0])}
    for position, readings in enumerate(options):
        for other in readings[1:]:
            inputs = tuple(other if i == position else one for i, one in enumerate(base))
            runs[f"{other.first} - {other.second}: {other.reading}"] = (inputs, error_correlations[0])
    runs |= {f"errors correlate by {rho:g}": (base, rho) for rho in error_correlations[1:]}
    keys = ("effect", "estimate", "se", "ci_lb", "ci_ub", "share_pd")
    found = {}
    for choice, (inputs, rho) in runs.items():
        records = simulate_mediation(inputs, seed=seed, draws=draws, error_correlation=rho).records(level=level)
        kept = (record for record in records if record["effect"] in ("direct", "indirect"))
        found[choice] = [{key: record[key] for key in keys} for record in kept]
    return compare_with_base(found)


def assumption_records(mediation: Mediation) -> Records:
    """Every assumption: those of the model, and how each number that was not printed was replaced."""
    rho = mediation.error_correlation
    words = "are taken to be independent, as those of different samples are" if rho == 0 else f"correlate by {rho:g}"
    stated = [*ASSUMPTIONS, ("errors", f"errors of the three published values {words}")]
    stated += [
        (f"{one.first} - {one.second}", f"{one.source}: {one.reading}") for one in mediation.inputs if one.assumed
    ]
    return [{"assumption": name, "statement": statement} for name, statement in stated]
