"""From tables and figures to pages: nothing is computed here."""


rule render_report:
    """Write the page of one analysis."""
    input:
        data=dataset_of_analysis,
        tables=rules.make_tables.output.tables,
        figures=rules.make_figures.output.figures,
        ledger=rules.make_ledger.output,
        script="analysis/stages/render_report.py",
        code=sources("reporting", "figures/axis", "formatting", "provenance", "tables", "schemas/tables"),
        words=templates(),
        references="reports/references.bib",
    output:
        page=report(
            "reports/rendered/{analysis}/index.html",
            caption="../../reports/captions/page.rst",
            category="1 Pages",
            subcategory="Analyses",
            labels={"analysis": "{analysis}", "page": "report"},
        ),
        provenance=report(
            "reports/rendered/{analysis}/provenance.json",
            caption="../../reports/captions/provenance.rst",
            category="9 Provenance",
            labels={"analysis": "{analysis}", "table": "provenance"},
        ),
        paper="results/{analysis}/paper.html",
    log:
        "logs/render_report/{analysis}.log",
    params:
        module=as_py_module(),
        analysis=analysis_row,
        models=model_rows,
        data=dataset_of,
        out="reports/rendered/{analysis}",
    message:
        "Write the page of {wildcards.analysis}"
    shell:
        "python -m {params.module} --analysis {params.analysis:q} --models {params.models:q} --data {params.data}"
        " --tables {input.tables} --figures {input.figures} --paper {output.paper} --out {params.out} 2> {log}"


rule render_document:
    """Write the page of one analysis as PDF and Word, and its tables and figures as files."""
    input:
        paper=rules.render_report.output.paper,
        tables=rules.make_tables.output.tables,
        figures=rules.make_figures.output.figures,
        script="analysis/stages/render_document.py",
        code=sources("reporting", "formatting", "provenance"),
        template="reports/templates/document.typ",
        styles="reports/templates/word_styles.xml",
    output:
        multiext("reports/rendered/{analysis}/", "report.docx", "tables.docx", "tables.xlsx"),
        pdf="reports/rendered/{analysis}/report.pdf",
        tables=directory("reports/rendered/{analysis}/tables"),
        figures=directory("reports/rendered/{analysis}/figures"),
    log:
        "logs/render_document/{analysis}.log",
    params:
        module=as_py_module(),
        tables="results/{analysis}/tables",
        out="reports/rendered/{analysis}",
    message:
        "Write PDF, Word and tables of {wildcards.analysis}"
    shell:
        "python -m {params.module} --paper {input.paper} --tables {params.tables} --figures {input.figures}"
        " --out {params.out} 2> {log}"


use rule render_document as render_path_document with:
    input:
        paper=rules.render_paths.output.paper,
        tables=rules.fit_paths.output,
        figures=rules.draw_paths.output.figures,
        script="analysis/stages/render_document.py",
        code=sources("reporting", "formatting", "provenance"),
        template="reports/templates/document.typ",
        styles="reports/templates/word_styles.xml",
    output:
        multiext("reports/rendered/{path}/", "report.docx", "tables.docx", "tables.xlsx"),
        pdf="reports/rendered/{path}/report.pdf",
        tables=directory("reports/rendered/{path}/tables"),
        figures=directory("reports/rendered/{path}/figures"),
    log:
        "logs/render_document/{path}.log",
    params:
        module=as_py_module(),
        tables="results/paths/{path}",
        out="reports/rendered/{path}",
    message:
        "Write PDF, Word and tables of {wildcards.path}"


rule render_index:
    """Write the first page: every analysis with its headline result and status."""
    input:
        pages=expand(rules.render_report.output.page, analysis=CONFIG.analyses),
        documents=expand(rules.render_document.output.pdf, analysis=CONFIG.analyses),
        path_documents=expand(rules.render_path_document.output.pdf, path=CONFIG.paths),
        tables=expand(rules.make_tables.output.tables, analysis=CONFIG.analyses),
        data=expand(rules.validate_data.output, dataset=DATASETS),
        paths=expand([*rules.fit_paths.output, rules.render_paths.output.page], path=CONFIG.paths),
        corpus=[rules.render_corpus.output.page, rules.collect_corpus.output.verdicts] if CORPUS else [],
        found=rules.draw_found.output.figure,
        found_words=rules.draw_found.output.words,
        script="analysis/stages/render_index.py",
        code=sources(
            "reporting",
            "figures/axis",
            "formatting",
            "provenance",
            "tables",
            "schemas/tables",
            "stages/render_report",
            "stages/render_paths",
        ),
        words=templates(),
    output:
        index=report(
            "reports/rendered/index.html",
            caption="../../reports/captions/index.rst",
            category="1 Pages",
            subcategory="All",
            labels={"analysis": "all", "page": "first page"},
        ),
    log:
        "logs/render_index.log",
    params:
        module=as_py_module(),
        analyses=analysis_rows,
        paths=path_rows,
        corpus="--corpus results/corpus/verdicts.csv" if CORPUS else "",
    message:
        "Write the first page"
    shell:
        "python -m {params.module} --analyses {params.analyses:q} --paths {params.paths:q} --results results"
        " --pages reports/rendered {params.corpus} --found {input.found}"
        " --found-words {input.found_words} --out {output.index} 2> {log}"
