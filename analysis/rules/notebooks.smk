"""From notebooks to pages beside the reports: each is run from top to bottom."""

NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("*.ipynb"))


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


rule render_notebook:
    """Run one notebook and write its page."""
    input:
        notebook="notebooks/{notebook}.ipynb",
        data=data_of_notebook,
        table="config/example_table.csv",
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


def notebook_pages():
    """Return the pages of all notebooks, where there are any."""
    pages = [*rules.render_notebook.output, *rules.render_notebook_index.output]
    return expand(pages, notebook=NOTEBOOKS) if NOTEBOOKS else []
