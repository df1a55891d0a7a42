"""`multiverse`: specifications are metafor's fits, and no table is too odd for an answer or a sentence."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from analysis.__main__ import main
from analysis.files import load_schema
from tests.tolerances import METAFOR

ROOT = Path(__file__).parents[2]
EFFECTS = ROOT / "data" / "positive_regard_effects" / "effects.csv"
CORRELATIONS = (EFFECTS, "--ri", "ri", "--ni", "ni", "--study", "study_id", "--slab", "slab")


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["multiverse", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def document(*arguments: object) -> dict[str, Any]:
    code, out, err = run(*arguments, "--json")
    assert code == 0, err
    parsed: dict[str, Any] = json.loads(out)
    return parsed


def table(path: Path, yi: Any, vi: Any, **columns: Any) -> Path:
    rows = zip(*(np.atleast_1d(values).tolist() for values in (yi, vi, *columns.values())), strict=True)
    lines = [",".join(("yi", "vi", *columns)), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


# Composites by metafor's own aggregate, everything else by escalc and rma.
ORACLE = """
control <- list(threshold=1e-14, maxiter=10000, tol=1e-12)
result <- lapply(seq_along(spec$method), function(i) {
  d <- data.frame(ri=unlist(ri), ni=unlist(ni), study=unlist(study), rater=unlist(rater))
  if (spec$subset[i] != "all") d <- d[d$rater == "P", ]
  es <- escalc(spec$measure[i], ri=ri, ni=ni, data=d, vtype=spec$vtype[i])
  rule <- spec$aggregate[i]
  if (rule == "first") es <- es[!duplicated(es$study), ]
  if (rule == "0.6") es <- aggregate(es, cluster=study, struct="CS", rho=0.6, weighted=FALSE)
  if (rule == "weighted") es <- aggregate(es, cluster=study, struct="CS", rho=0.6)
  f <- rma(yi, vi, data=es, method=spec$method[i], test=spec$test[i], control=control)
  back <- if (spec$measure[i] == "ZCOR") tanh else identity
  list(k=f$k, estimate=back(f$beta[1]), ci_lb=back(f$ci.lb), ci_ub=back(f$ci.ub), pval=f$pval, tau2=f$tau2, i2=f$I2)
})"""


def test_specifications_are_the_fits_they_name(r: Any) -> None:
    found = document(
        *(*CORRELATIONS, "--measures", "ZCOR,COR", "--vtypes", "LS,AV", "--aggregate", "0.6,weighted,first,none"),
        *("--methods", "REML,DL,EE", "--tests", "z,knha", "--outliers", "none"),
        *("--subset", "patients:predictor_rater=P", "--draws", 0),
    )
    rows = found["tables"]["multiverse"]
    assert len(rows) == 3 * 4 * 2 * (2 * 2 + 1)
    with EFFECTS.open(newline="") as file:
        effects = list(csv.DictReader(file))
    spec = {key: [row[key] for row in rows] for key in ("measure", "vtype", "aggregate", "subset", "method", "test")}
    theirs = r(
        ORACLE,
        spec=spec,
        ri=[float(row["ri"]) for row in effects],
        ni=[float(row["ni"]) for row in effects],
        study=[row["study_id"] for row in effects],
        rater=[row["predictor_rater"] for row in effects],
    )
    for row, their in zip(rows, theirs, strict=True):
        for key in ("k", "estimate", "ci_lb", "ci_ub", "pval", "tau2", "i2"):
            assert row[key] == pytest.approx(their[key], rel=METAFOR, abs=1e-8), (row["spec"], key)
    assert {row["estimand"] for row in rows} == {"all", "patients"}


def test_effects_given_as_they_are_need_no_more_than_their_columns(r: Any, tmp_path: Path) -> None:
    bcg = r("d <- escalc('RR', ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat.bcg); result <- list(yi=c(d$yi), vi=d$vi)")
    found = document(table(tmp_path / "bcg.csv", bcg["yi"], bcg["vi"]), "--yi", "yi", "--vi", "vi")
    assert len(found["tables"]["multiverse"]) == 3 * (4 * 2 - 1)
    theirs = r("f <- rma(unlist(yi), unlist(vi), method='DL'); result <- list(b=f$beta[1], lb=f$ci.lb)", **bcg)
    row = next(
        one
        for one in found["tables"]["multiverse"]
        if (one["method"], one["test"], one["outliers"]) == ("DL", "z", "none")
    )
    assert (row["estimate"], row["ci_lb"]) == pytest.approx((theirs["b"], theirs["lb"]), rel=METAFOR)
    for name, records in found["tables"].items():
        required = load_schema(f"results/{name}")["items"]["required"]
        assert all(list(record) == required for record in records), name


@pytest.mark.parametrize(
    ("yi", "vi"),
    [
        ([0.3], [0.02]),
        ([0.3, 0.1], [0.02, 0.03]),
        ([0.3, 0.1, -0.2], [0.02, 0.03, 0.01]),
        ([0.3, 0.1, -0.2, 0.5, 0.2], [0.02] * 5),
        ([0.3] * 8, [0.02] * 8),
        ([0.0] * 8, [0.02] * 8),
        ([0.9, 0.8, 1.0, 0.7, 0.85, 0.95], [0.01] * 6),
        ([0.1, -0.1, 0.05, -0.02, 0.03, 0.0], [0.2] * 6),
        ([0.1, 0.2, 0.15, 0.12, 9.0], [0.05, 0.04, 0.06, 0.05, 1e-8]),
        ([1e9, -1e9, 3.0], [1e-9, 1e9, 1.0]),
    ],
    ids=["k1", "k2", "k3", "k5", "equal", "zero", "all significant", "none", "one huge", "far apart"],
)
@pytest.mark.filterwarnings("error")
def test_odd_tables_give_an_answer(yi: list[float], vi: list[float], tmp_path: Path) -> None:
    path = table(tmp_path / "odd.csv", yi, vi)
    found = document(path, "--yi", "yi", "--vi", "vi", "--tests", "z,t,knha,adhoc")
    assert found["reference"]["estimate"] is not None
    (summary,) = found["tables"]["multiverse_summary"]
    assert summary["n"] == len(found["tables"]["multiverse"])
    if len(yi) < 6:
        assert "no p value can be below" in found["tables"]["multiverse_test"][0]["reasons"]
    code, out, err = run(path, "--yi", "yi", "--vi", "vi")
    assert (code, err) == (0, "")
    assert "Reference: " in out


def test_the_seed_decides_the_draws(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    path = table(tmp_path / "many.csv", rng.normal(0.05, 0.3, 20).round(6), np.full(20, 0.02))
    pvals = [
        document(path, "--yi", "yi", "--vi", "vi", "--draws", 99, "--seed", seed)["tables"]["multiverse_test"]
        for seed in (1, 1, 2)
    ]
    assert pvals[0] == pvals[1]
    assert pvals[0] != pvals[2]


def test_what_flips_is_said_with_its_changes(tmp_path: Path) -> None:
    path = table(tmp_path / "flip.csv", [0.5, 0.45, 0.55, 0.5, -0.9], [0.01] * 5)
    found = document(path, "--yi", "yi", "--vi", "vi", "--methods", "REML,EE", "--outliers", "none,fences")
    flips = {(row["choice"], row["from"], row["to"]) for row in found["tables"]["multiverse_flips"]}
    assert flips == {("outliers", "none", "fences"), ("method", "REML", "EE")}
    _, out, _ = run(path, "--yi", "yi", "--vi", "vi", "--methods", "REML,EE", "--outliers", "none,fences")
    assert "method REML to EE: interval above no effect" in out


def test_ratios_are_held_against_one(tmp_path: Path) -> None:
    path = table(tmp_path / "ratios.csv", [2.0, 1.5, 3.0, 1.8], [0.1, 0.2, 0.15, 0.1])
    (summary,) = document(path, "--yi", "yi", "--vi", "vi", "--ratio")["tables"]["multiverse_summary"]
    assert summary["no_effect"] == 1.0
    assert (summary["positive"], summary["negative"]) == (1.0, 0.0)
    assert summary["smallest"] > 1.5


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--methods", "REMLL"), '--methods: "REMLL" is not a method of a multiverse. Did you mean REML?'),
        (("--methods", "EE", "--tests", "knha"), "--tests: EE deny"),
        (("--aggregate", "2"), '"2" is no way to aggregate'),
        (("--outliers", "fence"), "Did you mean fences?"),
        (("--measures", "ZCOR"), "ri, ni"),
        (("--subset", "some"), '"some" is not NAME:COLUMN=VALUE'),
        (("--subset", "all:x=1"), "choose another name"),
        (("--subset", "some:nowhere=1"), "nowhere"),
        (("--subset", "some:yi=77"), "rows"),
        (("--methods", ","), "name at least one"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(options: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    path = table(tmp_path / "some.csv", [0.1, 0.2, 0.4], [0.02, 0.02, 0.03])
    code, out, err = run(path, "--yi", "yi", "--vi", "vi", *options)
    assert (code, out) != (0, "")
    assert code != 0
    assert sentence in err
