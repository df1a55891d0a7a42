"""`python -m analysis bias TABLE`: what publication bias may have done to the mean of one model."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import click

from analysis.commands.model_options import answer, model_options

DIGITS: Final = 4
NUMBERS: Final = ("estimate", "se", "ci_lb", "ci_ub", "pval", "tau2")


@click.command(context_settings={"show_default": True})
@model_options
@click.option("--averaging", is_flag=True, help="average over models of bias too, which takes seconds")
@click.option("--json", "as_json", is_flag=True, help="print everything as JSON")
@click.pass_context
def bias(context: click.Context, /, as_json: bool, averaging: bool, **choices: Any) -> None:
    """Ask of the effects of FILE, an .xlsx or CSV table, what was not published, and print every answer side by side.

    The model is that of `fit` with the same options; moderators are left out. Of dependent effects (--model, --robust)
    methods that need independence get one composite per study, combined with --rho.

    \b
    JSON: model, notes, and tables
      bias_estimates  method label estimate se ci_lb ci_ub pval tau2 k_used k_added caution reasons family
      bias_tests      test label stat dist df pval direction caution reasons detail
    reasons are sentences separated by " | ". null: the method does not apply, and reasons says why.
    """  # noqa: D301

    def build(choices: dict[str, Any], explicit: set[str]) -> dict[str, Any]:
        return _document(choices, explicit, averaging=averaging)

    answer(context, choices, build, _summarise, as_json=as_json)


def _document(choices: dict[str, Any], explicit: set[str], *, averaging: bool) -> dict[str, Any]:
    from analysis.commands.model_options import describe_model, fit_from
    from analysis.models.bias_tables import build_bias_tables

    model, notes = fit_from(choices, explicit)
    found = build_bias_tables(model, averaging=averaging)
    said = list(dict.fromkeys((*notes, *found.notes)))
    return {"model": describe_model(model), "tables": found.tables, "notes": said}


def _summarise(document: dict[str, Any]) -> str:
    """Both tables, the reasons numbered at their end."""
    estimates, tests = document["tables"]["bias_estimates"], document["tables"]["bias_tests"]
    marks = _marks((*estimates[1:], *tests))
    lines = ["No single one corrects the estimate.", "", *_estimates(estimates, marks)]
    if tests:
        lines += ["", *_tests(tests, marks)]
    if marks:
        lines += ["", *(f"[{number}] {sentence}" for sentence, number in marks.items())]
    return "\n".join([*lines, *(["", *document["notes"]] if document["notes"] else [])])


def _marks(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """A number for every sentence, in the order of first mention."""
    sentences = dict.fromkeys(sentence for row in rows for sentence in _sentences(row))
    return {sentence: number for number, sentence in enumerate(sentences, start=1)}


def _sentences(row: dict[str, Any]) -> Iterator[str]:
    from analysis.models.bias_layout import SEPARATOR

    yield from filter(None, str(row["reasons"] or "").split(SEPARATOR))


def _noted(row: dict[str, Any], marks: dict[str, int]) -> str:
    numbers = [str(marks[sentence]) for sentence in _sentences(row) if sentence in marks]
    return f"{'! ' if row['caution'] else '  '}[{','.join(numbers)}]" if numbers else ""


def _estimates(rows: list[dict[str, Any]], marks: dict[str, int]) -> list[str]:
    from analysis.formatting import format_number

    width = max(len(row["label"]) for row in rows) + 2
    lines = [" " * width + "".join(f"{name:>10}" for name in NUMBERS) + f"{'k':>6}{'added':>7}"]
    for row in rows:
        numbers = "".join(f"{format_number(row[name], DIGITS):>10}" for name in NUMBERS)
        counts = "".join(
            f"{'' if row[key] is None else row[key]:>{wide}}" for key, wide in (("k_used", 6), ("k_added", 7))
        )
        lines.append(f"{row['label']:<{width}}{numbers}{counts}  {_noted(row, marks)}".rstrip())
    return lines


def _tests(rows: list[dict[str, Any]], marks: dict[str, int]) -> list[str]:
    from analysis.formatting import format_number, format_p

    width = max(len(row["label"]) for row in rows) + 2
    lines = []
    for row in rows:
        law = f"{row['dist'] or ''}{'' if row['df'] is None else f'({row["df"]:.4g})'}"
        found = "" if row["stat"] is None else f"{law} {format_number(row['stat'], DIGITS)}"
        pval = "" if row["pval"] is None else format_p(row["pval"])
        lines.append(f"{row['label']:<{width}}{found:<28}{pval:<11}{_noted(row, marks)}".rstrip())
        lines += [f"    {words}" for words in (row["direction"], row["detail"]) if words and found]
    return lines
