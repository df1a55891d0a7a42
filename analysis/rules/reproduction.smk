"""From published numbers and ours to verdicts."""


rule make_ledger:
    """Put the published numbers beside ours, check them against each other, and search for what explains a difference."""
    input:
        data=dataset_of_analysis,
        effects=rules.compute_effects.output,
        fits=fits_of_analysis,
        tables=rules.make_tables.output.tables,
        script="analysis/stages/make_ledger.py",
        code=sources("reproduction", "datasets", "measures", "frequentist", "schemas"),
    output:
        multiext("results/{analysis}/", *LEDGERS[1:]),
        ledger=report(
            f"results/{{analysis}}/{LEDGERS[0]}",
            caption="../../reports/captions/ledger.rst",
            category="7 Reproduction",
            labels={"analysis": "{analysis}", "table": "ledger"},
        ),
    log:
        "logs/make_ledger/{analysis}.log",
    params:
        module=as_py_module(),
        analysis=analysis_row,
        data=dataset_of,
        results="results/{analysis}",
        tolerance=CONFIG.tolerance,
    message:
        "Judge the published numbers of {wildcards.analysis}"
    shell:
        "python -m {params.module} --analysis {params.analysis:q} --data {params.data} --results {params.results}"
        " --tolerance {params.tolerance} --out-dir {params.results} 2> {log}"
