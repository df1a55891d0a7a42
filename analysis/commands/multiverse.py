"""`python -m analysis multiverse TABLE`: every defensible analysis of one table at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from analysis.commands.model_options import answer, seed_option
from analysis.commands.table_options import column_options, reading_options

type Choices = dict[str, Any]

METHODS: Final = "REML,DL,PM,EE"
TESTS: Final = "z,knha"
OUTLIERS: Final = "none,residuals,fences"
VTYPES: Final = "LS,AV"
# What is made of several effects of one study, where there may be several.
AGGREGATE: Final = "0.6,first,none"
INDEPENDENT: Final = "none"


class Words(click.ParamType[Any]):
    """Options of one choice, such as REML,DL."""

    name = "words"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the words, each once."""
        if not isinstance(value, str):
            return value
        words = tuple(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))
        return words or self.fail("name at least one.", param, ctx)


def _subsets(context: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, dict[str, str]]:
    subsets: dict[str, dict[str, str]] = {"all": {}}
    for value in values:
        name, colon, rule = value.partition(":")
        column, sign, wanted = rule.partition("=")
        if not (colon and sign and name.strip() and column.strip()):
            raise click.BadParameter(f'"{value}" is not NAME:COLUMN=VALUE.', context, param)
        if name.strip() == "all":
            raise click.BadParameter("all keeps every row; choose another name.", context, param)
        own = subsets.setdefault(name.strip(), {})
        if column.strip() in own:
            raise click.BadParameter(f"{name.strip()} says {column.strip()} twice; once is enough.", context, param)
        own[column.strip()] = wanted.strip()
    return subsets


def _words(*flags: str, default: str | None, text: str) -> Callable[[Any], Any]:
    shown = default if default is not None else True
    return click.option(*flags, type=Words(), default=default, show_default=shown, metavar="A,B", help=text)


@click.command(context_settings={"show_default": True})
@click.argument("file", type=click.Path(path_type=Path))
@_words("--measures", default=None, text="effect-size measures, the main one first; left out, what the columns are for")
@column_options
@reading_options
@_words("--methods", default=METHODS, text="estimators of tau2")
@_words("--tests", default=TESTS, text="tests of the mean")
@_words("--vtypes", default=VTYPES, text="sampling variances, of those that a measure has")
@_words("--outliers", default=OUTLIERS, text="rules that leave effects out")
@_words("--aggregate", default=None, text="several effects of one study: none, first, weighted, their correlation")
@click.option(
    "--subset", "subsets", multiple=True, callback=_subsets, metavar="NAME:COLUMN=VALUE", show_default=False,
    help="rows that are another question, and are kept apart; the same NAME again narrows it",
)  # fmt: skip
@click.option("--rho", type=click.FloatRange(0, 1, max_open=True), default=0.6, help="behind aggregate weighted")
@click.option("--draws", type=click.IntRange(0, 100_000), default=500, help="of the joint test; 0 for none")
@click.option("--level", type=click.FloatRange(0, 100, min_open=True, max_open=True), default=95.0, help="per cent")
@click.option("--ratio", is_flag=True, help="yi and its limits are ratios; their logarithms are analysed")
@seed_option
@click.option("--json", "as_json", is_flag=True, help="print everything as JSON")
@click.pass_context
def multiverse(context: click.Context, /, as_json: bool, **choices: Any) -> None:
    """Fit every combination of choices to the effects of FILE, an .xlsx or CSV table, and say what hangs on them.

    The first option of every choice makes the reference, whose conclusion the others are held against. Without
    --measures, the columns named decide the main one; others on its scale join it where the table gives them.

    \b
    JSON: measure, level, options, reference (its row), notes, and tables
      multiverse          spec estimand measure vtype aggregate subset outliers method test k
                          estimate ci_lb ci_ub pval tau2 i2 conclusion reference
      multiverse_summary  estimand n failed median low high smallest largest positive negative
                          clear_positive clear_negative no_effect level reasons
      multiverse_shares   estimand choice options share
      multiverse_flips    choice from to conclusion reference spec
      multiverse_test     estimand specifications median clear stouffer median_pval clear_pval stouffer_pval
                          draws exact reasons
    Estimates and limits are on the shown scale (r for correlations), pval, tau2, i2 of their own measure. null: a
    specification that cannot be fitted.
    """  # noqa: D301
    from analysis.commands.multiverse_document import build_document
    from analysis.commands.multiverse_summary import summarise

    answer(context, choices, build_document, summarise, as_json=as_json)
