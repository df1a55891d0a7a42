"""From study tables to a rendered report. This file is the table of contents; the rules are in analysis/rules/."""

from snakemake.utils import min_version

min_version("9.20")


include: "analysis/rules/common.smk"
include: "analysis/rules/data.smk"
include: "analysis/rules/models.smk"
include: "analysis/rules/fragility.smk"
include: "analysis/rules/display.smk"
include: "analysis/rules/reproduction.smk"
include: "analysis/rules/corpus.smk"
include: "analysis/rules/paths.smk"
include: "analysis/rules/front.smk"
include: "analysis/rules/report.smk"
include: "analysis/rules/notebooks.smk"
include: "analysis/rules/api.smk"


wildcard_constraints:
    dataset=any_of(DATASETS),
    analysis=any_of(CONFIG.analyses),
    model=any_of(CONFIG.models),
    path=any_of(CONFIG.paths) or "(?!)",


rule all:
    """Everything: the first page stands on all the others; notebooks and the page of the package stand beside it."""
    default_target: True
    input:
        rules.render_index.output.index,
        notebook_pages(),
        rules.render_api.output.pages,


rule data:
    """Every dataset on the shelf, checked."""
    input:
        expand(rules.validate_data.output.effects, dataset=DATASETS),


rule effects:
    """Effect sizes of every analysis."""
    input:
        expand(rules.compute_effects.output.effects, analysis=CONFIG.analyses),


rule models:
    """Every model of every analysis."""
    input:
        all_fits(),


rule figures:
    """Figures of every analysis."""
    input:
        expand(rules.make_figures.output.figures, analysis=CONFIG.analyses),


rule report:
    """One page per analysis, and the first page."""
    input:
        rules.render_index.output.index,


rule corpus:
    """The meta-analyses of data/corpus, pooled again."""
    input:
        rules.render_corpus.output.page,


rule paths:
    """Path models and their pages."""
    input:
        expand(rules.render_paths.output.page, path=CONFIG.paths),


rule notebooks:
    """Every notebook, run from top to bottom, and the list of them."""
    input:
        notebook_pages(),
