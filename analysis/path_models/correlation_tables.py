"""Apply the row of a path model to correlations of studies, and lay out its tables."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from scipy.special import chdtrc

from analysis.errors import ConvergenceError, DataError, ModelError
from analysis.frequentist.laws import critical
from analysis.path_models.correlations import Correlations, build_correlations
from analysis.path_models.fitting import PathFit, fit_path_model
from analysis.path_models.implied import effects_of
from analysis.path_models.intervals import delta_interval, effect_records, simulated_interval
from analysis.path_models.pooling import PooledCorrelations, pool_correlations
from analysis.path_models.sensitivity import compare_with_base
from analysis.path_models.syntax import PathModel, parse_path_model
from analysis.rows import CorrelationPathRow
from analysis.vocabulary import MIN_K_PER_PAIR, MIXED_METHODS, PATH_STRUCTURES

type Records = list[dict[str, Any]]

BASE: Final = "base"
SIMPLER: Final = "simpler"
SINGULAR: Final = ", singular"
# Share of the largest eigenvalue below which a covariance is called singular.
UNSEEN: Final = 1e-8
ASSUMPTIONS: Final = (
    ("causal order", "the arrows are assumed, not tested: correlations do not tell which comes first"),
    ("nothing omitted", "no variable outside the model moves two variables in it together"),
    ("linear", "relations are straight lines, and none depends on another variable of the model"),
    ("means", "paths are those of the mean correlations over studies; in a single study they can be quite different"),
    ("missing pairs", "studies that leave out a pair of variables would have found what the others found"),
    ("measurement", "correlations are taken as reported, not corrected for unreliable measures"),
    (
        "normal",
        "true correlations scatter normally between studies, and reported ones around them, as in large samples",
    ),
)
PLUGGED_IN: Final = {
    "pooled": "the sampling covariance of correlations is taken at their means over studies, the same for all",
    "own": "the sampling covariance of correlations is taken at those of each study itself",
}
STRUCTURED: Final = {
    "DIAG": "a study with a higher true correlation of one pair of variables need not have one of another pair",
    "UN": "true correlations of different pairs may rise and fall together between studies",
}


def select_correlations(effects: Sequence[Mapping[str, Any]], row: CorrelationPathRow) -> Correlations:
    """Arrange computed correlations (measure COR) whose two variables are both in the model.

    Raises
    ------
    DataError
        No row is about two variables of the model.
    SchemaError, ImpossibleValueError
        As `build_correlations`.
    """
    variables = parse_path_model(row.model).variables
    kept = [(effect, str(effect[row.pair]).split("-")) for effect in effects]
    kept = [(effect, pair) for effect, pair in kept if len(pair) == 2 and set(pair) <= set(variables)]
    if not kept:
        raise DataError(f"no correlation of {', '.join(variables)} is left. Check pair and constructs.")
    return build_correlations(
        [str(effect["study_id"]) for effect, _ in kept],
        [pair[0] for _, pair in kept],
        [pair[1] for _, pair in kept],
        [effect["yi"] for effect, _ in kept],
        [effect["ni"] for effect, _ in kept],
        variables=variables,
    )


def correlation_tables(table: Correlations, row: CorrelationPathRow) -> dict[str, Records]:
    """Fit both stages and return every table by its name.

    Raises
    ------
    ModelError, ConvergenceError, DataError
        As `pool_correlations` and `fit_path_model`.
    """
    pooled = pool_correlations(table, structure=row.structure, method=row.method, plug_in=row.plug_in)
    fit = fit_path_model(parse_path_model(row.model), pooled)
    simpler = None if row.simpler is None else fit_path_model(parse_path_model(row.simpler), pooled)
    models = {"asked": fit} if simpler is None else {"asked": fit, SIMPLER: simpler}
    sensitivity, untried = _sensitivity(table, row, fit, simpler)
    return {
        "correlations": _pooled_records(table, pooled, row.level),
        "pooling": [_pooling_record(table, pooled)],
        "paths": _path_records(fit, row.level),
        "effects": _effect_records(fit, row),
        "fit": [_fit_record(name, one, pooled.n_total) for name, one in models.items()],
        "inputs": [],
        "assumptions": [*_assumptions(row), *untried],
        "sensitivity": sensitivity,
    }


def _pooled_records(table: Correlations, pooled: PooledCorrelations, level: float) -> Records:
    persons = np.bincount(table.pair, table.ni, len(pooled.r))
    records = []
    for position, (record, (i, j)) in enumerate(zip(pooled.records(level=level), pooled.pairs, strict=True)):
        about = {"first": pooled.variables[i], "second": pooled.variables[j]}
        numbers = {key: record[key] for key in ("k", "estimate", "se", "ci_lb", "ci_ub")}
        spread = {"sd": float(np.sqrt(record["tau2"])), "few": record["k"] < MIN_K_PER_PAIR, "level": level}
        records.append({**about, "n": float(persons[position]), **numbers, **spread})
    return records


def _pooling_record(table: Correlations, pooled: PooledCorrelations) -> dict[str, Any]:
    return {
        "n_studies": table.studies.number,
        "k": len(table.yi),
        "n_total": pooled.n_total,
        "structure": pooled.structure,
        "method": pooled.method,
        "plug_in": pooled.plug_in,
        "qe": pooled.qe,
        "qe_df": pooled.qe_df,
        "qe_pval": float(chdtrc(float(pooled.qe_df), pooled.qe)) if pooled.qe_df > 0 else None,
    }


def _path_records(fit: PathFit, level: float) -> Records:
    """One record per parameter, with limits by the normal law."""
    half = critical(level, np.full(len(fit.theta), np.inf)) * fit.se
    model = fit.structure.model
    free = [(*name.split(" ~~ "), "correlation") for name in fit.structure.names if " ~~ " in name]
    about = [*((cause, outcome, "path") for outcome, cause in model.paths), *free]
    return [
        {
            **{"group": None, "kind": kind, "source": source, "outcome": outcome},
            **{key: record[key] for key in ("estimate", "se", "stat", "pval")},
            **{"ci_lb": float(record["estimate"] - width), "ci_ub": float(record["estimate"] + width), "level": level},
        }
        for (source, outcome, kind), record, width in zip(about, fit.records(), half, strict=True)
    ]


def _effect_records(fit: PathFit, row: CorrelationPathRow) -> Records:
    """One record per effect: its three kinds of limits side by side."""
    found: dict[str, dict[str, Any]] = {}
    for one in effect_records(fit, seed=row.seed, draws=row.draws, level=row.level):
        about = {key: one[key] for key in ("kind", "source", "outcome", "effect", "estimate", "se")}
        record = found.setdefault(one["effect"], {"group": None, **about})
        record |= {f"{one['interval']}_lb": one["ci_lb"], f"{one['interval']}_ub": one["ci_ub"]}
    return [{**record, "p_positive": None, "level": row.level} for record in found.values()]


def _fit_record(name: str, fit: PathFit, n_total: float) -> dict[str, Any]:
    indices = fit.indices
    keys = ("chi2", "df", "pval", "null_chi2", "null_df", "rmsea", "rmsea_lb", "rmsea_ub", "srmr", "cfi", "tli")
    about = {"model": name, "paths": _one_line(fit.structure.model), "parameters": fit.structure.q, "n_total": n_total}
    return {**about, **{key: getattr(indices, key) for key in keys}, "note": indices.note or None}


def _one_line(model: PathModel) -> str:
    return "; ".join(line.strip() for line in model.text.splitlines() if line.strip())


def _assumptions(row: CorrelationPathRow) -> Records:
    stated = [*ASSUMPTIONS, ("sampling", PLUGGED_IN[row.plug_in]), ("between studies", STRUCTURED[row.structure])]
    return [{"group": None, "assumption": name, "statement": statement} for name, statement in stated]


def _sensitivity(
    table: Correlations, row: CorrelationPathRow, fit: PathFit, simpler: PathFit | None
) -> tuple[Records, Records]:
    """Direct and indirect effects under the other choices, and which of them could not be tried."""
    fits, untried = {BASE: fit}, []
    others = [{"structure": one} for one in PATH_STRUCTURES if one != row.structure]
    others += [{"method": one} for one in MIXED_METHODS if one != row.method]
    for other in others:
        choices = {"structure": row.structure, "method": row.method, **other}
        label = ", ".join(f"{key} {value}" for key, value in other.items())
        try:
            pooled = pool_correlations(table, **choices, plug_in=row.plug_in)
            fits[label + (SINGULAR if _is_singular(pooled) else "")] = fit_path_model(fit.structure.model, pooled)
        except (ModelError, ConvergenceError) as error:
            untried.append({"group": None, "assumption": f"not tried: {label}", "statement": str(error)})
    if simpler is not None:
        fits[SIMPLER] = simpler
    runs = {label: _limits(one, row) for label, one in fits.items()}
    return compare_with_base(runs), untried


def _is_singular(pooled: PooledCorrelations) -> bool:
    """Whether the covariance between studies lost a direction: more was asked than the studies tell."""
    values = np.linalg.eigvalsh(pooled.between)
    return bool(pooled.structure == "UN" and values[0] <= UNSEEN * values[-1])


def _limits(fit: PathFit, row: CorrelationPathRow) -> Records:
    records = []
    for effect in effects_of(fit.structure):
        if effect.kind in ("direct", "indirect"):
            lower, upper = simulated_interval(fit, effect, seed=row.seed, draws=row.draws, level=row.level)
            numbers = {"estimate": float(effect.value(fit.theta)), "se": delta_interval(fit, effect)[0]}
            about: dict[str, Any] = {"group": None, "kind": effect.kind, "effect": effect.name, "share_pd": None}
            records.append({**about, **numbers, "ci_lb": lower, "ci_ub": upper, "level": row.level})
    return records
