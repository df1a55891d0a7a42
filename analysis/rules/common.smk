"""What the rules share: the validated configuration, and the functions that list what a rule needs."""

import re
import sys
from dataclasses import replace
from pathlib import Path

from snakemake.utils import update_config

from analysis.config import load_config, model_for, read_choices
from analysis.errors import ConfigError
from analysis.rows import model_with_mean

CONFIG_FILE = "config/config.yaml"
# What nearly every stage stands on, besides the rooms it names itself.
GROUND = (
    *("errors", "vocabulary", "results", "rows", "covariance", "measures", "datasets", "files", "stages/running"),
    "schemas/results",
)


def read_config():
    """Return the validated choices: of --configfile or else config/config.yaml, with --config on top."""
    files = workflow.overwrite_configfiles or [CONFIG_FILE]
    choices = {}
    try:
        for path in files:
            update_config(choices, read_choices(path)[1] or {})
        update_config(choices, workflow.config_settings.config or {})
        return load_config(choices, "data", where=" + ".join(str(path) for path in files))
    except ConfigError as error:
        # Not a WorkflowError: Snakemake would add where in this file it was raised, which is not where the mistake is.
        sys.exit(str(error))


CONFIG = read_config()
# What a fit leaves behind beside its coefficients and heterogeneity, and what a frequentist and a Bayesian one add.
FIT_TABLES = ("studies", "predictions", "tests", "cells", "slopes", "collinearity", "subgroups", "excluded")
DEPENDENCE_TABLES = ("components", "blups", "sweep", "support", "power")
POSTERIOR_TABLES = (
    *("answers", "priors", "prior_checks", "densities", "ridges", "shrinkage", "expectations", "diagnostics"),
    *("sensitivity", "averaging"),
)
# What questions about single studies and missing ones leave behind.
FRAGILITY_TABLES = ("influence", "influence_clusters", "cumulative", "gosh", "gosh_clusters", "bias_tests")
# What a multiverse leaves behind.
MULTIVERSE_TABLES = tuple(f"multiverse{part}" for part in ("", "_summary", "_shares", "_flips", "_test"))
# The one of them that sums it up.
SUMMARY = "multiverse_summary"
# Of the tables that a reader sees, those that `snakemake --report` shows; the pages have them all.
SHOWN_TABLES = ("headline", "models", "coefficients", "heterogeneity", "studies", "predictions", "tests", "excluded")
# What is said of published numbers, that which is shown first.
LEDGERS = ("ledger.csv", "verdicts.csv", "consistency.csv", "explanations.csv", "conventions.csv")
NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("*.ipynb"))
DATASETS = sorted(path.parent.name for path in Path("data").glob("*/dataset.yaml"))


def any_of(names):
    """Return a pattern of exactly these names."""
    return "|".join(re.escape(name) for name in names)


def sources(*rooms):
    """Return the files of the rooms a stage stands on: Snakemake does not follow imports."""
    package = Path("analysis")
    files = set()
    for room in (*GROUND, *rooms):
        single = package / f"{room}.py"
        files.update([single] if single.is_file() else (package / room).glob("**/*.[py]*"))
    return sorted(path.as_posix() for path in files if path.suffix in {".py", ".yaml"})


def dataset_files(wildcards):
    """Return the files of a dataset's folder."""
    return sorted(path.as_posix() for path in Path("data", wildcards.dataset).iterdir() if path.is_file())


def dataset_of(wildcards):
    """Return the folder of the checked dataset of an analysis."""
    return f"results/data/{CONFIG.analyses[wildcards.analysis].dataset}"


def dataset_of_analysis(wildcards):
    """Return the checked files of the dataset of an analysis."""
    return [f"{dataset_of(wildcards)}/{name}" for name in ("dataset.json", "effects.csv", "claims.csv")]


def review_of_analysis(wildcards):
    """Return what the review behind an analysis brings: nothing is fitted again where that changes."""
    return f"{dataset_of(wildcards)}/review.json"


def analysis_row(wildcards):
    """Return the row of an analysis as JSON."""
    return CONFIG.analyses[wildcards.analysis].to_json()


def question_row(wildcards):
    """Return the row of an analysis without what only a page shows, so that a new title refits nothing."""
    row = CONFIG.analyses[wildcards.analysis]
    return replace(row, title="", question="", models=(), headline="").to_json()


def model_row(wildcards):
    """Return the row of a model in an analysis as JSON."""
    return model_for(CONFIG, wildcards.analysis, wildcards.model).to_json()


def headline_row(wildcards):
    """Return the row of the model on the first page of an analysis as JSON."""
    return model_for(CONFIG, wildcards.analysis, CONFIG.analyses[wildcards.analysis].headline).to_json()


def pooled_row(wildcards):
    """Return the row of the first frequentist model with a mean as JSON, the headline's own where it has one."""
    row = CONFIG.analyses[wildcards.analysis]
    rows = [model_for(CONFIG, wildcards.analysis, model) for model in row.models]
    return model_with_mean(row.headline, rows).to_json()


def multiverse_row(wildcards):
    """Return the row of the multiverse of an analysis as JSON; null where it declares none."""
    row = CONFIG.multiverses.get(wildcards.analysis)
    return "null" if row is None else row.to_json()


def as_json_list(rows):
    """Return rows that are JSON already as one JSON list."""
    return f"[{','.join(rows)}]"


def model_rows(wildcards):
    """Return the rows of every model of an analysis as a JSON list, in the order of the analysis."""
    models = CONFIG.analyses[wildcards.analysis].models
    return as_json_list(model_for(CONFIG, wildcards.analysis, model).to_json() for model in models)


def models_of(engine):
    """Return a pattern of exactly the models of an engine, or one that nothing matches."""
    return any_of(name for name, row in CONFIG.models.items() if row["engine"] == engine) or "(?!)"


def fits_of(analysis):
    """Return the files of every model of an analysis; which they are depends on the engine."""
    by_engine = {
        "frequentist": rules.fit_frequentist.output,
        "exact": rules.fit_exact.output,
        "pymc": rules.fit_sampled.output,
    }
    return [
        path
        for model in CONFIG.analyses[analysis].models
        for path in expand(list(by_engine[CONFIG.models[model]["engine"]]), analysis=analysis, model=model)
    ]


def posteriors_of_analysis(wildcards):
    """Return the draws of every sampled model of an analysis."""
    models = CONFIG.analyses[wildcards.analysis].models
    sampled = [model for model in models if CONFIG.models[model]["engine"] == "pymc"]
    return expand(rules.fit_sampled.output.posterior, analysis=wildcards.analysis, model=sampled)


def comparison_of_analysis(wildcards):
    """Return the comparison of an analysis, if it has sampled models to compare."""
    several = len(posteriors_of_analysis(wildcards)) > 1
    return expand(rules.compare_models.output.comparison, analysis=wildcards.analysis) if several else []


def comparison_option(wildcards, input):
    """Return the option that names the comparison, or none."""
    return f"--comparison {input.comparison}" if input.comparison else ""


def fits_of_analysis(wildcards):
    """Return the files of every model of an analysis."""
    return fits_of(wildcards.analysis)


def all_fits():
    """Return the files of every fit: an analysis has only its own models."""
    return [path for analysis in CONFIG.analyses for path in fits_of(analysis)]


def analysis_rows(wildcards):
    """Return the rows of every analysis as a JSON list, in the order of the configuration."""
    return as_json_list(row.to_json() for row in CONFIG.analyses.values())


def templates():
    """Return what the words and styles of the pages stand in."""
    return sorted(path.as_posix() for path in Path("reports").glob("templates/**/*") if path.is_file())


def path_row(wildcards):
    """Return the row of a path model as JSON."""
    return CONFIG.paths[wildcards.path].to_json()


def relations_row(wildcards):
    """Return the row of a path model without what only a page shows, so that a new title refits nothing."""
    return replace(CONFIG.paths[wildcards.path], title="", question="").to_json()


def path_rows(wildcards):
    """Return the rows of every path model as a JSON list, in the order of the configuration."""
    return as_json_list(row.to_json() for row in CONFIG.paths.values())


def datasets_of_path(wildcards):
    """Return the folders of the checked datasets of a path model."""
    return [f"results/data/{dataset}" for dataset in CONFIG.paths[wildcards.path].datasets]


def data_of_path(wildcards):
    """Return the checked files of the datasets of a path model."""
    folders, names = datasets_of_path(wildcards), ("dataset.json", "effects.csv", "claims.csv")
    return [f"{folder}/{name}" for folder in folders for name in names]


def analyses_of_notebook(wildcards):
    """Return the analyses whose names a notebook quotes, in the order of the configuration."""
    text = Path("notebooks", f"{wildcards.notebook}.ipynb").read_text(encoding="utf-8")
    return [name for name in CONFIG.analyses if re.search(rf'["\']{name}\\?["\']', text)]


def data_of_notebook(wildcards):
    """Return the files of the datasets that a notebook opens."""
    folders = {Path("data", CONFIG.analyses[name].dataset) for name in analyses_of_notebook(wildcards)}
    return sorted(path.as_posix() for folder in folders for path in folder.iterdir() if path.is_file())


def rows_of_notebook(wildcards):
    """Return the rows of these analyses and of every model in them: a notebook reads them from the configuration."""
    names = analyses_of_notebook(wildcards)
    analyses = [CONFIG.analyses[name].to_json() for name in names]
    fitted = [model_for(CONFIG, name, model).to_json() for name in names for model in CONFIG.analyses[name].models]
    return as_json_list([*analyses, *fitted])


def notebook_pages():
    """Return the pages of all notebooks, where there are any."""
    pages = [*rules.render_notebook.output, *rules.render_notebook_index.output]
    return expand(pages, notebook=NOTEBOOKS) if NOTEBOOKS else []
