"""Reads what a page and its verification stand on, and puts the parts together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from analysis.config.loading import load_config, model_for
from analysis.errors import DataError, Problem
from analysis.files import read_bytes, read_dataset, read_json, read_posterior, read_records, read_text
from analysis.provenance import digest, digest_row
from analysis.reporting.bibtex import parse_bibtex
from analysis.reporting.page import Inputs, Tables, build_environment, render_page
from analysis.rows import AnalysisRow, AnyModelRow, model_row_from_json
from analysis.tables.records import ModelResults
from analysis.verification.comparison import Behind, NumberVerdict, Wording, compare_pages
from analysis.verification.digests import (
    CHANGED,
    SAME,
    FileCheck,
    check_digests,
    check_rows,
    find_changed_cells,
)
from analysis.verification.draws import DrawsCheck, check_draws
from analysis.verification.page_content import read_page
from analysis.verification.recomputation import Recomputed, recompute

if TYPE_CHECKING:
    import xarray as xr

SAMPLED: Final = "pymc"
# Found by a search that takes longer than a verification may: compared with the file, whose digest is checked.
SEARCHED: Final = ("explanations",)
# A thousand fits and their joint test; likewise.
MULTIVERSE: Final = tuple(f"multiverse_{part}" for part in ("summary", "shares", "flips", "test"))
# Folders at the beginning of the paths in provenance.json.
DATA, RESULTS = "data", "results"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things are: datasets, results, configuration, templates, works to cite."""

    data: Path
    results: Path
    config: Path
    templates: Path
    references: Path

    def locate(self, path: str) -> Path:
        """Return where a path of provenance.json is now."""
        first, _, rest = path.partition("/")
        return {DATA: self.data, RESULTS: self.results}.get(first, Path(first)) / rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Everything that was found about one page; `cells` names changed cells of the data."""

    page: str
    analysis: str
    numbers: list[NumberVerdict]
    wordings: list[Wording]
    files: list[FileCheck]
    cells: list[str]
    draws: list[DrawsCheck]

    @property
    def good(self) -> bool:
        """Nothing contradicts the page."""
        numbers = all(number.verdict in ("agrees", "not recomputed") for number in self.numbers)
        files = all(file.state == SAME for file in self.files)
        return numbers and files and not self.wordings and not any(check.problems for check in self.draws)


def verify_page(page: Path, folders: Folders) -> Verification:
    """Compute a page again and compare.

    Raises
    ------
    ToolkitError
        When the page, its provenance or its data cannot be read or used.
    """
    html, provenance = read_text(page / "index.html"), _read_provenance(page / "provenance.json")
    analysis = AnalysisRow.from_json(json.dumps(provenance["analysis"]))
    models = [model_row_from_json(json.dumps(row)) for row in provenance["models"]]
    trees = {row.name: _read_draws(folders, analysis, row) for row in models if row.engine == SAMPLED}
    draws = [check_draws(name, tree) for name, tree in trees.items()]
    sampled = {check.model: _read_model(folders, analysis, check) for check in draws}
    dataset = read_dataset(folders.data / analysis.dataset)
    tolerance, rows = _read_config(folders, analysis, provenance)
    found = recompute(
        dataset,
        f"{DATA}/{analysis.dataset}",
        analysis,
        models,
        tolerance=tolerance,
        sampled=sampled,
        comparison=_compare(trees),
        multiverse=_read_multiverse(folders, analysis),
    )
    ledgers = {**found.ledgers, **_read_searched(folders, analysis)}
    # JSON sorts keys; a page shows those of a row in their own order.
    rows_of_page = {"analysis": asdict(analysis), "models": [asdict(row) for row in models]}
    expected = _render(found, ledgers, {**provenance, **rows_of_page}, folders)
    numbers, wordings = compare_pages(read_page(html), read_page(expected), _behind(found, ledgers, analysis))
    files = _check_files(provenance, folders)
    return Verification(
        page=page.as_posix(),
        analysis=analysis.name,
        numbers=numbers,
        wordings=wordings,
        files=[*_check_own_rows(provenance), *rows, *files],
        cells=_changed_cells(folders, analysis, files),
        draws=draws,
    )


def _read_provenance(path: Path) -> dict[str, Any]:
    provenance = read_json(path)
    if isinstance(provenance, dict) and "path" in provenance:
        what = "this is the page of a path model; only pages of analyses can be computed again here."
        raise DataError(Problem(path.as_posix(), what, "Run snakemake paths: equal input gives equal bytes."))
    keys = ("analysis", "models", "digests")
    if not isinstance(provenance, dict) or not all(key in provenance for key in keys):
        what = f"this is no provenance of a page: it needs {', '.join(keys)}."
        raise DataError(Problem(path.as_posix(), what, "Run the workflow again."))
    return provenance


def _read_draws(folders: Folders, analysis: AnalysisRow, row: AnyModelRow) -> "xr.DataTree":
    return read_posterior(folders.results / analysis.name / row.name / "posterior.nc")


def _read_model(folders: Folders, analysis: AnalysisRow, check: DrawsCheck) -> ModelResults:
    """Return what a sampled model left behind, its diagnostics as they come out of its draws now."""
    folder = folders.results / analysis.name / check.model
    tables = {path.stem: read_records(path, path.stem) for path in sorted(folder.glob("*.csv"))}
    tables["diagnostics"] = list(check.parameters)
    return ModelResults(name=check.model, fit=read_json(folder / "fit.json"), tables=tables)


def _compare(trees: Mapping[str, "xr.DataTree"]) -> list[dict[str, Any]]:
    if len(trees) < 2:
        return []
    from analysis.models.comparing import compare_models

    return list(compare_models(trees))


def _read_config(
    folders: Folders, analysis: AnalysisRow, provenance: Mapping[str, Any]
) -> tuple[float, list[FileCheck]]:
    """Return the tolerance of the ledger, and how the rows of the page compare with the configuration."""
    config = load_config(folders.config, folders.data)
    page = {"analysis": provenance["analysis"], **{f"model {row['name']}": row for row in provenance["models"]}}
    now: dict[str, Mapping[str, Any]] = {}
    if analysis.name in config.analyses:
        known = config.analyses[analysis.name]
        now["analysis"] = asdict(known)
        now |= {f"model {name}": asdict(model_for(config, known.name, name)) for name in known.models}
    named = [
        FileCheck(f"{folders.config.as_posix()}, {check.name}", check.state, check.says)
        for check in check_rows(page, now)
    ]
    return config.tolerance, named


def _check_own_rows(provenance: Mapping[str, Any]) -> list[FileCheck]:
    """Compare the rows in provenance.json with the digests beside them."""
    rows = {"analysis": provenance["analysis"], **{f"model {row['name']}": row for row in provenance["models"]}}
    recorded = provenance["digests"]["rows"]
    found = {name: digest_row(row) for name, row in rows.items()}
    return [
        FileCheck(f"provenance.json, {name}", SAME)
        if found.get(name) == was
        else FileCheck(f"provenance.json, {name}", CHANGED, f"provenance.json: the row {name} is not the one digested.")
        for name, was in recorded.items()
    ]


def _check_files(provenance: Mapping[str, Any], folders: Folders) -> list[FileCheck]:
    recorded: dict[str, str] = provenance["digests"]["files"]
    return check_digests(recorded, {path: _digest(folders.locate(path)) for path in recorded})


def _digest(path: Path) -> str | None:
    return digest(read_bytes(path)) if path.is_file() else None


def _changed_cells(folders: Folders, analysis: AnalysisRow, files: Sequence[FileCheck]) -> list[str]:
    """Name changed cells of the effects, where the checked copy that the page was made from is still here."""
    states = {check.name: check.state for check in files}
    path, copy = f"{DATA}/{analysis.dataset}/effects.csv", f"{RESULTS}/{DATA}/{analysis.dataset}/effects.csv"
    if states.get(path) != CHANGED or states.get(copy) != SAME:
        return []
    before = read_records(folders.locate(copy), "data_effects")
    return find_changed_cells(
        folders.locate(path).as_posix(), before, read_dataset(folders.locate(path).parent).records
    )


def _read_multiverse(folders: Folders, analysis: AnalysisRow) -> Tables:
    paths = {name: folders.results / analysis.name / "fragility" / f"{name}.csv" for name in MULTIVERSE}
    return {name: read_records(path, name) for name, path in paths.items() if path.is_file()}


def _read_searched(folders: Folders, analysis: AnalysisRow) -> Tables:
    paths = {name: folders.results / analysis.name / f"{name}.csv" for name in SEARCHED}
    return {name: read_records(path, name) for name, path in paths.items() if path.is_file()}


def _render(found: Recomputed, ledgers: Tables, provenance: Mapping[str, Any], folders: Folders) -> str:
    figures_folder = folders.results / str(provenance["analysis"]["name"]) / "figures"
    figures = read_json(figures_folder / "figures.json")
    names = [figure["file"] for figure in figures if figure["file"].endswith(".svg")]
    inputs = Inputs(
        analysis=provenance["analysis"],
        models=provenance["models"],
        dataset=found.described,
        tables=found.tables,
        ledgers=ledgers,
        figures=figures,
        drawings={name: read_text(figures_folder / name) for name in names},
        provenance=provenance,
        words=_read_words(folders.templates),
        works=parse_bibtex(read_text(folders.references)),
        fragility_notes=found.fragility_notes,
    )
    templates = {path.name: read_text(path) for path in sorted(folders.templates.iterdir()) if path.is_file()}
    return render_page(inputs, build_environment(templates))


def _read_words(folder: Path) -> dict[str, Any]:
    import yaml

    words: dict[str, Any] = yaml.safe_load(read_text(folder / "tables.yaml"))
    return words


def _behind(found: Recomputed, ledgers: Tables, analysis: AnalysisRow) -> Behind:
    folder = f"{RESULTS}/{analysis.name}"
    return Behind(
        tables={**found.tables, **{f"../{name}": rows for name, rows in ledgers.items()}},
        headline=analysis.headline,
        lines=found.lines,
        stored_models={
            name: f"sampled; compared with {folder}/{name}, whose digests are checked" for name in found.sampled
        },
        stored_tables={
            f"../{name}": f"searched for; compared with {folder}/{name}.csv, whose digest is checked"
            for name in SEARCHED
        }
        | {
            name: f"fitted many times; compared with {folder}/fragility/{name}.csv, whose digest is checked"
            for name in MULTIVERSE
        },
        recomputed_tables=frozenset({"diagnostics", "comparison"}),
    )
