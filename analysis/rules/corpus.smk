"""Published meta-analyses pooled again, one light job each, and the page that compares them with the print."""

# The order of the page.
CORPUS = sorted(path.parent.name for path in Path("data/corpus").glob("*/dataset.yaml"))


rule reproduce_corpus:
    """Pool one meta-analysis again and judge what it printed."""
    input:
        description="data/corpus/{corpus}/dataset.yaml",
        effects="data/corpus/{corpus}/effects.csv",
        claims="data/corpus/{corpus}/claims.csv",
        script="analysis/stages/reproduce_corpus.py",
        code=sources("reproduction", "frequentist", "schemas"),
    output:
        description="results/corpus/{corpus}/dataset.json",
        fits="results/corpus/{corpus}/fits.csv",
        ledger="results/corpus/{corpus}/ledger.csv",
    log:
        "logs/reproduce_corpus/{corpus}.log",
    wildcard_constraints:
        corpus=any_of(CORPUS) or "(?!)",
    params:
        module=as_py_module(),
        dataset="data/corpus/{corpus}",
        level=CONFIG.level,
        tolerance=CONFIG.tolerance,
        out="results/corpus/{corpus}",
    message:
        "Pool {wildcards.corpus} again"
    shell:
        "python -m {params.module} --dataset {params.dataset} --level {params.level}"
        " --tolerance {params.tolerance} --out-dir {params.out} 2> {log}"


rule collect_corpus:
    """Put the meta-analyses together, count verdicts, draw the distances."""
    input:
        parts=expand(rules.reproduce_corpus.output, corpus=CORPUS),
        script="analysis/stages/collect_corpus.py",
        code=sources("reproduction", "figures", "formatting", "frequentist"),
    output:
        fits="results/corpus/fits.csv",
        ledger=report(
            "results/corpus/ledger.csv",
            caption="../../reports/captions/corpus_ledger.rst",
            category="7 Reproduction",
            labels={"analysis": "corpus", "table": "ledger"},
        ),
        verdicts=report(
            "results/corpus/verdicts.csv",
            caption="../../reports/captions/corpus_verdicts.rst",
            category="7 Reproduction",
            labels={"analysis": "corpus", "table": "verdicts"},
        ),
        figure=report(
            "results/corpus/distances.svg",
            caption="../../reports/captions/corpus_distances.rst",
            category="7 Reproduction",
            labels={"analysis": "corpus", "figure": "distances"},
        ),
    log:
        "logs/collect_corpus.log",
    params:
        module=as_py_module(),
        names=CORPUS,
        tolerance=CONFIG.tolerance,
        results="results/corpus",
    message:
        "Put the corpus together"
    shell:
        "python -m {params.module} --names {params.names} --tolerance {params.tolerance}"
        " --results {params.results} 2> {log}"


rule render_corpus:
    """Write the page of the corpus."""
    input:
        parts=rules.collect_corpus.input.parts,
        tables=rules.collect_corpus.output,
        script="analysis/stages/render_corpus.py",
        code=sources(
            "reporting",
            "figures/axis",
            "formatting",
            "provenance",
            "tables",
            "reproduction",
            "frequentist",
            "stages/render_report",
        ),
        words=templates(),
        references="reports/references.bib",
    output:
        page=report(
            "reports/rendered/corpus/index.html",
            caption="../../reports/captions/corpus_page.rst",
            category="1 Pages",
            subcategory="Analyses",
            labels={"analysis": "corpus", "page": "report"},
        ),
    log:
        "logs/render_corpus.log",
    params:
        module=as_py_module(),
        names=CORPUS,
        tolerance=CONFIG.tolerance,
        results="results/corpus",
    message:
        "Write the page of the corpus"
    shell:
        "python -m {params.module} --names {params.names} --tolerance {params.tolerance}"
        " --results {params.results} --out {output.page} 2> {log}"
