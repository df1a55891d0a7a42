"""The two stages of teacher_student_paths against metafor and against least squares that know nothing of ours."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import least_squares

from analysis.config import load_config
from analysis.files import read_dataset
from analysis.path_models import correlation_tables as tables_of
from analysis.path_models.correlation_tables import correlation_tables, select_correlations
from analysis.path_models.correlations import sampling_blocks
from analysis.path_models.pooling import pool_correlations
from analysis.results import Array
from analysis.rows import CorrelationPathRow
from tests.tolerances import ITERATIVE, METAFOR

ROOT = Path(__file__).parents[2]
# Pairs of positive, negative, engagement, achievement, in the order of ours.
PAIRS = (
    *("positive-negative", "positive-engagement", "negative-engagement"),
    *(f"{name}-achievement" for name in ("positive", "negative", "engagement")),
)
CODE = """
d <- read.csv("{data}/teacher_student/effects.csv", stringsAsFactors = FALSE)
V <- as.matrix(read.csv("{covariance}", header = FALSE))
d$pair <- factor(d$pair, levels = c({levels}))
fit <- rma.mv(ri, V, mods = ~ 0 + pair, random = ~ pair | study_id, struct = "DIAG", method = "{method}", data = d,
              control = list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-16, maxit = 10000))
list(r = unname(coef(fit)), vb = unname(vcov(fit)), tau2 = fit$tau2, qe = fit$QE, qe_df = fit$k - fit$p, k = fit$k)
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other covariances between studies are not looked at here."""
    monkeypatch.setattr(tables_of, "PATH_STRUCTURES", ("DIAG",))


@pytest.fixture(scope="module")
def effects() -> list[dict[str, Any]]:
    return [{**row, "yi": row["ri"]} for row in read_dataset(ROOT / "data" / "teacher_student").records]


def asked(**changes: Any) -> CorrelationPathRow:
    row = load_config(ROOT / "config/config.yaml", ROOT / "data").paths["teacher_student_paths"]
    assert isinstance(row, CorrelationPathRow)
    return replace(row, draws=1000, **changes)


def olkin_siotani(effects: list[dict[str, Any]]) -> Array:
    """Sampling covariance of all correlations, the paper's formula written out at means weighted by n, over n - 1."""
    names = ("positive", "negative", "engagement", "achievement")
    mean = np.eye(4)
    for i in range(4):
        for j in range(i):
            own = [one for one in effects if set(str(one["pair"]).split("-")) == {names[i], names[j]}]
            value = sum(one["ni"] * one["ri"] for one in own) / sum(one["ni"] for one in own)
            mean[i, j] = mean[j, i] = value
    size: dict[str, float] = {}
    for one in effects:
        size[one["study_id"]] = min(size.get(one["study_id"], np.inf), one["ni"])
    V = np.zeros((len(effects), len(effects)))
    for a, first in enumerate(effects):
        for b, second in enumerate(effects):
            if first["study_id"] != second["study_id"]:
                continue
            (s, t), (u, v) = ([names.index(x) for x in str(one["pair"]).split("-")] for one in (first, second))
            r = mean
            value = 0.5 * r[s, t] * r[u, v] * (r[s, u] ** 2 + r[s, v] ** 2 + r[t, u] ** 2 + r[t, v] ** 2)
            value += r[s, u] * r[t, v] + r[s, v] * r[t, u]
            value -= r[s, t] * (r[s, u] * r[s, v] + r[t, u] * r[t, v])
            value -= r[u, v] * (r[s, u] * r[t, u] + r[s, v] * r[t, v])
            V[a, b] = value / (size[first["study_id"]] - 1)
    return V


def test_sampling_covariance_is_that_of_the_paper(effects: list[dict[str, Any]]) -> None:
    table = select_correlations(effects, asked())
    ours = sampling_blocks(table).dense()
    np.testing.assert_allclose(ours, olkin_siotani(effects), rtol=1e-10, atol=1e-16)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_first_stage_is_metafors(r: Any, effects: list[dict[str, Any]], tmp_path: Path, method: str) -> None:
    covariance = tmp_path / "V.csv"
    np.savetxt(covariance, olkin_siotani(effects), delimiter=",", fmt="%.17g")
    levels = ", ".join(f'"{pair}"' for pair in PAIRS)
    code = CODE.format(data=ROOT / "data", covariance=covariance, levels=levels, method=method)
    theirs = r(code)
    row = asked(method=method, simpler=None)
    tables = correlation_tables(select_correlations(effects, row), row)
    rows = tables["correlations"]
    assert [f"{one['first']}-{one['second']}" for one in rows] == list(PAIRS)
    for key, expected in (("estimate", theirs["r"]), ("se", np.sqrt(np.diag(theirs["vb"])))):
        np.testing.assert_allclose([one[key] for one in rows], expected, rtol=METAFOR)
    np.testing.assert_allclose([one["sd"] ** 2 for one in rows], theirs["tau2"], rtol=METAFOR)
    (pooling,) = tables["pooling"]
    assert pooling["qe"] == pytest.approx(theirs["qe"], rel=METAFOR)
    assert (pooling["qe_df"], pooling["k"]) == (theirs["qe_df"], theirs["k"])


def implied_by_regression(theta: Array) -> Array:
    """Correlations of the model with fewer paths, from its equations: e = a x1 + b x2 + u and y = c e + w."""
    a, b, c, rho = theta
    first, second = a + b * rho, b + a * rho
    return np.array([rho, first, second, c * first, c * second, c])


def test_second_stage_is_weighted_least_squares(effects: list[dict[str, Any]]) -> None:
    row = asked()
    table = select_correlations(effects, row)
    pooled = pool_correlations(table, structure="DIAG", method="REML")
    weight = np.linalg.cholesky(np.linalg.inv(pooled.vb)).T

    def distance(theta: Array) -> Array:
        return weight @ (pooled.r - implied_by_regression(theta))

    found = least_squares(distance, np.zeros(4), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    tables = correlation_tables(table, replace(row, model=row.simpler or "", simpler=None))
    ours = {(one["source"], one["outcome"]): one for one in tables["paths"]}
    order = [("positive", "engagement"), ("negative", "engagement"), ("engagement", "achievement")]
    order += [("positive", "negative")]
    np.testing.assert_allclose([ours[pair]["estimate"] for pair in order], found.x, rtol=ITERATIVE)
    h, steps = 1e-6, np.eye(4) * 1e-6
    slopes = [(implied_by_regression(found.x + s) - implied_by_regression(found.x - s)) / (2 * h) for s in steps]
    J = np.array(slopes).T
    vb = np.linalg.inv(J.T @ np.linalg.inv(pooled.vb) @ J)
    np.testing.assert_allclose([ours[pair]["se"] for pair in order], np.sqrt(np.diag(vb)), rtol=METAFOR)
    (fit,) = tables["fit"]
    assert fit["chi2"] == pytest.approx(2 * found.cost, rel=ITERATIVE)
    assert fit["df"] == 2


def test_a_saturated_model_is_regression(effects: list[dict[str, Any]]) -> None:
    """Paths of the whole model are partial regressions of the pooled matrix, by algebra."""
    row = asked()
    tables = correlation_tables(select_correlations(effects, row), row)
    R = np.eye(4)
    for one, (i, j) in zip(tables["correlations"], [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)], strict=True):
        R[i, j] = R[j, i] = one["estimate"]
    engagement = np.linalg.solve(R[:2, :2], R[:2, 2])
    achievement = np.linalg.solve(R[:3, :3], R[:3, 3])
    ours = {(one["source"], one["outcome"]): one["estimate"] for one in tables["paths"]}
    names = ("positive", "negative", "engagement")
    np.testing.assert_allclose([ours[name, "engagement"] for name in names[:2]], engagement, rtol=ITERATIVE)
    np.testing.assert_allclose([ours[name, "achievement"] for name in names], achievement, rtol=ITERATIVE)
    effects_ = {one["effect"]: one["estimate"] for one in tables["effects"]}
    indirect = effects_["negative -> engagement -> achievement"]
    assert indirect == pytest.approx(engagement[1] * achievement[2], rel=ITERATIVE)
    assert effects_["negative => achievement"] == pytest.approx(achievement[1] + indirect, rel=ITERATIVE)
