"""`python -m analysis influence`: metafor's influence, leave1out, cumul, baujat and rma.mv diagnostics from a table."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from analysis.__main__ import main
from tests.tolerances import METAFOR

type Table = list[dict[str, Any]]
type Write = Callable[[Mapping[str, Sequence[Any]]], Path]

SCHEMAS = Path(__file__).parents[2] / "analysis" / "schemas" / "results"
BCG = """
d <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
d <- data.frame(trial = d$trial, yi = c(d$yi), vi = c(d$vi), year = d$year, ablat = d$ablat)
tight <- list(threshold = 1e-12, maxiter = 10000, tol = 1e-12, stepadj = 0.5)
"""
ASSINK = """
d <- dat.assink2016[c("study", "esid", "yi", "vi", "year")]
"""
# metafor's refits without a cluster stop early by default; its own digits end about here for variances.
REFIT = 1e-4


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(columns: Mapping[str, Sequence[Any]]) -> Path:
        path = tmp_path / "table.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        return path

    return to_file


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["influence", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def document(path: Path, *arguments: object) -> dict[str, Any]:
    code, out, err = run(path, "--yi", "yi", "--vi", "vi", *arguments, "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
    for name, rows in found["tables"].items():
        jsonschema.validate(rows, yaml.safe_load((SCHEMAS / f"{name}.yaml").read_text(encoding="utf-8")))
    return found


def column(rows: Table, name: str) -> Any:
    return np.array([row[name] for row in rows], dtype=float)


def near(ours: Any, theirs: Any, tolerance: float = METAFOR) -> None:
    expected = np.array(theirs, dtype=float)
    scale = float(np.nanmax(np.abs(expected)))
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance * scale)


INFLUENCE = """
pdf(NULL)
f <- rma(yi, vi, mods = {mods}, data = d, test = "{test}", control = tight)
i <- influence(f); b <- baujat(f)
"""


@pytest.mark.parametrize("test", ["z", "knha"])
def test_a_mean_without_each_study(r: Any, write: Write, test: str) -> None:
    theirs = r(
        BCG
        + INFLUENCE.format(mods="~ 1", test=test)
        + """l <- leave1out(f); u <- cumul(f, order = d$year)
        list(d = as.list(d), i = lapply(i$inf, c), dfbs = i$dfbs[[1]], infl = i$is.infl, bx = b$x, by = b$y,
          l = unclass(l)[c("estimate", "ci.lb", "ci.ub", "pval", "tau2", "I2", "Q")],
          u = unclass(u)[c("estimate", "ci.lb", "ci.ub", "pvals", "tau2", "I2")], order = order(d$year))"""
    )
    found = document(write(theirs["d"]), "--slab", "trial", "--test", test)
    rows = found["tables"]["influence"]
    names = {"rstudent": "rstudent", "dffits": "dffits", "cook_d": "cook.d", "cov_r": "cov.r", "tau2_del": "tau2.del"}
    names |= {"qe_del": "QE.del", "hat": "hat", "weight": "weight"}
    for ours, name in names.items():
        near(column(rows, ours), theirs["i"][name])
    near(column(rows, "dfbetas"), theirs["dfbs"])
    assert [row["is_infl"] for row in rows] == theirs["infl"]
    near(column(rows, "baujat_x"), theirs["bx"])
    near(column(rows, "baujat_y"), theirs["by"])
    shared = {"estimate": "estimate", "ci_lb": "ci.lb", "ci_ub": "ci.ub", "pval": "pval", "tau2": "tau2", "i2": "I2"}
    for ours, name in shared.items():
        near(column(rows, ours), theirs["l"][name])
    steps = found["tables"]["cumulative"]
    assert [int(row["slab"]) for row in steps] == theirs["order"]
    assert {row["order_by"] for row in steps} == {"year"}
    # One study has no heterogeneity, and metafor says zero of it.
    for ours, name in shared.items():
        near(column(steps, ours)[1:], theirs["u"][name.replace("pval", "pvals")][1:])
    assert found["tables"]["influence_clusters"] == []
    assert [row["k"] for row in steps] == list(range(1, 14))


def test_coefficients_without_each_study(r: Any, write: Write) -> None:
    theirs = r(
        BCG
        + INFLUENCE.format(mods="~ ablat + year", test="knha")
        + """out <- lapply(seq_len(nrow(d)), function(j) {
          g <- rma(yi, vi, mods = ~ ablat + year, data = d[-j, ], test = "knha", control = tight)
          list(b = c(g$beta), lb = g$ci.lb, ub = g$ci.ub, p = g$pval, tau2 = g$tau2, i2 = g$I2) })
        list(d = as.list(d), i = lapply(i$inf, c), dfbs = unname(as.matrix(as.data.frame(i$dfbs))), infl = i$is.infl,
          bx = b$x, by = b$y, out = out, lb = f$ci.lb, ub = f$ci.ub)"""
    )
    found = document(write(theirs["d"]), "--mods", "ablat + year", "--test", "knha", "--slab", "trial")
    rows = found["tables"]["influence"]
    for ours, name in {"rstudent": "rstudent", "dffits": "dffits", "cook_d": "cook.d", "cov_r": "cov.r"}.items():
        near(column(rows, ours), theirs["i"][name], 1e-5)
    dfbs = np.array(theirs["dfbs"])
    near(column(rows, "dfbetas"), dfbs[np.arange(13), np.abs(dfbs).argmax(1)], 1e-5)
    near(column(rows, "baujat_x"), theirs["bx"])
    near(column(rows, "baujat_y"), theirs["by"], 1e-5)
    side = np.sign(theirs["lb"]) * (np.sign(theirs["lb"]) == np.sign(theirs["ub"]))
    names = ["intrcpt", "ablat", "year"]
    for row, left in zip(rows, theirs["out"], strict=True):
        place = names.index(row["term"])
        assert place > 0
        near([row["estimate"], row["ci_lb"], row["ci_ub"]], [left[key][place] for key in ("b", "lb", "ub")], 1e-5)
        near([row["pval"], row["tau2"], row["i2"]], [left["p"][place], left["tau2"], left["i2"]], 1e-5)
        now = np.sign(left["lb"]) * (np.sign(left["lb"]) == np.sign(left["ub"]))
        assert row["flips"] == bool((now != side)[1:].any())
        assert now[place] != side[place] or not row["flips"]
    assert any(row["flips"] for row in rows)
    assert found["tables"]["gosh"] == found["tables"]["cumulative"] == []
    assert any("no single mean" in note for note in found["notes"])


def test_several_levels_without_each_study(r: Any, write: Write) -> None:
    theirs = r(
        ASSINK
        + """f <- rma.mv(yi, vi, random = ~ 1 | study/esid, data = d)
        tight <- list(optimizer = "nlminb", rel.tol = 1e-10)
        f <- update(f, control = tight)
        s <- rstudent(f, cluster = d$study, progbar = FALSE)
        out <- lapply(unique(d$study), function(j) {
          g <- update(f, data = d[d$study != j, ])
          t <- clubSandwich::conf_int(g, vcov = "CR2", cluster = d$study[d$study != j])
          list(b = c(g$beta), tau2 = sum(g$sigma2), lb = t$CI_L, ub = t$CI_U) })
        list(d = as.list(d), cook = unname(cooks.distance(f, cluster = d$study, progbar = FALSE)),
          dfbs = dfbetas(f, cluster = d$study, progbar = FALSE)[[1]], X2 = s$cluster$X2, out = out,
          each = unname(cooks.distance(f, progbar = FALSE)), z = rstudent(f, progbar = FALSE)$z)"""
    )
    found = document(write(theirs["d"]), "--study", "study", "--model", "multilevel", "--robust", "CR2")
    rows = found["tables"]["influence_clusters"]
    near(column(rows, "cook_d"), theirs["cook"], REFIT)
    near(column(rows, "dfbetas"), theirs["dfbs"], REFIT)
    near(column(rows, "X2"), theirs["X2"], REFIT)
    near(column(rows, "estimate"), [one["b"] for one in theirs["out"]], REFIT)
    near(column(rows, "tau2"), [one["tau2"] for one in theirs["out"]], REFIT)
    near(column(rows, "ci_lb"), [one["lb"] for one in theirs["out"]], REFIT)
    near(column(rows, "ci_ub"), [one["ub"] for one in theirs["out"]], REFIT)
    each = found["tables"]["influence"]
    near(column(each, "cook_d"), theirs["each"], REFIT)
    near(column(each, "rstudent"), theirs["z"], REFIT)
    assert {row["dffits"] for row in each} == {None}
    assert len(found["tables"]["gosh_clusters"]) % 17 == 0
    assert any("every study stands with one effect" in note for note in found["notes"])
    assert [row["k"] for row in found["tables"]["cumulative"]][-1] == 100


def test_independent_effects_without_each_study(r: Any, write: Write) -> None:
    theirs = r(
        ASSINK
        + """f <- rma.mv(yi, vi, mods = ~ year, random = ~ 1 | esid2, data = transform(d, esid2 = seq_len(nrow(d))),
          control = list(optimizer = "nlminb", rel.tol = 1e-10))
        s <- rstudent(f, cluster = d$study, progbar = FALSE)
        list(d = as.list(d), cook = unname(cooks.distance(f, cluster = d$study, progbar = FALSE)), X2 = s$cluster$X2,
          dfbs = unname(as.matrix(dfbetas(f, cluster = d$study, progbar = FALSE))))"""
    )
    found = document(write(theirs["d"]), "--study", "study", "--mods", "year")
    rows = found["tables"]["influence_clusters"]
    near(column(rows, "cook_d"), theirs["cook"], REFIT)
    near(column(rows, "X2"), theirs["X2"], REFIT)
    dfbs = np.array(theirs["dfbs"])
    near(column(rows, "dfbetas"), dfbs[np.arange(17), np.abs(dfbs).argmax(1)], REFIT)


def test_the_summary_names_the_study_that_the_conclusion_hangs_on(write: Write) -> None:
    path = write({"study": list("abcdef"), "yi": [0.1, 0.05, 0.12, -0.02, 0.08, 1.6], "vi": [0.02] * 6})
    code, out, _ = run(path, "--yi", "yi", "--vi", "vi", "--slab", "study", "--method", "EE")
    assert code == 0
    assert "conclusion changes without f" in out
    assert "(without f) to" in out
    assert "Added by precision: the interval excludes zero from step 6 of 6 (f) on" in out
    assert "\n  f: rstudent" in out
    assert "mostly without f" in out


def test_another_order_and_a_sample_of_subsets(write: Write) -> None:
    path = write({"yi": [0.3, 0.1, 0.4, 0.2], "vi": [0.02, 0.03, 0.02, 0.05], "wave": ["c", "a", "b", "d"]})
    found = document(path, "--cumulative-by", "wave", "--subsets", 10)
    assert [row["value"] for row in found["tables"]["cumulative"]] == ["a", "b", "c", "d"]
    assert len(found["tables"]["gosh"]) == 10
    assert document(path, "--subsets", 10, "--seed", 7)["tables"]["gosh"] != found["tables"]["gosh"]
    code, _, err = run(path, "--yi", "yi", "--vi", "vi", "--cumulative-by", "month")
    assert code == 1
    assert "no column month" in err


def test_hunter_schmidt_has_none(write: Write) -> None:
    path = write({"ri": [0.3, 0.1, 0.4], "ni": [50, 80, 40]})
    code, out, err = run(path, "--measure", "COR", "--method", "n-weighted", "--weights", "ni", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert not any(found["tables"].values())
    assert any("no tables of influence for n-weighted" in note for note in found["notes"])
