"""The summary that `fit` prints, laid out as metafor's."""

from collections.abc import Mapping
from typing import Any

from analysis.formatting import format_number, format_p

DIGITS = 4


def summarise(document: Mapping[str, Any]) -> str:
    """Lay a fit document out as text."""
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
    return "\n".join([*lines, "", *_coefficients(document), *_prediction(document), *_notes(document)])


def _n(value: float | None) -> str:
    return format_number(value, DIGITS)


def _coefficients(document: Mapping[str, Any]) -> list[str]:
    rows = document["tables"]["coefficients"]
    width = max(len(str(row["term"])) for row in rows) + 2
    names = ("estimate", "se", "stat", "pval", "ci_lb", "ci_ub")
    head = " " * width + "".join(f"{name:>10}" for name in names)
    return [head, *(f"{row['term']:<{width}}" + "".join(f"{_n(row[name]):>10}" for name in names) for row in rows)]


def _prediction(document: Mapping[str, Any]) -> list[str]:
    if document["pi_lb"] is None:
        return []
    limits = f"[{_n(document['pi_lb'])}, {_n(document['pi_ub'])}]"
    return ["", f"prediction interval ({document['pi_kind']}): {limits}"]


def _notes(document: Mapping[str, Any]) -> list[str]:
    return ["", *document["notes"]] if document["notes"] else []
