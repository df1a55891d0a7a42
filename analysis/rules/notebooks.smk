"""From notebooks to pages beside the reports: each is run from top to bottom."""


rule render_notebook:
    """Run one notebook and write its page."""
    input:
        notebook="notebooks/{notebook}.ipynb",
        data=data_of_notebook,
        table="config/example_table.csv",
        script="analysis/stages/render_notebook.py",
        code=sources(
            "teaching",
            "provenance",
            "stages/render_report",
            "reporting",
            "verification",
            "reproduction",
            "tables",
            "figures",
            "models",
            "formulas",
            "fragility",
            "frequentist",
            "bayesian",
            "config",
            "rows",
            "formatting",
        ),
        words=templates(),
    output:
        page=report(
            "reports/rendered/notebooks/{notebook}.html",
            caption="../../reports/captions/notebook.rst",
            category="1 Pages",
            subcategory="Notebooks",
            labels={"analysis": "notebooks", "page": "{notebook}"},
        ),
    log:
        "logs/render_notebook/{notebook}.log",
    wildcard_constraints:
        notebook=any_of(NOTEBOOKS),
    params:
        module=as_py_module(),
    message:
        "Run the notebook {wildcards.notebook}"
    shell:
        "python -m {params.module} --notebook {input.notebook} --out {output.page} 2> {log}"


rule render_notebook_index:
    """List the notebooks."""
    input:
        notebooks=expand("notebooks/{notebook}.ipynb", notebook=NOTEBOOKS),
        script="analysis/stages/render_notebook_index.py",
        code=sources("reporting", "figures/axis", "formatting", "provenance", "tables", "stages/render_report"),
        words=templates(),
    output:
        index="reports/rendered/notebooks/index.html",
    log:
        "logs/render_notebook_index.log",
    params:
        module=as_py_module(),
    message:
        "List the notebooks"
    shell:
        "python -m {params.module} --notebooks {input.notebooks} --out {output.index} 2> {log}"
