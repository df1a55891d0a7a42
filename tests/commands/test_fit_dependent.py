"""`fit --model multilevel|che|aggregated|multivariate`: metafor's and clubSandwich's numbers from a table."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analysis.__main__ import main
from tests.tolerances import METAFOR

TIGHT = "control=list(optimizer='nlminb', rel.tol=1e-10)"


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["fit", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def document(*arguments: object) -> dict[str, Any]:
    code, out, err = run(*arguments, "--yi", "yi", "--vi", "vi", "--json")
    assert code == 0, err
    parsed: dict[str, Any] = json.loads(out)
    return parsed


@pytest.fixture
def table(r: Any, tmp_path: Path) -> Any:
    """Write a dataset of metadat as CSV."""

    def write(name: str, columns: str) -> Path:
        found = r(f"result <- as.list({name}[c({columns})])")
        path = tmp_path / "table.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(found)
            writer.writerows(zip(*found.values(), strict=True))
        return path

    return write


def close(ours: Any, theirs: Any, *, rel: float = METAFOR) -> None:
    assert ours == pytest.approx(theirs, rel=rel)


def test_schools_in_districts_with_a_robust_variance(table: Any) -> None:
    path = table("dat.konstantopoulos2011", "'district', 'school', 'yi', 'vi'")
    found = document(path, "--study", "district", "--model", "multilevel", "--robust", "CR2")
    # Konstantopoulos (2011) by metafor and clubSandwich at their optimum.
    close(found["beta"], [0.1847131637])
    close(list(found["sigma2"].values()), [0.065061944, 0.032736518])
    assert list(found["sigma2"]) == ["study_id", "effect_id"]
    close(found["se"], [0.08445799543])
    close(found["ddf"], [9.863156233])
    assert found["robust"] == {"kind": "CR2", "cluster": "study_id", "n_clusters": 11}
    assert found["model_based"]["ddf"] != found["ddf"]
    limits = {row["level_name"]: (row["ci_lb"], row["ci_ub"]) for row in found["tables"]["components"]}
    assert limits["study_id"][0] < 0.065061944 < limits["study_id"][1]


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_correlated_and_hierarchical_effects_with_moderators(r: Any, table: Any, rho: float) -> None:
    path = table("dat.assink2016", "'study', 'esid', 'yi', 'vi', 'year', 'deltype'")
    mods = "year + C(deltype)"
    found = document(path, "--study", "study", "--model", "che", "--rho", rho, "--robust", "CR2", "--mods", mods)
    theirs = r(
        f"""d <- dat.assink2016; d$deltype <- factor(d$deltype)
        V <- vcalc(vi, cluster=study, obs=esid, data=d, rho={rho})
        f <- rma.mv(yi, V, mods=~ year + deltype, random=~ 1 | study/esid, data=d, {TIGHT})
        t <- clubSandwich::coef_test(f, vcov='CR2', cluster=d$study)
        vb <- clubSandwich::vcovCR(f, type='CR2', cluster=d$study)
        w <- clubSandwich::Wald_test(f, clubSandwich::constrain_zero(3:4), vcov=vb, test='HTZ')
        result <- list(beta=c(f$beta), sigma2=f$sigma2, se=t$SE, ddf=t$df_Satt, pval=t$p_Satt, fstat=w$Fstat,
          den=w$df_denom, wald=w$p_val, qe=f$QE)"""
    )
    for name in ("beta", "se", "ddf", "pval"):
        close(found[name], theirs[name], rel=1e-5)
    close(list(found["sigma2"].values()), theirs["sigma2"], rel=1e-4)
    close(found["qe"], theirs["qe"])
    (term,) = (row for row in found["tables"]["tests"] if row["test"] == "term" and "deltype" in row["term"])
    close([term["stat"], term["ddf"], term["pval"]], [theirs[name] for name in ("fstat", "den", "wald")], rel=1e-5)
    assert "HTZ" in term["note"]


def test_aggregated_effects(r: Any, table: Any) -> None:
    path = table("dat.assink2016", "'study', 'esid', 'yi', 'vi'")
    found = document(path, "--study", "study", "--model", "aggregated", "--rho", 0.6, "--robust", "CR2")
    theirs = r(
        """d <- escalc(yi=yi, vi=vi, data=dat.assink2016)
        a <- aggregate(d, cluster=study, struct='CS', rho=.6, weighted=FALSE)
        f <- rma(yi, vi, data=a, control=list(threshold=1e-14, maxiter=10000))
        t <- clubSandwich::coef_test(f, vcov='CR2', cluster=a$study)
        result <- list(beta=f$beta[1], tau2=f$tau2, se=t$SE, ddf=t$df_Satt, k=f$k)"""
    )
    for name in ("beta", "se", "ddf"):
        close(found[name], [theirs[name]])
    close(found["tau2"], theirs["tau2"])
    assert found["k"] == theirs["k"]
    assert "100 effects were combined into 17" in found["notes"][0]


@pytest.mark.parametrize("covariance", ["UN", "CS", "HCS", "DIAG"])
def test_effects_by_dimension(r: Any, table: Any, covariance: str) -> None:
    path = table("dat.berkey1998", "'trial', 'outcome', 'yi', 'vi'")
    mods = "C(outcome) - 1"
    options = ("--study", "trial", "--model", "multivariate", "--inner", "outcome", "--covariance", covariance)
    found = document(path, *options, "--rho", 0.4, "--mods", mods)
    theirs = r(
        f"""d <- dat.berkey1998
        V <- vcalc(vi, cluster=trial, obs=outcome, data=d, rho=.4)
        f <- rma.mv(yi, V, mods=~ outcome - 1, random=~ outcome | trial, struct='{covariance}', data=d, {TIGHT})
        result <- list(beta=c(f$beta), se=f$se, tau2=f$tau2, rho=f$rho, loglik=logLik(f)[1])"""
    )
    close(found["beta"], theirs["beta"], rel=1e-5)
    close(found["se"], theirs["se"], rel=1e-4)
    close(found["loglik"], theirs["loglik"])
    ours = [row["estimate"] for row in found["tables"]["components"] if row["component"] == "tau2"]
    close(ours, theirs["tau2"] if isinstance(theirs["tau2"], list) else [theirs["tau2"]], rel=1e-3)


def test_rho_where_nothing_correlates_is_told(table: Any) -> None:
    path = table("dat.assink2016", "'study', 'esid', 'yi', 'vi'")
    found = document(path, "--study", "study", "--model", "multilevel", "--rho", 0.6)
    assert any("--rho changes nothing" in note for note in found["notes"])


ROWS = [("a", 0.1), ("a", 0.2), ("b", 0.3), ("b", 0.5), ("c", 0.2), ("d", 0.6)]
REFUSED = [
    (("--model", "multivariate"), "needs the dimension"),
    (("--model", "che", "--method", "DL"), "fitted by likelihood, not by DL"),
    (("--model", "multilevel", "--test", "knha"), "has no test knha"),
    (("--model", "multilevel", "--robust", "CR2", "--cluster", "lab"), "lab, which is not a column"),
    (("--cluster", "study"), "--cluster: nothing is clustered"),
    (("--bootstrap", "99"), "draws a robust statistic"),
    (("--model", "aggregated", "--outer", "study"), "no level above studies"),
    (("--model", "aggregated", "--mods", "C(kind)"), "differs within study a"),
]


@pytest.mark.parametrize(("options", "sentence"), REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path: Path, options: tuple[str, ...], sentence: str) -> None:
    path = tmp_path / "table.csv"
    lines = [f"{study},{yi},0.04,{'xy'[i % 2]}" for i, (study, yi) in enumerate(ROWS)]
    path.write_text("study,yi,vi,kind\n" + "\n".join(lines) + "\n")
    code, _, err = run(path, "--yi", "yi", "--vi", "vi", "--study", "study", *options)
    assert code == 1
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize("model", ["multilevel", "che", "aggregated"])
@pytest.mark.parametrize("studies", ["aaaa", "abcd", "aaab", "aabb"])
def test_small_and_degenerate_tables_give_an_answer_or_a_sentence(tmp_path: Path, model: str, studies: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text("study,yi,vi\n" + "\n".join(f"{s},0.{i + 1},0.04" for i, s in enumerate(studies)) + "\n")
    for robust in ((), ("--robust", "CR2")):
        code, out, err = run(path, "--yi", "yi", "--vi", "vi", "--study", "study", "--model", model, *robust, "--json")
        assert code == 0 or (err.strip() and "Traceback" not in err)
        if code == 0:
            assert json.loads(out)["k"] >= 1
