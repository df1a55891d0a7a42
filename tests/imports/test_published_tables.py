"""Published meta-analyses as R ships them, through the reader and through `new`: metafor's numbers come out."""

import csv
from pathlib import Path
from typing import Any

import pytest

from analysis.datasets.effects import compute_effects
from analysis.files import check_dataset, read_dataset
from analysis.models import fit_model
from analysis.rows import ModelRow
from tests.imports.tables import fitted, new, save_workbook

# Every data frame of metadat with the columns of a measure and at most 270 rows; rows without numbers drop out of both.
CODE = """
sets <- list(SMD = c("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"), OR = c("ai", "n1i", "ci", "n2i"),
  OR = c("ai", "bi", "ci", "di"), ZCOR = c("ri", "ni"), GEN = c("yi", "vi"), PLO = c("xi", "ni"))
out <- list()
for (name in data(package = "metadat")$results[, "Item"]) {
  d <- get(name)
  if (!is.data.frame(d) || nrow(d) > 270) next
  for (i in seq_along(sets)) if (all(sets[[i]] %in% names(d))) {
    measure <- names(sets)[i]
    call <- c(list(measure = measure, data = d), lapply(setNames(sets[[i]], sets[[i]]), as.name))
    control <- list(threshold = 1e-14, maxiter = 10000, stepadj = 0.5)
    f <- do.call(rma, c(call, list(method = "REML", control = control)))
    write.csv(d, file.path(folder, paste0(name, ".csv")), row.names = FALSE)
    write.csv2(d, file.path(folder, paste0(name, ".csv2")), row.names = FALSE, na = "n/a")
    out[[name]] <- list(measure = measure, inputs = sets[[i]], b = f$beta[1], se = f$se, tau2 = f$tau2, k = f$k)
    break
  }
}
out
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("published")


@pytest.fixture(scope="module")
def published(r: Any, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = r(CODE, folder=str(folder))
    assert len(found) > 30
    return found


def number(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return None if cell == "NA" else cell


def disagreement(ours: tuple[float, float, float, int], theirs: dict[str, Any]) -> float:
    wanted = (theirs["b"], theirs["se"], theirs["tau2"])
    assert ours[3] == theirs["k"]
    return max(abs(one - other) / max(abs(other), 1e-6) for one, other in zip(ours, wanted, strict=False))


@pytest.mark.parametrize("kind", ["csv", "csv2", "xlsx"])
def test_fit_takes_them_in_every_format(published: dict[str, Any], folder: Path, kind: str) -> None:
    worst = {}
    for name, theirs in published.items():
        path = folder / f"{name}.{kind}"
        if kind == "xlsx":
            with (folder / f"{name}.csv").open(newline="") as stream:
                rows = [[number(cell) for cell in row] for row in csv.reader(stream)]
            save_workbook(path, [["Table", None], [], *rows, [], ["Total", None, 999], ["Note. As published."]])
        one = fitted(path, "--measure", theirs["measure"])
        worst[name] = disagreement((one["beta"][0], one["se"][0], one["tau2"], one["k"]), theirs)
    assert {name: value for name, value in worst.items() if value > 1e-6} == {}


def test_new_takes_them_and_the_workflow_agrees(published: dict[str, Any], folder: Path, tmp_path: Path) -> None:
    worst = {}
    for name, theirs in published.items():
        made = tmp_path / name.replace(".", "_").lower()
        inputs = [f"--{one.replace('_', '-')}={one}" for one in theirs["inputs"]]
        shown = new(made, "--from", folder / f"{name}.csv2", "--slab", "col:A", "--fill-down", "--measure",
                    theirs["measure"], *inputs)  # fmt: skip
        assert shown.exit_code == 0, f"{name}: {shown.output}"
        described = (made / "dataset.yaml").read_text(encoding="utf-8").replace('""', '"said"')
        (made / "dataset.yaml").write_text(described, encoding="utf-8")
        assert check_dataset(made) == [], name
        dataset = read_dataset(made)
        effects = compute_effects(
            dataset.records, dataset.columns, where=name, measure=theirs["measure"], chosen={}, aggregate_rho=None
        ).effects
        model = fit_model(effects, ROW, measure=theirs["measure"])
        fit = model.fit
        worst[name] = disagreement((float(fit.beta[0]), float(fit.se[0]), float(fit.tau2), len(effects)), theirs)
    assert {name: value for name, value in worst.items() if value > 1e-6} == {}


ROW = ModelRow(
    name="random", engine="frequentist", method="REML", test="z", mods=None, weights=None, tau2_interval="QP",
    prediction="normal", permutations=0, level=95.0, seed=1, structure="independent", outer=None, inner=None,
    covariance="UN", rho=0.6, robust=None, cluster="study_id", bootstrap=0, dfs="residual", rope=None,
)  # fmt: skip


@pytest.mark.parametrize(("ratio", "level"), [(False, 95), (True, 95), (True, 99)])
def test_p_values_and_limits_as_metafor(r: Any, tmp_path: Path, ratio: bool, level: int) -> None:
    rows = [
        ("a", 1.5, 1.1, 2.1, 0.02),
        ("b", 0.8, 0.5, 1.3, 0.3),
        ("c", 1.2, 0.9, 1.7, 0.2),
        ("d", 2.2, 1.4, 3.3, 0.001),
    ]
    table = tmp_path / "t.csv"
    text = "\n".join(["Study;est;lo;hi;p", *(";".join(str(cell).replace(".", ",") for cell in row) for row in rows)])
    table.write_text(text)
    more = ("--slab", "Study", "--level", level, *(("--ratio",) if ratio else ()))
    limits = fitted(table, "--yi", "est", "--ci-lb", "lo", "--ci-ub", "hi", *more)
    values = fitted(table, "--yi", "est", "--pi", "p", *more)
    code = """
    f <- if (ratio) log else identity
    one <- rma(f(est), sei = (f(hi) - f(lo)) / (2 * qnorm(0.5 + level / 200)), control = list(threshold = 1e-14))
    two <- rma(f(est), sei = abs(f(est)) / qnorm(p / 2, lower.tail = FALSE), control = list(threshold = 1e-14))
    list(b1 = one$beta[1], se1 = one$se, b2 = two$beta[1], se2 = two$se)
    """
    names = ("est", "lo", "hi", "p")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names, start=1)}
    theirs = r(code, ratio=ratio, level=level, **columns)
    ours = {"b1": limits["beta"][0], "se1": limits["se"][0], "b2": values["beta"][0], "se2": values["se"][0]}
    assert ours == pytest.approx(theirs, rel=1e-6)
