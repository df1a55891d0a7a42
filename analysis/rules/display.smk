"""From estimates to what a reader sees: nothing is estimated here."""


rule make_tables:
    """Pick and transform the rows a reader sees, at full precision."""
    input:
        data=dataset_of_analysis,
        review=review_of_analysis,
        effects=rules.compute_effects.output,
        fits=fits_of_analysis,
        comparison=comparison_of_analysis,
        influence=rules.assess_fragility.output,
        multiverse=rules.run_multiverse.output,
        script="analysis/stages/make_tables.py",
        code=sources("tables", "schemas/tables"),
    output:
        tables=report(
            directory("results/{analysis}/tables"),
            patterns=[f"{{table,{any_of(SHOWN_TABLES)}}}.csv"],
            caption="../../reports/captions/tables.rst",
            category="4 Tables",
            subcategory="{analysis}",
            labels={"analysis": "{analysis}", "table": "{table}"},
        ),
    log:
        "logs/make_tables/{analysis}.log",
    params:
        module=as_py_module(),
        analysis=analysis_row,
        models=model_rows,
        data=dataset_of,
        results="results/{analysis}",
        comparison=comparison_option,
    message:
        "Make the tables of {wildcards.analysis}"
    shell:
        "python -m {params.module} --analysis {params.analysis:q} --models {params.models:q}"
        " --data {params.data} --results {params.results} {params.comparison} --out {output.tables} 2> {log}"


rule make_figures:
    """Draw every figure of an analysis."""
    input:
        review=review_of_analysis,
        effects=rules.compute_effects.output,
        fits=fits_of_analysis,
        influence=rules.assess_fragility.output,
        multiverse=rules.run_multiverse.output,
        script="analysis/stages/make_figures.py",
        code=sources(
            "figures",
            "formatting",
            "tables/review",
            "tables/records",
            "stages/posterior_figures",
            "stages/fragility_figures",
            "stages/review_figures",
        ),
    output:
        figures=report(
            directory("results/{analysis}/figures"),
            patterns=["{figure}.svg"],
            caption="../../reports/captions/figures.rst",
            category="3 Figures",
            subcategory="{analysis}",
            labels={"analysis": "{analysis}", "figure": "{figure}"},
        ),
    log:
        "logs/make_figures/{analysis}.log",
    params:
        module=as_py_module(),
        analysis=analysis_row,
        models=model_rows,
        data=dataset_of,
        results="results/{analysis}",
    message:
        "Draw the figures of {wildcards.analysis}"
    shell:
        "python -m {params.module} --analysis {params.analysis:q} --models {params.models:q}"
        " --data {params.data} --results {params.results} --out {output.figures} 2> {log}"
