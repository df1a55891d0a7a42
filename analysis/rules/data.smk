"""From a folder of the data shelf to effect sizes."""


rule validate_data:
    """Check a dataset against its schemas and write it in one shape."""
    input:
        files=dataset_files,
        script="analysis/stages/validate_data.py",
        code=sources("schemas"),
    output:
        description="results/data/{dataset}/dataset.json",
        effects="results/data/{dataset}/effects.csv",
        claims="results/data/{dataset}/claims.csv",
        review="results/data/{dataset}/review.json",
    log:
        "logs/validate_data/{dataset}.log",
    params:
        module=as_py_module(),
        dataset="data/{dataset}",
        out="results/data/{dataset}",
    message:
        "Check the dataset {wildcards.dataset}"
    shell:
        "python -m {params.module} --dataset {params.dataset} --out-dir {params.out} 2> {log}"


rule compute_effects:
    """Compute yi and vi of one analysis, and say which rows stayed out."""
    input:
        data=dataset_of_analysis,
        script="analysis/stages/compute_effects.py",
        code=sources("formatting"),
    output:
        effects=report(
            "results/{analysis}/effects.csv",
            caption="../../reports/captions/effects.rst",
            category="2 Effect sizes",
            labels={"analysis": "{analysis}", "table": "effects"},
        ),
        excluded=report(
            "results/{analysis}/excluded.csv",
            caption="../../reports/captions/excluded.rst",
            category="2 Effect sizes",
            labels={"analysis": "{analysis}", "table": "rows left out"},
        ),
    log:
        "logs/compute_effects/{analysis}.log",
    params:
        module=as_py_module(),
        data=dataset_of,
        analysis=question_row,
    message:
        "Compute the effects of {wildcards.analysis}"
    shell:
        "python -m {params.module} --data {params.data} --analysis {params.analysis:q}"
        " --effects {output.effects} --excluded {output.excluded} 2> {log}"
