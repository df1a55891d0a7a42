"""From all analyses to one picture of what was found."""


rule draw_found:
    """Draw the mean of every analysis with its intervals: the figure of the README and of the first page."""
    input:
        tables=expand(rules.make_tables.output.tables, analysis=CONFIG.analyses),
        script="analysis/stages/draw_found.py",
        code=sources("tables", "figures", "formatting", "schemas/tables"),
    output:
        table="results/found.csv",
        figure=report(
            "reports/rendered/found.svg",
            caption="../../reports/captions/found.rst",
            category="1 Pages",
            subcategory="All",
            labels={"analysis": "all", "figure": "what was found"},
        ),
        words="reports/rendered/found.json",
    log:
        "logs/draw_found.log",
    params:
        module=as_py_module(),
        names=list(CONFIG.analyses),
    message:
        "Draw what was found"
    shell:
        "python -m {params.module} --names {params.names:q} --results results --table {output.table}"
        " --figure {output.figure} --words {output.words} 2> {log}"
