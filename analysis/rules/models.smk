"""From effect sizes to estimates."""


rule fit_frequentist:
    """Fit one equal-effects, random-effects or meta-regression model."""
    input:
        effects=rules.compute_effects.output.effects,
        script="analysis/stages/fit_frequentist.py",
        code=sources("models", "frequentist", "formulas", "formatting"),
    output:
        multiext("results/{analysis}/{model}/", *(f"{table}.csv" for table in (*FIT_TABLES, *DEPENDENCE_TABLES))),
        fit="results/{analysis}/{model}/fit.json",
        coefficients=report(
            "results/{analysis}/{model}/coefficients.csv",
            caption="../../reports/captions/coefficients.rst",
            category="5 Models",
            subcategory="{analysis}",
            labels={"analysis": "{analysis}", "model": "{model}", "table": "coefficients"},
        ),
        heterogeneity=report(
            "results/{analysis}/{model}/heterogeneity.csv",
            caption="../../reports/captions/heterogeneity.rst",
            category="5 Models",
            subcategory="{analysis}",
            labels={"analysis": "{analysis}", "model": "{model}", "table": "heterogeneity"},
        ),
    log:
        "logs/fit_frequentist/{analysis}.{model}.log",
    wildcard_constraints:
        model=models_of("frequentist"),
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


rule fit_exact:
    """Fit one Bayesian model by integration."""
    input:
        effects=rules.compute_effects.output.effects,
        script="analysis/stages/fit_bayesian.py",
        code=sources("models", "bayesian", "frequentist", "formulas", "formatting"),
    output:
        multiext("results/{analysis}/{model}/", *(f"{table}.csv" for table in (*FIT_TABLES, *POSTERIOR_TABLES))),
        fit="results/{analysis}/{model}/fit.json",
        coefficients=report(
            "results/{analysis}/{model}/coefficients.csv",
            caption="../../reports/captions/coefficients.rst",
            category="5 Models",
            subcategory="{analysis}",
            labels={"analysis": "{analysis}", "model": "{model}", "table": "coefficients"},
        ),
        heterogeneity=report(
            "results/{analysis}/{model}/heterogeneity.csv",
            caption="../../reports/captions/heterogeneity.rst",
            category="5 Models",
            subcategory="{analysis}",
            labels={"analysis": "{analysis}", "model": "{model}", "table": "heterogeneity"},
        ),
    log:
        "logs/fit_exact/{analysis}.{model}.log",
    wildcard_constraints:
        model=models_of("exact"),
    params:
        module=as_py_module(),
        analysis=question_row,
        model=model_row,
        out="results/{analysis}/{model}",
    message:
        "Integrate {wildcards.model} over {wildcards.analysis}"
    shell:
        "python -m {params.module} --effects {input.effects} --analysis {params.analysis:q}"
        " --model {params.model:q} --out-dir {params.out} 2> {log}"


use rule fit_exact as fit_sampled with:
    # The draws themselves come on top.
    output:
        *rules.fit_exact.output,
        posterior="results/{analysis}/{model}/posterior.nc",
    log:
        "logs/fit_sampled/{analysis}.{model}.log",
    wildcard_constraints:
        model=models_of("pymc"),
    message:
        "Sample {wildcards.model} of {wildcards.analysis}"


rule compare_models:
    """Compare the sampled models of an analysis that has several."""
    input:
        posteriors=posteriors_of_analysis,
        script="analysis/stages/compare_models.py",
        code=sources("models", "bayesian", "frequentist", "formulas"),
    output:
        comparison="results/{analysis}/comparison.csv",
    log:
        "logs/compare_models/{analysis}.log",
    params:
        module=as_py_module(),
    message:
        "Compare the sampled models of {wildcards.analysis}"
    shell:
        "python -m {params.module} --posteriors {input.posteriors} --out {output.comparison} 2> {log}"
