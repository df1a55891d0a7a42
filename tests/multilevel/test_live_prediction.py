"""Predicted means, new effects and random effects of mixed models against metafor's predict and ranef."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.frequentist.mixed_prediction import RandomEffects, blups, mixed_predict
from analysis.frequentist.multilevel import fit_multilevel
from tests.multilevel.test_live_multilevel import fit
from tests.tolerances import CLOSED_FORM, METAFOR, METAFOR_COVARIANCE


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    """Means and new effects."""
    result: dict[str, Any] = r((Path(__file__).parent / "tests.R").read_text(encoding="utf-8"))
    return result


@pytest.fixture(scope="module")
def effects(r: Any) -> dict[str, Any]:
    """Random effects."""
    result: dict[str, Any] = r((Path(__file__).parent / "ranef.R").read_text(encoding="utf-8"))
    return result


@pytest.mark.parametrize(("test", "dfs"), [("z", "residual"), ("t", "residual"), ("t", "contain")])
def test_rows_of_moderators(answers: dict[str, Any], test: str, dfs: str) -> None:
    theirs = answers[f"{test} {dfs}"]
    levels = {"study": theirs["outer"], "esid": theirs["inner"]}
    rows = [[1.0, 0.0, 0.0, 10.0], [1.0, 1.0, 0.0, -3.0], [1.0, 0.0, 1.0, 2.0]]
    ours = mixed_predict(fit(theirs, levels=levels, test=test, dfs=dfs), rows)
    for mine, other in (
        ("pred", "pred"),
        ("se", "pse"),
        *((name, name) for name in ("ci_lb", "ci_ub", "pi_lb", "pi_ub")),
    ):
        np.testing.assert_allclose(getattr(ours, mine), theirs[other], rtol=METAFOR, err_msg=mine)
    assert ours.interval == ("normal" if test == "z" else "t")


def test_mean_of_schools(answers: dict[str, Any]) -> None:
    k = answers["k"]
    ours = mixed_predict(fit(k, levels={"district": k["outer"], "school": k["inner"]}), [[1.0]])
    shown = [ours.pred, ours.se, ours.ci_lb, ours.ci_ub, ours.pi_lb, ours.pi_ub]
    np.testing.assert_allclose(np.ravel(shown), k["pi"], rtol=METAFOR)


def test_dimensions(answers: dict[str, Any]) -> None:
    b = answers["b"]
    free, shared = (fit(b, structure=(kind, b["inner"], b["outer"])) for kind in ("UN", "CS"))
    ours = mixed_predict(free, np.eye(2), dimensions=["AL", "PD"])
    np.testing.assert_allclose([*ours.pi_lb, *ours.pi_ub], b["UN"], rtol=METAFOR_COVARIANCE, atol=METAFOR_COVARIANCE)
    ours = mixed_predict(shared, np.eye(2))
    np.testing.assert_allclose([*ours.pi_lb, *ours.pi_ub], b["CS"], rtol=METAFOR_COVARIANCE, atol=METAFOR_COVARIANCE)
    open_ended = mixed_predict(free, np.eye(2))
    assert np.isnan(open_ended.pi_lb).all()
    assert open_ended.interval == "none"
    with pytest.raises(ModelError, match='"XX" is no dimension'):
        mixed_predict(free, np.eye(2), dimensions="XX")
    with pytest.raises(ModelError, match="3 dimensions for 2 rows"):
        mixed_predict(free, np.eye(2), dimensions=["AL", "PD", "AL"])


def alike(ours: RandomEffects, names: list[str], theirs: dict[str, Any], rtol: float) -> None:
    place = {name: index for index, name in enumerate(names)}
    order = [place[name] for name in theirs["names"]]
    size = float(np.abs(theirs["u"]).max())
    np.testing.assert_allclose(ours.estimate[order], theirs["u"], rtol=rtol, atol=rtol * size)
    np.testing.assert_allclose(ours.se[order], theirs["se"], rtol=rtol)
    np.testing.assert_allclose(ours.pi_lb[order], theirs["lb"], rtol=rtol, atol=rtol * size)
    np.testing.assert_allclose(ours.pi_ub[order], theirs["ub"], rtol=rtol, atol=rtol * size)


@pytest.mark.parametrize("name", ["konstantopoulos", "assink residual", "assink contain"])
def test_random_effects_of_levels(effects: dict[str, Any], name: str) -> None:
    theirs = effects[name]
    choices = {} if name == "konstantopoulos" else {"test": "t", "dfs": name.split()[1]}
    ours = blups(fit(theirs, levels={"outer": theirs["outer"], "inner": theirs["inner"]}, **choices))
    alike(ours[0], list(ours[0].labels), theirs["ranef"][0], 10 * METAFOR)
    owner = dict(zip(map(str, theirs["inner"]), map(str, theirs["outer"]), strict=True))
    nested = [label if "/" in label else f"{owner[label]}/{label}" for label in ours[1].labels]
    alike(ours[1], nested, theirs["ranef"][1], 10 * METAFOR)
    assert ours[0].k.sum() == ours[1].k.sum() == len(theirs["yi"])


@pytest.mark.parametrize("kind", ["UN", "CS"])
def test_random_effects_of_dimensions(effects: dict[str, Any], kind: str) -> None:
    theirs = effects[kind]
    (ours,) = blups(fit(theirs, structure=(kind, theirs["inner"], theirs["outer"])))
    names = [f"{inner} | {outer}" for inner, outer in zip(ours.inner, ours.labels, strict=True)]
    alike(ours, names, theirs["ranef"][0], METAFOR_COVARIANCE)


def test_no_heterogeneity_predicts_no_deviation() -> None:
    fitted = fit_multilevel(np.full(4, 0.2), np.full(4, 0.1), levels={"study": [1, 1, 2, 2]})
    (ours,) = blups(fitted)
    np.testing.assert_array_equal([ours.estimate, ours.se], np.zeros((2, 2)))
    new = mixed_predict(fitted, [[1.0]])
    np.testing.assert_allclose([new.pi_lb, new.pi_ub], [new.ci_lb, new.ci_ub], rtol=CLOSED_FORM)
