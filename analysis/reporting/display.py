"""A cell of a table as a reader meets it: its rounded text, and where the number stands."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from analysis.formatting import (
    MINUS,
    MISSING,
    format_bounded,
    format_count,
    format_df,
    format_number,
    format_p,
    format_percent,
    format_probability,
    format_shown,
    format_stated,
)

type Value = str | float | int | bool | None

FIRST_LINE: Final = 2
MODEL_SCALE: Final = "_model_scale"
# Column -> how it is rounded. What is not here, and is not text, is a plain number with two decimals.
KINDS: Final[dict[str, str]] = {
    **dict.fromkeys(("estimate", "ci_lb", "ci_ub", "pi_lb", "pi_ub", "pred", "effect", "fitted"), "effect"),
    **{f"pi_{kind}_{side}": "effect" for kind in ("normal", "higgins", "knapp_hartung") for side in ("lb", "ub")},
    **dict.fromkeys(("se", "sei", "resid", "tau2", "se_tau2", "tau"), "fine"),
    **{f"{name}_{side}": "fine" for name in ("tau2", "tau") for side in ("ci_lb", "ci_ub")},
    **dict.fromkeys(("i2", "i2_ci_lb", "i2_ci_ub", "r2", "weight", "share_between", "share_within"), "percent"),
    **dict.fromkeys(("share", "share_inside", "share_outside", "positive", "negative", "clear"), "share"),
    **dict.fromkeys(("clear_positive", "clear_negative"), "share"),
    **dict.fromkeys(("smallest", "largest", "low", "high"), "effect"),
    **dict.fromkeys(("median_pval", "clear_pval", "stouffer_pval", "X2_pval"), "p"),
    **dict.fromkeys(("n", "failed", "options", "spec", "size", "draws", "k_used", "k_added", "cluster"), "count"),
    **dict.fromkeys(("cook_d", "hat", "dffits", "dfbetas", "cov_r"), "fine"),
    **dict.fromkeys(("pval", "qe_pval", "qm_pval"), "p"),
    **dict.fromkeys(
        (
            "k",
            "n_studies",
            "n_clusters",
            "varying",
            "groups",
            "n_total",
            "ni",
            "count",
            "total",
            "p",
            "rank",
            "cost",
            "tried",
            "hits",
        ),
        "count",
    ),
    **dict.fromkeys(("ddf", "df", "qe_df", "qm_df", "level", "row", "tolerance"), "df"),
    **dict.fromkeys(("median", "q025", "q250", "q500", "q750", "q975", "observed_lb", "observed_ub"), "effect"),
    **dict.fromkeys(("p_positive", "p_direction", "p_rope", "p_outside", "power", "planned"), "probability"),
    **dict.fromkeys(("prior_prob", "posterior_prob"), "probability"),
    **dict.fromkeys(
        ("sd", "mean", "mcse_mean", "rhat", "lower", "upper", "truth", "rope_lb", "rope_ub", "detectable"), "fine"
    ),
    **dict.fromkeys(("ess_bulk", "ess_tail"), "rounded"),
    "p_tail": "p",
    "given": "stated",
}
# Tables in which these columns hold what no shown scale changes.
UNSCALED: Final = {"priors": ("median",), "truths": ("estimate", "ci_lb", "ci_ub")}
# In the table of heterogeneity the row decides.
QUANTITIES: Final = {"tau2": "fine", "tau": "fine", "i2": "percent"}
FINE_DIGITS: Final = 3
# Parameters of Bayesian models besides their coefficients.
PARAMETERS: Final = {
    "tau": "\u03c4, between studies",
    "omega": "\u03c9, within studies",
    "nu": "\u03bd, degrees of freedom",
    "slope_mean": "mean of the slopes",
    "slope_sd": "spread of the slopes",
    "moderator_mean": "mean of the moderator",
    "moderator_sd": "spread of the moderator",
}
# Choices of a multiverse.
CHOICES: Final = {
    "vtype": "variance formula",
    "aggregate": "treatment of a study\u2019s effects",
    "subset": "studies",
    "outliers": "outliers to leave out",
    "method": "estimator",
}
WHOLE_TERMS: Final = {"intrcpt": "Intercept", "all": "all moderators"}
# Beside a number as printed these are rounded like it.
BESIDE_PRINTED: Final = ("ours", "expected", "lower", "upper")
WHOLE_QUANTITIES: Final = ("k", "n_studies", "n_total", "df", "QM_df")
BARE_POINT: Final = re.compile(r"(?<!\d)\.\d")
# Models named after people.
SURNAMES: Final = {
    "dersimonian_laird": "DerSimonian\u2013Laird",
    "hunter_schmidt": "Hunter\u2013Schmidt",
    "paule_mandel": "Paule\u2013Mandel",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A number or word: in a sentence, in a table, as stored, and where it stands (`table.csv:line:column`)."""

    text: str
    cell: str
    value: Value
    source: str

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        body = escape(self.text)
        if isinstance(self.value, str):
            return body
        # APA sets p in italics.
        body = Markup("<i>p</i>{}").format(self.text[1:]) if self.text.startswith("p ") else body
        link = '<a class="number" href="#numbers" data-source="{}" title="{}">{}</a>'
        return Markup(link).format(self.source, locate_in_words(self.source), body)

    @property
    def missing(self) -> bool:
        """There is nothing in this cell."""
        return self.value is None


type Row = Mapping[str, Shown]


def locate_in_words(*sources: str) -> str:
    """Word where numbers of one line stand: `models.csv, line 2, ci_lb, ci_ub`."""
    file, line, _ = sources[0].split(":", 2)
    return f"{file.removeprefix('../')}, line {line}, {', '.join(source.split(':', 2)[2] for source in sources)}"


def show_rows(table: str, records: Sequence[Mapping[str, Value]], measure: str) -> list[Row]:
    """Return every cell of a table ready for sentences and for tables, in the order of the records."""
    scale = {column: "GEN" for column in UNSCALED.get(table, ())}
    return [
        {
            column: _show(column, record, scale.get(column, measure), f"{table}.csv:{index + FIRST_LINE}:{column}")
            for column in record
        }
        for index, record in enumerate(records)
    ]


def term_label(term: str) -> str:
    """Word a coefficient or a term: `C(x, ...)[T.a]:b` becomes `x: a`, a times sign, `b`."""
    if term in WHOLE_TERMS:
        return WHOLE_TERMS[term]
    parts = re.findall(r"(?:[^:(\[]|\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])+", term)
    return " \u00d7 ".join(_factor_label(part) for part in parts)


def answer_label(label: str) -> str:
    """Word what an answer is about: a coefficient's term, or `dimension = anxiety, alliance at its mean - 1 SD`."""
    if label in WHOLE_TERMS or "[" in label:
        return term_label(label)
    return re.sub(r"\b\w+(?= = | at its )", lambda match: plain_name(match[0]), label).replace(" - ", f" {MINUS} ")


def parameter_label(parameter: str) -> str:
    """Word a parameter of a Bayesian model: `beta[alliance]` is a coefficient, `slope[anxiety]` one of several."""
    match = re.fullmatch(r"(beta|intercept|slope)\[(.*)\]", parameter)
    if match is None:
        return PARAMETERS.get(parameter, term_label(parameter))
    return (
        term_label(match[2]) if match[1] == "beta" else f"{'mean' if match[1] == 'intercept' else 'slope'}: {match[2]}"
    )


def plain_name(name: str) -> str:
    """Word a name of the configuration or a column: underscores become spaces, and surnames keep their capitals."""
    return SURNAMES.get(name, name.replace("_", " "))


def cell_label(term: str, cell: str) -> str:
    """Word a cell of the moderators: `focus other, dimension security` of `focus:dimension` gets colons."""
    names = term.split(":")
    match = re.fullmatch(", ".join(f"{re.escape(name)} (.+)" for name in names), cell)
    if match is None:
        return cell
    return ", ".join(f"{plain_name(name)}: {level}" for name, level in zip(names, match.groups(), strict=True))


def prose(text: str) -> Markup:
    """Set a stranger's sentences: what stands between backticks as code, and a minus before a number as one."""
    parts = str(escape(text)).split("`")
    if len(parts) % 2 == 0:
        parts = ["`".join(parts)]
    minus = [re.sub(r"(?<![\w.)-])-(?=\.?\d)", MINUS, part) if i % 2 == 0 else part for i, part in enumerate(parts)]
    # Escaped above.
    return Markup("".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(minus)))


def _factor_label(part: str) -> str:
    match = re.fullmatch(r"C\(\s*([^,()]+?)\s*(?:,.*)?\)(?:\[(?:T\.)?([^\]]*)\])?", part)
    if match is None:
        return plain_name(re.sub(r"\[(?:T\.)?([^\]]*)\]", r": \1", part))
    return plain_name(match[1]) + (f": {match[2]}" if match[2] else "")


def _show(column: str, record: Mapping[str, Value], measure: str, source: str) -> Shown:
    value = record[column]
    if value is None:
        return Shown(MISSING, MISSING, None, source)
    if isinstance(value, bool):
        word = "yes" if value else "no"
        return Shown(word, word, word, source)
    if isinstance(value, str):
        word = cell_label(str(record["term"]), value) if column == "cell" else _word(column, value)
        return Shown(word, word, value, source)
    text = _rounded(column, value, record, measure)
    return Shown(text, text.removeprefix("p = ").removeprefix("p "), value, source)


def _word(column: str, value: str) -> str:
    if column == "term":
        return term_label(value)
    if column == "at":
        named = re.sub(r"\b\w+(?= = )", lambda match: plain_name(match[0]), value)
        return named.replace("mean - ", f"mean {MINUS} ").removeprefix("at the ")
    if column == "label":
        return answer_label(value)
    if column == "prior":
        return value.replace("_", "-").replace("(-", f"({MINUS}")
    if column == "choice":
        return CHOICES.get(value, value)
    if column == "reasons":
        return value.replace(" | ", " ")
    if column == "parameter":
        return parameter_label(value)
    if column == "reached":
        return re.sub(r"-?\d+\.\d+(?:e[+-]?\d+)?", lambda match: format_number(float(match[0]), FINE_DIGITS), value)
    if column == "relation":
        return value.replace("->", "\u2192")
    return plain_name(value) if column in ("model", "moderator", "by", "dataset", "estimand") else value


def _rounded(column: str, value: float, record: Mapping[str, Value], measure: str) -> str:
    if column in BESIDE_PRINTED and "printed" in record:
        return _beside_printed(value, record)
    if column == "value" and "order_by" in record:
        # A year, or another column of the dataset.
        return format_stated(value)
    if column == "distance":
        return format_percent(100 * value)
    if "component" in record and column in ("estimate", "ci_lb", "ci_ub"):
        return format_number(value, FINE_DIGITS)
    if column == "effect" and "power" in record:
        return format_number(value, FINE_DIGITS)
    kind = QUANTITIES.get(str(record["quantity"]), "number") if "method" in record and "quantity" in record else None
    if kind is None or column in ("df", "pval", "level"):
        kind = "fine" if column.endswith(MODEL_SCALE) else KINDS.get(column, "number")
    if kind == "effect" and "program" in record:
        # Definitions differ in the third decimal, on the scale of the analysis.
        kind = "fine"
    if kind == "effect":
        return format_shown(value, measure)
    if kind == "rounded":
        return format_count(round(value))
    formatters = {
        "p": format_p, "count": format_count, "df": format_df, "percent": format_percent,
        "probability": format_probability, "share": _share, "stated": format_stated,
    }  # fmt: skip
    return formatters[kind](value) if kind in formatters else format_number(value, FINE_DIGITS if kind == "fine" else 2)


def _share(value: float) -> str:
    return format_percent(100 * value)


def _beside_printed(value: float, record: Mapping[str, Value]) -> str:
    """Round to one decimal more than the paper printed, a count to none; with a leading zero where the paper has it."""
    if record["quantity"] in WHOLE_QUANTITIES:
        return format_df(value).replace("-", MINUS)
    printed = str(record["printed"])
    digits = _decimals(printed) + 1
    return format_bounded(value, digits) if BARE_POINT.search(printed) else format_number(value, digits)


def _decimals(printed: str) -> int:
    return len(re.sub(r"[^0-9]", "", printed.partition(".")[2]))
