"""How fragile the answer is: the choices behind it."""


rule run_multiverse:
    """Fit every specification that an analysis declares; headers alone where it declares none."""
    input:
        data=dataset_of_analysis,
        script="analysis/stages/run_multiverse.py",
        code=sources("models", "fragility", "frequentist", "formulas", "formatting"),
    output:
        multiext("results/{analysis}/fragility/", *(f"{table}.csv" for table in MULTIVERSE_TABLES if table != SUMMARY)),
        summary=report(
            f"results/{{analysis}}/fragility/{SUMMARY}.csv",
            caption="../../reports/captions/multiverse.rst",
            category="6 Robustness",
            labels={"analysis": "{analysis}", "table": "multiverse"},
        ),
    log:
        "logs/run_multiverse/{analysis}.log",
    params:
        module=as_py_module(),
        data=dataset_of,
        analysis=question_row,
        multiverse=multiverse_row,
        headline=headline_row,
        out="results/{analysis}/fragility",
    message:
        "Fit the specifications of {wildcards.analysis}"
    shell:
        "python -m {params.module} --data {params.data} --analysis {params.analysis:q}"
        " --multiverse {params.multiverse:q} --headline {params.headline:q} --out-dir {params.out} 2> {log}"


rule assess_fragility:
    """Leave effects and studies out, fit subsets, and ask what missing studies would do."""
    input:
        effects=rules.compute_effects.output.effects,
        script="analysis/stages/assess_fragility.py",
        code=sources("models", "fragility", "frequentist", "formulas", "formatting"),
    output:
        multiext("results/{analysis}/fragility/", *(f"{table}.csv" for table in FRAGILITY_TABLES)),
        estimates=report(
            "results/{analysis}/fragility/bias_estimates.csv",
            caption="../../reports/captions/bias_estimates.rst",
            category="6 Robustness",
            labels={"analysis": "{analysis}", "table": "adjusted estimates"},
        ),
        notes="results/{analysis}/fragility/fragility.json",
    log:
        "logs/assess_fragility/{analysis}.log",
    params:
        module=as_py_module(),
        analysis=question_row,
        headline=headline_row,
        pooled=pooled_row,
        out="results/{analysis}/fragility",
    message:
        "Ask how fragile {wildcards.analysis} is"
    shell:
        "python -m {params.module} --effects {input.effects} --analysis {params.analysis:q}"
        " --headline {params.headline:q} --pooled {params.pooled:q} --out-dir {params.out} 2> {log}"
