"""The data dictionary: every column of every dataset, written from what `dataset.yaml` says."""

from collections.abc import Mapping, Sequence

from analysis.datasets.checks import Dataset
from analysis.datasets.columns import Column

_HEAD = """\
# Data

One folder per dataset. `dataset.yaml` says where the numbers come from and what they mean, `effects.csv` holds one row
per effect, `claims.csv` one published number per row; `evidence.csv` is a table of findings that is never pooled;
`truth.yaml` holds what a simulated dataset was drawn from, `review.yaml` what a systematic review brings beside its
effects (*Bring your review* in `config/README.md`). Blank cells are missing. A `direction` of -1 marks a number
whose sign is turned before pooling.

**There is no public study-level table of Levy et al. (2018), Levy et al. (2011), Bernecker et al. (2014), Diener &
Monroe (2011) or Flückiger et al. (2018).** Only what these papers print is here (`claims.csv`);
`synthetic_attachment_alliance` is simulated.

`python -m analysis check data/NAME` lists every problem of a dataset; `python -m analysis new data/NAME` starts one.
This page is written from the `dataset.yaml` files: `python -m analysis.stages.describe_data` writes it anew.
"""


_CORPUS = """\
## The corpus

`corpus/` holds published meta-analyses as Maassen et al. (2020) transcribed and checked them, one folder each, in the
same three files. `pooling` in `dataset.yaml` says how the authors pooled, by what that is repeated, which choices the
source leaves open and what is known about a difference; the model of a claim is one of its `models`. Effects, as
printed and as re-extracted (`*_rechecked`, blank where no other value was found), and published means stand in the sign
of the paper; `direction` -1 turns them towards the hypothesis. Five of the tables are also prepared for an analysis of
their own above; the numbers are the same, but for the n of Litter (2004). `snakemake corpus` pools them all again.
"""


def build_dictionary(
    datasets: Sequence[Dataset], schemas: Mapping[str, Mapping[str, Column]], corpus: Sequence[Dataset] = ()
) -> str:
    """Return the page `data/README.md`.

    Parameters
    ----------
    datasets : in the order of the page.
    schemas : columns of tables that are the same for all datasets, by file name.
    corpus : the published meta-analyses, listed in one table.
    """
    parts = [_HEAD, _overview(datasets)]
    parts += [_section(dataset) for dataset in datasets]
    parts += [_CORPUS, _corpus_table(corpus)] if corpus else []
    parts += [f"## Every `{name}`\n\n{_table(columns)}" for name, columns in schemas.items()]
    return "\n".join(parts)


def _overview(datasets: Sequence[Dataset]) -> str:
    lines = ["| dataset | kind | effects | studies | claims | source |", "| --- | --- | --- | --- | --- | --- |"]
    for dataset in datasets:
        meta = dataset.meta
        cells = [f"[{meta['name']}](#{meta['name']})", meta["kind"], meta.get("k", ""), meta.get("n_studies", "")]
        lines.append(_row([*cells, len(dataset.claims) or "", meta["citation"]]))
    return "\n".join(lines) + "\n"


def _corpus_table(corpus: Sequence[Dataset]) -> str:
    lines = [
        "| folder | effects | metric | pooled by | published means | source |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for dataset in corpus:
        meta, pooling = dataset.meta, dataset.meta["pooling"]
        methods = ", ".join(dict.fromkeys(model["method"] for model in pooling["models"].values()))
        source = f"{meta['citation']}, https://doi.org/{meta['doi']}"
        lines.append(_row([f"`{meta['name']}`", meta["k"], pooling["metric"], methods, len(dataset.claims), source]))
    return "\n".join(lines) + "\n"


def _section(dataset: Dataset) -> str:
    meta = dataset.meta
    facts = [
        ("Question", meta["question"]),
        ("Citation", meta["citation"] + (f", https://doi.org/{meta['doi']}" if meta["doi"] else "")),
        ("Licence", meta["licence"]),
        ("Source", meta["source"]),
        ("Provenance", meta["provenance"]),
    ]
    facts += [("Measure", meta["measure"]), ("Direction", meta["direction"])] if "measure" in meta else []
    lines = [f"## {meta['name']}", "", meta["title"], ""]
    lines += [f"- {word}: {text}" for word, text in facts]
    lines += [f"- Note: {note}" for note in meta["notes"]]
    return "\n".join(lines) + "\n" + (f"\n{_table(dataset.columns)}" if dataset.columns else "")


def _table(columns: Mapping[str, Column]) -> str:
    lines = ["| column | type | unit | range or levels | empty | meaning |", "| --- | --- | --- | --- | --- | --- |"]
    for column in columns.values():
        empty = "may be" if column.missing else "never"
        cells = [f"`{column.name}`", column.type, column.unit, _range(column), empty, column.description]
        lines.append(_row(cells))
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _range(column: Column) -> str:
    if column.levels:
        return ", ".join(column.levels)
    limits = [f"above {column.above:g}"] if column.above is not None else []
    limits += [f"from {column.minimum:g}"] if column.minimum is not None else []
    limits += [f"to {column.maximum:g}"] if column.maximum is not None else []
    return " ".join(limits)
