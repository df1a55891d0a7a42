"""The summary that `fit` prints, laid out as metafor's."""

from collections.abc import Mapping
from typing import Any

from analysis.formatting import format_number, format_p

DIGITS = 4


def summarise(document: Mapping[str, Any]) -> str:
    """Lay a fit document out as text."""
    if "sigma2" in document:
        return _summarise_levels(document)
    kind = "Random-Effects" if document["tau2"] or document["se_tau2"] is not None else "Equal-Effects"
    if document["p"] > 1:
        kind = "Mixed-Effects" if kind == "Random-Effects" else "Fixed-Effects with Moderators"
    lines = [f"{kind} Model (k = {document['k']}; method: {document['method']}; test: {document['test']})", ""]
    for row in document["tables"]["heterogeneity"]:
        if row["quantity"] != "qe":
            limits = f" [{_n(row['ci_lb'])}, {_n(row['ci_ub'])}] ({row['method']})" if row["ci_lb"] is not None else ""
            lines.append(f"{row['quantity']:<6}{_n(row['estimate'])}{limits}")
    if document["r2"] is not None:
        lines.append(f"r2    {_n(document['r2'])}")
    lines += ["", f"Q({document['qe_df']}) = {_n(document['qe'])}, {format_p(document['qe_pval'])}"]
    if document["p"] > 1:
        law = "QM" if document["dist"] == "z" else "F"
        lines.append(f"{law}({document['qm_df']}) = {_n(document['qm'])}, {format_p(document['qm_pval'])}")
    lines += _robust(document)
    return "\n".join([*lines, "", *_coefficients(document), *_prediction(document), *_notes(document)])


def _summarise_levels(document: Mapping[str, Any]) -> str:
    """A model with several levels or dimensions: its components, then as every other."""
    kind = "Multivariate" if document["structure"] else "Multilevel"
    head = f"{kind} Meta-Analysis Model (k = {document['k']}; method: {document['method']}; test: {document['test']})"
    lines = [head, "", f"{'component':<28}{'estimate':>10}{'sqrt':>10}{'groups':>8}   {document['level']:g}% CI"]
    for row in document["tables"]["components"]:
        limits = f"[{_n(row['ci_lb'])}, {_n(row['ci_ub'])}]"
        name, groups = f"{row['component']} {row['level_name']}", row["groups"] or ""
        lines.append(f"{name:<28}{_n(row['estimate']):>10}{_n(row['sd']):>10}{groups:>8}   {limits}")
    lines += ["", "i2    " + ", ".join(f"{name} {_n(share)}" for name, share in document["i2"].items())]
    lines += [f"logLik {_n(document['loglik'])}, AIC {_n(document['aic'])}, BIC {_n(document['bic'])}"]
    lines += ["", f"Q({document['qe_df']}) = {_n(document['qe'])}, {format_p(document['qe_pval'])}"]
    lines += _robust(document)
    return "\n".join(
        [*lines, *_terms(document), "", *_coefficients(document), *_prediction(document), *_notes(document)]
    )


def _robust(document: Mapping[str, Any]) -> list[str]:
    robust = document["robust"]
    return ["", f"robust: {robust['kind']}, {robust['n_clusters']} clusters"] if robust else []


def _terms(document: Mapping[str, Any]) -> list[str]:
    rows = [row for row in document["tables"]["tests"] if row["test"] in ("omnibus", "term")]
    lines = []
    for row in rows:
        df = f"{row['df']}" + (f", {_n(row['ddf'])}" if row["ddf"] is not None else "")
        lines.append(f"{row['test']} {row['term']}: {row['dist']}({df}) = {_n(row['stat'])}, {format_p(row['pval'])}")
    return ["", *lines] if lines else []


def _n(value: float | None) -> str:
    return format_number(value, DIGITS)


def _coefficients(document: Mapping[str, Any]) -> list[str]:
    rows = document["tables"]["coefficients"]
    width = max(len(str(row["term"])) for row in rows) + 2
    names = ("estimate", "se", "stat", *(("ddf",) if document["dist"] == "t" else ()), "pval", "ci_lb", "ci_ub")
    head = " " * width + "".join(f"{name:>10}" for name in names)
    return [head, *(f"{row['term']:<{width}}" + "".join(f"{_n(row[name]):>10}" for name in names) for row in rows)]


def _prediction(document: Mapping[str, Any]) -> list[str]:
    if document["pi_lb"] is None:
        return []
    limits = f"[{_n(document['pi_lb'])}, {_n(document['pi_ub'])}]"
    return ["", f"prediction interval ({document['pi_kind']}): {limits}"]


def _notes(document: Mapping[str, Any]) -> list[str]:
    return ["", *document["notes"]] if document["notes"] else []
