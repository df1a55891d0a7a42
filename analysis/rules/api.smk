"""From docstrings to the pages of the package."""


rule render_api:
    """Write the page of the package, function by function."""
    input:
        project="pyproject.toml",
        script="analysis/stages/render_api.py",
        # Its pages show the docstrings of every room.
        code=sources(
            "bayesian",
            "config",
            "figures",
            "formatting",
            "formulas",
            "fragility",
            "frequentist",
            "models",
            "path_models",
            "provenance",
            "reporting",
            "reproduction",
            "simulation",
            "tables",
            "teaching",
            "verification",
            "stages/render_report",
        ),
        words=templates(),
    output:
        pages=directory("reports/rendered/api"),
    log:
        "logs/render_api.log",
    params:
        module=as_py_module(),
    message:
        "Write the page of the package"
    shell:
        "python -m {params.module} --project {input.project} --out {output.pages} 2> {log}"
