"""From notebooks to pages beside the reports: each is run from top to bottom."""

NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("*.ipynb"))


rule render_notebook:
    """Run one notebook and write its page."""
    input:
        notebook="notebooks/{notebook}.ipynb",
        data=sorted(path.as_posix() for path in Path("data").glob("*/*") if path.is_file()),
        choices=[CONFIG_FILE, "config/example_table.csv"],
        script="analysis/stages/render_notebook.py",
        code=sources(
            "teaching",
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
        page="reports/rendered/notebooks/{notebook}.html",
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
        code=sources("reporting"),
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
