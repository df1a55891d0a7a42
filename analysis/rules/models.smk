"""From effect sizes to estimates."""


rule fit_frequentist:
    """Fit one equal-effects, random-effects or meta-regression model."""
    input:
        effects=rules.compute_effects.output.effects,
        script="analysis/stages/fit_frequentist.py",
        code=sources("models", "frequentist", "formulas"),
    output:
        multiext(
            "results/{analysis}/{model}/",
            "studies.csv",
            "predictions.csv",
            "tests.csv",
            "cells.csv",
            "slopes.csv",
            "collinearity.csv",
            "subgroups.csv",
            "excluded.csv",
        ),
        fit="results/{analysis}/{model}/fit.json",
        coefficients=report(
            "results/{analysis}/{model}/coefficients.csv",
            caption="../../reports/captions/coefficients.rst",
            category="Pooled effects",
            labels={"analysis": "{analysis}", "model": "{model}"},
        ),
        heterogeneity=report(
            "results/{analysis}/{model}/heterogeneity.csv",
            caption="../../reports/captions/heterogeneity.rst",
            category="Heterogeneity",
            labels={"analysis": "{analysis}", "model": "{model}"},
        ),
    log:
        "logs/fit_frequentist/{analysis}.{model}.log",
    params:
        module=as_py_module(),
        analysis=question_row,
        model=model_row,
        out="results/{analysis}/{model}",
    message:
        "Fit {wildcards.model} to {wildcards.analysis}"
    shell:
        "python -m {params.module} --effects {input.effects} --analysis {params.analysis:q}"
        " --model {params.model:q} --out-dir {params.out} 2> {log}"
