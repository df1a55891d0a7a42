"""Path models: from correlations to paths, their diagram and a page for each."""


rule fit_paths:
    """Pool correlations, or read published ones, and fit the paths of one row."""
    input:
        data=data_of_path,
        script="analysis/stages/fit_paths.py",
        code=sources("path_models", "frequentist", "formatting"),
    output:
        multiext(
            "results/paths/{path}/",
            *("correlations.csv", "pooling.csv", "fit.csv", "inputs.csv", "assumptions.csv"),
            *("sensitivity.csv", "excluded.csv"),
        ),
        paths="results/paths/{path}/paths.csv",
        effects=report(
            "results/paths/{path}/effects.csv",
            caption="../../reports/captions/path_effects.rst",
            category="8 Path models",
            labels={"analysis": "{path}", "table": "effects"},
        ),
    log:
        "logs/fit_paths/{path}.log",
    params:
        module=as_py_module(),
        path=relations_row,
        data=datasets_of_path,
        out="results/paths/{path}",
    message:
        "Fit the paths of {wildcards.path}"
    shell:
        "python -m {params.module} --path {params.path:q} --data {params.data} --out-dir {params.out} 2> {log}"


rule draw_paths:
    """Draw the path diagrams of one row."""
    input:
        paths=rules.fit_paths.output.paths,
        script="analysis/stages/draw_paths.py",
        code=sources("figures", "formatting", "reporting/path_words"),
    output:
        figures=report(
            directory("results/paths/{path}/figures"),
            patterns=["{figure}.svg"],
            caption="../../reports/captions/path_figures.rst",
            category="8 Path models",
            labels={"analysis": "{path}", "figure": "{figure}"},
        ),
    log:
        "logs/draw_paths/{path}.log",
    params:
        module=as_py_module(),
        path=path_row,
        results="results/paths/{path}",
    message:
        "Draw the paths of {wildcards.path}"
    shell:
        "python -m {params.module} --path {params.path:q} --results {params.results} --out {output.figures} 2> {log}"


rule render_paths:
    """Write the page of one path model."""
    input:
        data=data_of_path,
        tables=rules.fit_paths.output,
        figures=rules.draw_paths.output.figures,
        script="analysis/stages/render_paths.py",
        code=sources("reporting", "figures/axis", "formatting", "provenance", "tables", "stages/render_report"),
        words=templates(),
        references="reports/references.bib",
    output:
        page=report(
            "reports/rendered/{path}/index.html",
            caption="../../reports/captions/path_page.rst",
            category="1 Pages",
            subcategory="Path models",
            labels={"analysis": "{path}", "page": "report"},
        ),
        provenance=report(
            "reports/rendered/{path}/provenance.json",
            caption="../../reports/captions/path_provenance.rst",
            category="9 Provenance",
            labels={"analysis": "{path}", "table": "provenance"},
        ),
        paper="results/paths/{path}/paper.html",
    log:
        "logs/render_paths/{path}.log",
    params:
        module=as_py_module(),
        path=path_row,
        data=datasets_of_path,
        results="results/paths/{path}",
        out="reports/rendered/{path}",
    message:
        "Write the page of {wildcards.path}"
    shell:
        "python -m {params.module} --path {params.path:q} --data {params.data} --results {params.results}"
        " --paper {output.paper} --out {params.out} 2> {log}"
