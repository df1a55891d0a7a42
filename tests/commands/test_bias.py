"""`bias FILE`: metafor's numbers from a table, dependent effects, and a summary that claims nothing."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analysis.__main__ import main
from tests.tolerances import METAFOR

type Record = dict[str, Any]
# Optima of selection models: metafor's optimiser run to its end stops at a relative change of the likelihood.
SELECTION = 1e-4
# For a table `d` with a random-effects model by REML: what metafor's functions say of publication bias.
ORACLE = """
res <- rma(yi, vi, data=d, control=list(threshold=1e-14, maxiter=10000))
side <- function(e, s) { t <- trimfill(res, estimator=e, side=s); list(k0=t$k0, b=c(t$beta), se=t$se, lb=t$ci.lb,
  ub=t$ci.ub, p=t$pval, tau2=t$tau2, p0=if (e == "R0") t$p.k0 else NULL) }
fill <- function(e) { t <- trimfill(res, estimator=e)
  list(here=side(e, t$side), there=side(e, setdiff(c("left", "right"), t$side))) }
reg <- function(p, m="rma") { t <- regtest(res, predictor=p, model=m)
  list(stat=t$zval, df=t$dfs, p=t$pval, b=t$est, lb=t$ci.lb, ub=t$ci.ub) }
tight <- list(optimizer="nlminb", rel.tol=1e-10)
sel <- function(...) { s <- selmodel(res, alternative=alt, control=tight, ...)
  list(b=c(s$beta), se=s$se, lb=s$ci.lb, ub=s$ci.ub, tau2=s$tau2, lrt=s$LRT, p=s$LRTp) }
tab <- list(steps=c(0.005, 0.01, 0.05, 0.10, 0.25, 0.35, 0.50, 0.65, 0.75, 0.90, 0.95, 0.99, 0.995, 1),
  severe=c(1, 0.99, 0.90, 0.75, 0.60, 0.50, 0.40, 0.35, 0.30, 0.25, 0.10, 0.10, 0.10, 0.10),
  both=c(1, 0.99, 0.95, 0.90, 0.80, 0.75, 0.60, 0.60, 0.75, 0.80, 0.90, 0.95, 0.99, 1.00))
rank <- ranktest(res); excess <- tes(d$yi, d$vi)
# metafor enumerates every pattern for its exact p value, which takes hours for 37 studies: its powers, convolved.
chance <- 1; for (p in excess$power) chance <- c(chance * (1 - p), 0) + c(0, chance * p)
list(res=list(b=c(res$beta), se=res$se, lb=res$ci.lb, ub=res$ci.ub, p=res$pval, tau2=res$tau2),
  L0=fill("L0"), R0=fill("R0"), sei=reg("sei"), vi=reg("vi"), lm=reg("sei", "lm"),
  rank=list(tau=c(rank$tau), p=c(rank$pval)),
  step=sel(type="stepfun", steps=.025), steps=sel(type="stepfun", steps=c(.025, .5)),
  severe=sel(type="stepfun", steps=tab$steps, delta=tab$severe),
  both=sel(type="stepfun", steps=tab$steps, delta=tab$both),
  fsn=sapply(c("Rosenthal", "Orwin", "Rosenberg"), function(t) fsn(d$yi, d$vi, type=t)$fsnum),
  tes=list(O=excess$O, E=excess$E, p=sum(chance[-seq_len(excess$O)])))
"""
TABLES = {
    "hackshaw": ("dat.hackshaw1998[c('yi', 'vi')]", "greater"),
    "bcg": ("escalc(measure='RR', ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat.bcg)[c('yi', 'vi')]", "less"),
}


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["bias", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def document(*arguments: object) -> Record:
    code, out, err = run(*arguments, "--yi", "yi", "--vi", "vi", "--json")
    assert code == 0, err

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    parsed: Record = json.loads(out, parse_constant=refuse)
    return parsed


def write(path: Path, columns: Record) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


@pytest.fixture(params=list(TABLES), scope="module")
def answers(request: pytest.FixtureRequest, r: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    """Our estimates and tests by name, and metafor's."""
    table, alternative = TABLES[request.param]
    theirs = r(f"d <- {table}; alt <- '{alternative}'; result <- c(list(d=as.list(d)), {{ {ORACLE} }})")
    path = write(tmp_path_factory.mktemp("bias") / "table.csv", theirs["d"])
    tables = document(path)["tables"]
    return *(by_name(tables)), theirs


def by_name(tables: Record) -> tuple[dict[str, Record], dict[str, Record]]:
    estimates = {row["method"]: row for row in tables["bias_estimates"]}
    return estimates, {row["test"]: row for row in tables["bias_tests"]}


def agree(row: Record, theirs: Record, rel: float = METAFOR) -> None:
    names = {"estimate": "b", "se": "se", "ci_lb": "lb", "ci_ub": "ub", "tau2": "tau2"}
    for ours, name in names.items():
        if name in theirs:
            assert row[ours] == pytest.approx(theirs[name], rel=rel), (row["label"], ours)


def test_the_unadjusted_mean_comes_first(answers: Any) -> None:
    estimates, _, theirs = answers
    assert next(iter(estimates)) == "unadjusted"
    agree(estimates["unadjusted"], theirs["res"])
    assert estimates["unadjusted"]["pval"] == pytest.approx(theirs["res"]["p"], rel=METAFOR)


@pytest.mark.parametrize("estimator", ["L0", "R0"])
def test_trim_and_fill_on_both_sides(answers: Any, estimator: str) -> None:
    estimates, tests, theirs = answers
    for name, side in ((f"trimfill_{estimator}", "here"), (f"trimfill_{estimator}_opposite", "there")):
        agree(estimates[name], theirs[estimator][side], 1e-5)
        assert estimates[name]["k_added"] == theirs[estimator][side]["k0"]
    if estimator == "R0":
        assert tests["trimfill_R0"]["pval"] == pytest.approx(theirs["R0"]["here"]["p0"])


@pytest.mark.parametrize("predictor", ["sei", "vi", "lm"])
def test_egger_regressions(answers: Any, predictor: str) -> None:
    estimates, tests, theirs = answers
    row = tests[f"regtest_{predictor}"]
    for ours, name in (("stat", "stat"), ("pval", "p")):
        assert row[ours] == pytest.approx(theirs[predictor][name], rel=1e-5)
    assert row["df"] == (theirs["lm"]["df"] if predictor == "lm" else None)
    if predictor == "lm":
        # PET is the intercept of the same regression.
        assert estimates["pet"]["estimate"] == pytest.approx(theirs["lm"]["b"], rel=METAFOR)
        assert estimates["pet"]["ci_lb"] == pytest.approx(theirs["lm"]["lb"], rel=METAFOR)
    else:
        agree(estimates[f"regtest_{predictor}"], {key: theirs[predictor][key] for key in ("b", "lb", "ub")}, 1e-5)


def test_rank_correlation(answers: Any) -> None:
    _, tests, theirs = answers
    assert tests["ranktest"]["stat"] == pytest.approx(theirs["rank"]["tau"])
    assert tests["ranktest"]["pval"] == pytest.approx(theirs["rank"]["p"])


@pytest.mark.parametrize("name", ["step", "steps", "severe", "both"])
def test_selection_models(answers: Any, name: str) -> None:
    estimates, tests, theirs = answers
    method = {"severe": "selmodel_severe_one_sided", "both": "selmodel_moderate_two_sided"}.get(
        name, f"selmodel_{name}"
    )
    agree(estimates[method], theirs[name], SELECTION)
    if name.startswith("step"):
        assert tests[method]["stat"] == pytest.approx(theirs[name]["lrt"], rel=SELECTION)
        assert tests[method]["pval"] == pytest.approx(theirs[name]["p"], rel=SELECTION)
    else:
        assert estimates[method]["caution"]
        assert method not in tests


def test_fail_safe_numbers_and_excess_significance(answers: Any) -> None:
    _, tests, theirs = answers
    found = [tests[f"fsn_{kind}"]["stat"] for kind in ("rosenthal", "orwin", "rosenberg")]
    assert found == theirs["fsn"]
    assert tests["tes"]["stat"] == theirs["tes"]["O"]
    assert tests["tes"]["pval"] == pytest.approx(theirs["tes"]["p"])
    assert f"{theirs['tes']['E']:.3f} expected" in tests["tes"]["detail"]


def test_direction_is_that_of_the_mean_and_said(answers: Any) -> None:
    estimates, _, theirs = answers
    sign = "positive" if theirs["res"]["b"] > 0 else "negative"
    assert f"favour {sign} effects" in estimates["selmodel_step"]["reasons"]


@pytest.fixture(scope="module")
def assink(r: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    columns = r("result <- as.list(dat.assink2016[c('study', 'esid', 'yi', 'vi', 'year')])")
    return write(tmp_path_factory.mktemp("assink") / "table.csv", columns)


def test_dependent_effects(r: Any, assink: Path) -> None:
    found = document(assink, "--study", "study", "--model", "che", "--rho", 0.6, "--mods", "year")
    estimates, tests = by_name(found["tables"])
    theirs = r(
        """d <- dat.assink2016; d$sei <- sqrt(d$vi)
        V <- vcalc(vi, cluster=study, obs=esid, data=d, rho=0.6); tight <- list(optimizer='nlminb', rel.tol=1e-10)
        plain <- rma.mv(yi, V, random=~ 1 | study/esid, data=d, control=tight)
        f <- rma.mv(yi, V, mods=~ sei, random=~ 1 | study/esid, data=d, control=tight)
        t <- clubSandwich::coef_test(f, vcov='CR2', cluster=d$study)
        a <- aggregate(escalc(yi=yi, vi=vi, data=d), cluster=study, rho=0.6, weighted=FALSE)
        u <- regtest(rma(yi, vi, data=a, control=list(threshold=1e-14, maxiter=10000)))
        result <- list(mean=c(plain$beta), b=t$beta[1], se=t$SE[1], t=t$tstat[2], df=t$df_Satt[2], p=t$p_Satt[2],
          z=u$zval)"""
    )
    assert estimates["unadjusted"]["estimate"] == pytest.approx(theirs["mean"], rel=1e-5)
    row, test = estimates["egger_multilevel_sei"], tests["egger_multilevel_sei"]
    ours = [row["estimate"], row["se"], test["stat"], test["df"], test["pval"]]
    assert ours == pytest.approx([theirs[name] for name in ("b", "se", "t", "df", "p")], rel=1e-4)
    assert (row["k_used"], estimates["pet"]["k_used"]) == (100, 17)
    # One composite per study, as metafor's aggregate with the same rho.
    assert tests["regtest_sei"]["stat"] == pytest.approx(theirs["z"], rel=1e-5)
    said = " ".join(found["notes"])
    assert "correlate by 0.6" in said
    assert "moderators (year) are left out" in said


def test_summary_claims_nothing_first(tmp_path: Path) -> None:
    effects = {"yi": [0.1, 0.4, 0.2, 0.7, 0.5, 0.3], "vi": [0.01, 0.05, 0.02, 0.09, 0.06, 0.03]}
    code, out, err = run(write(tmp_path / "table.csv", effects), "--averaging")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "No single one corrects the estimate."
    assert lines[3].startswith("Unadjusted")
    marks = [line for line in lines if line.startswith("[")]
    assert any("6 studies are fewer than 10" in line for line in marks)
    assert any(line.startswith("Bayesian averaging") for line in lines)


def test_a_table_that_cannot_be_read_is_one_message(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", {"yi": [0.1], "vi": [-1.0]})
    code, out, err = run(path)
    assert (code, out) == (1, "")
    assert "table.csv" in err


def test_json_with_averaging_is_the_tables_and_the_notes(tmp_path: Path) -> None:
    made: Callable[[str], Record] = lambda flag: document(path, *([flag] if flag else []))  # noqa: E731
    path = write(tmp_path / "table.csv", {"yi": [0.2, 0.9, 0.4], "vi": [0.02, 0.1, 0.05]})
    without, with_it = made(""), made("--averaging")
    assert list(without) == ["model", "tables", "notes"]
    families = [{row["family"] for row in one["tables"]["bias_estimates"]} for one in (without, with_it)]
    assert families[1] - families[0] == {"averaging"}
