"""Every table of a page from the data alone, through the functions that the workflow uses; nothing is read back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analysis.datasets import Dataset
from analysis.datasets.described import describe_dataset
from analysis.datasets.effects import compute_effects
from analysis.datasets.review import describe_review
from analysis.models import build_fit_document, build_model_tables, fit_model
from analysis.models.fitted import Record
from analysis.models.fragility import assess_fragility
from analysis.reproduction.consistency import check_claims
from analysis.reproduction.conventions import analysis_conventions
from analysis.reproduction.ledger import build_ledger, count_verdicts, lines_behind
from analysis.rows import AnalysisRow, AnyModelRow, BayesianRow, ModelRow, model_with_mean
from analysis.tables.collection import build_all_tables
from analysis.tables.records import ModelResults, Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """`tables` and `ledgers` as a page has them; by model the `lines` of the dataset that it used.

    `described` is dataset.json; `sampled` names the models that were not fitted again; `fragility_notes` are the
    sentences about what was asked of the fragility of the result.
    """

    described: dict[str, Any]
    tables: dict[str, Records]
    ledgers: dict[str, Records]
    lines: dict[str, list[int]]
    sampled: frozenset[str]
    fragility_notes: list[str]


def recompute(
    dataset: Dataset,
    folder: str,
    analysis: AnalysisRow,
    models: Sequence[AnyModelRow],
    *,
    tolerance: float,
    sampled: Mapping[str, ModelResults],
    comparison: Sequence[Mapping[str, Any]] = (),
    multiverse: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Recomputed:
    """Compute effects, fit every model that is not sampled, and build every table.

    Parameters
    ----------
    dataset : as it was read, with its `folder`, `data/{dataset}`.
    analysis, models : rows of the configuration, models in the order of the analysis.
    tolerance : relative distance from a published number that is tolerated, per cent.
    sampled : results of the sampled models by name, as their files hold them.
    comparison : rows that compare the sampled models.
    multiverse : tables of the multiverse by name, as their files hold them; None where there is none.

    Raises
    ------
    ToolkitError
        When the data or a row cannot be used.
    """
    described = describe_dataset(dataset, folder)
    computed = compute_effects(
        dataset.records,
        dataset.columns,
        where=f"{folder}/effects.csv",
        measure=analysis.measure,
        chosen=analysis.filter,
        aggregate_rho=analysis.aggregate_rho,
    )
    fitted = {
        row.name: sampled[row.name] if row.name in sampled else _fit(computed.effects, row, analysis) for row in models
    }
    headline = next(row for row in models if row.name == analysis.headline)
    assert isinstance(headline, ModelRow)
    pooled = model_with_mean(analysis.headline, models)
    fragile = assess_fragility(computed.effects, headline, pooled, measure=analysis.measure)
    asked = {**fragile.tables, **(multiverse or {})}
    results = list(fitted.values())
    tables = build_all_tables(
        asdict(analysis),
        described,
        computed.excluded,
        results,
        comparison,
        asked,
        rows=dataset.records,
        review=describe_review(dataset.review, dataset.records, dataset.columns),
    )
    composites = analysis.aggregate_rho is not None
    lines = {
        name: lines_behind(model.table("studies"), dataset.records, computed.excluded, composites=composites)
        for name, model in fitted.items()
    }
    return Recomputed(
        described=described,
        tables=tables,
        ledgers={
            **_ledgers(dataset, analysis, tables["models"], lines, tolerance),
            "conventions": analysis_conventions(
                computed.effects,
                dataset.records,
                measure=analysis.measure,
                aggregate_rho=analysis.aggregate_rho,
                level=analysis.level,
            ),
        },
        lines=lines,
        sampled=frozenset(sampled),
        fragility_notes=[*fragile.notes["influence"], *fragile.notes["bias"]],
    )


def _ledgers(
    dataset: Dataset, analysis: AnalysisRow, models: Records, lines: Mapping[str, Sequence[int]], tolerance: float
) -> dict[str, Records]:
    claims = [{name: value for name, value in claim.items() if name != "row"} for claim in dataset.claims]
    ledger = build_ledger(
        claims, models, lines, headline=analysis.headline, dataset=analysis.dataset, tolerance=tolerance
    )
    return {
        "ledger": ledger,
        "verdicts": count_verdicts(ledger, tolerance),
        "consistency": check_claims(claims, models),
    }


def _fit(effects: Sequence[Record], row: AnyModelRow, analysis: AnalysisRow) -> ModelResults:
    if isinstance(row, BayesianRow):
        from analysis.models.bayesian import fit_bayesian
        from analysis.models.bayesian_results import build_bayesian_document, build_bayesian_tables

        posterior = fit_bayesian(effects, row, measure=analysis.measure)
        found = build_bayesian_tables(posterior)
        return ModelResults(name=row.name, fit=build_bayesian_document(posterior, found), tables=found)
    assert isinstance(row, ModelRow)
    model = fit_model(effects, row, measure=analysis.measure)
    tables = build_model_tables(model, group=analysis.forest_group)
    return ModelResults(name=row.name, fit=build_fit_document(model, tables), tables=tables)
