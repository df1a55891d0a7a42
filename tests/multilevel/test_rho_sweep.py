"""The sweep over rho against metafor (`vcalc`, `rma.mv`, `aggregate`, `rma`) and clubSandwich."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.errors import ToolkitError
from analysis.frequentist.rho_sweep import RhoSweep, rho_sweep
from analysis.results import Design
from tests.tolerances import METAFOR

RHOS = (0.0, 0.2, 0.5, 0.6, 0.9)


@pytest.fixture(scope="module")
def answers(r: Any) -> dict[str, Any]:
    result: dict[str, Any] = r((Path(__file__).parent / "rho_sweep.R").read_text(encoding="utf-8"))
    return result


def sweep(record: dict[str, Any], mods: str) -> RhoSweep:
    k = len(record["yi"])
    X = np.column_stack([np.ones(k), record["pubstatus"]])[:, : 1 if mods == "mean" else 2]
    design = Design(X=X, names=("intrcpt", "pubstatus")[: X.shape[1]], terms=(), has_intercept=True)
    levels = {"study": record["study"], "esid": record["esid"]}
    return rho_sweep(record["yi"], record["vi"], record["study"], design, rhos=RHOS, levels=levels)


@pytest.mark.parametrize("mods", ["mean", "pubstatus"])
def test_both_models_at_every_rho(answers: dict[str, Any], mods: str) -> None:
    ours = sweep(answers, mods)
    assert [one.model for one in ours.models] == ["che", "aggregated"]
    for index, rho in enumerate(RHOS):
        for one in ours.models:
            theirs = answers[f"{rho:g} {mods}"][one.model]
            for name in ("beta", "se", "ci_lb", "qe", "loglik", "robust_se", "robust_ci_lb", "robust_ci_ub"):
                np.testing.assert_allclose(
                    getattr(one, name)[index], np.squeeze(theirs[name]), rtol=METAFOR, atol=METAFOR * one.se.max()
                )
            np.testing.assert_allclose(one.robust_ddf[index], theirs["robust_ddf"], rtol=10 * METAFOR)
            np.testing.assert_allclose(one.sigma2[index], theirs["sigma2"], rtol=10 * METAFOR)
            for name in ("pval", "robust_pval"):
                np.testing.assert_allclose(np.log(getattr(one, name)[index]), np.log(theirs[name]), rtol=10 * METAFOR)
            if mods == "pubstatus":
                omnibus = [one.omnibus_stat[index], one.omnibus_ddf[index], one.omnibus_pval[index]]
                np.testing.assert_allclose(omnibus, theirs["omnibus"], rtol=100 * METAFOR)


def table() -> dict[str, np.ndarray]:
    random = np.random.default_rng(2)
    study = np.repeat(np.arange(12), np.resize([1, 2, 3, 4], 12))
    k = len(study)
    yi = random.normal(0.2, 0.3, 12)[study] + random.normal(0.0, 0.3, k)
    return {"yi": yi, "vi": random.uniform(0.02, 0.1, k), "cluster": study}


def test_a_rho_at_which_v_is_not_positive_definite_is_noted_and_the_others_stand() -> None:
    ours = rho_sweep(**table(), rhos=(-0.6, 0.0, 0.5, 1.0))
    che, aggregated = ours.models
    np.testing.assert_array_equal(np.isnan(che.beta[:, 0]), [True, False, False, True])
    np.testing.assert_array_equal(np.isnan(aggregated.beta[:, 0]), [True, False, False, False])
    assert any(note.startswith("rho 1: ") and "not positive definite" in note for note in che.notes)
    assert any(note.startswith("rho -0.6: ") for note in aggregated.notes)


def test_the_default_is_from_none_to_nine_tenths() -> None:
    ours = rho_sweep(**table())
    np.testing.assert_array_equal(ours.rhos, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    assert all(np.isfinite(one.robust_se).all() for one in ours.models)


def test_a_moderator_within_studies_leaves_the_aggregated_model_out() -> None:
    data = table()
    X = np.column_stack([np.ones(len(data["yi"])), np.arange(len(data["yi"]))])
    ours = rho_sweep(**data, design=Design(X=X, names=("intrcpt", "x"), terms=(), has_intercept=True), rhos=(0.5,))
    assert [one.model for one in ours.models] == ["che"]
    assert ours.notes == ("x differs within a study, so there is no aggregated model of it.",)


def test_studies_of_one_effect_do_not_know_rho() -> None:
    data = table()
    first = np.unique(data["cluster"], return_index=True)[1]
    ours = rho_sweep(**{name: values[first] for name, values in data.items()}, rhos=(0.0, 0.9))
    assert "rho plays no part" in ours.notes[0]
    for one in ours.models:
        np.testing.assert_allclose(one.beta[0], one.beta[1], rtol=1e-12)
    np.testing.assert_allclose(ours.models[0].beta, ours.models[1].beta, rtol=1e-8)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"models": ("cheese",)}, "models cheese"),
        ({"models": ()}, "models are none"),
        ({"rhos": (0.5, 1.5)}, "between -1 and 1"),
        ({"rhos": ()}, "between -1 and 1"),
        ({"robust": "CR9"}, "CR9 is no kind"),
        ({"cluster": np.ones(30)}, "one cluster"),
        ({"cluster": np.ones(3)}, "one per effect"),
    ],
)
def test_what_cannot_be_swept_is_refused(choices: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolkitError, match=said):
        rho_sweep(**{**table(), **choices})
