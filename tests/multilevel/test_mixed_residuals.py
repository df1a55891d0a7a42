"""Hat values and residuals of multilevel models against metafor, by effect and by cluster."""

from typing import Any

import numpy as np
import pytest

from analysis.errors import ModelError
from analysis.frequentist.mixed_deletion import leave_one_out
from analysis.frequentist.mixed_residuals import hat_values, rstandard, rstudent
from analysis.frequentist.multilevel import fit_multilevel
from tests.multilevel.diagnosed import MODELS, fit, near, ordered
from tests.tolerances import CLOSED_FORM


@pytest.mark.parametrize("model", MODELS)
def test_hat_values_and_standardised_residuals(diagnostics: dict[str, Any], model: str) -> None:
    theirs = diagnostics[model]
    ours = fit(model, theirs)
    near(model, hat_values(ours), theirs["hat"])
    assert float(hat_values(ours).sum()) == pytest.approx(ours.p, rel=CLOSED_FORM)
    found = rstandard(ours)
    for name in ("resid", "se", "z"):
        near(model, getattr(found, name), theirs["rstandard"][name])
    np.testing.assert_allclose(found.X2, found.z**2, rtol=1e-10)
    clustered = rstandard(ours, theirs["cluster"])
    near(model, clustered.z, theirs["rstandard_cluster"]["z"])
    near(
        model,
        clustered.X2[ordered(clustered.labels, theirs["rstandard_cluster"]["slab"])],
        theirs["rstandard_cluster"]["X2"],
    )


@pytest.mark.parametrize("reestimate", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_studentised_residuals(diagnostics: dict[str, Any], model: str, reestimate: bool) -> None:
    theirs = diagnostics[model]["refitted" if reestimate else "held"]
    ours = fit(model, diagnostics[model])
    found = rstudent(leave_one_out(ours, reestimate=reestimate))
    for name in ("resid", "se", "z"):
        near(model, getattr(found, name), theirs["rstudent"][name], refitted=reestimate)
    clustered = rstudent(leave_one_out(ours, diagnostics[model]["cluster"], reestimate=reestimate))
    near(model, clustered.z, theirs["rstudent_cluster"]["z"], refitted=reestimate)
    order = ordered(clustered.labels, theirs["rstudent_cluster"]["slab"])
    near(model, clustered.X2[order], theirs["rstudent_cluster"]["X2"], refitted=reestimate)


def test_sets_that_cut_across_the_levels(diagnostics: dict[str, Any]) -> None:
    theirs = diagnostics["crossed"]
    ours = fit("konstantopoulos", diagnostics["konstantopoulos"])
    order = ordered(rstandard(ours, theirs["cluster"]).labels, sorted({str(one) for one in theirs["cluster"]}))
    near("crossed", rstandard(ours, theirs["cluster"]).X2[order], theirs["X2"])
    near("crossed", rstudent(leave_one_out(ours, theirs["cluster"])).z, theirs["z"], refitted=True)
    held = rstudent(leave_one_out(ours, theirs["cluster"], reestimate=False))
    near("crossed", held.X2[order], theirs["X2_deleted"])


@pytest.mark.parametrize(
    ("cluster", "said"),
    [([1] * 5, "all effects lie in one cluster"), ([1, 2], "for 5 effects"), ([1, 2, None, 3, 3], "is missing")],
)
def test_clusters_that_cannot_be_used_are_refused(cluster: list[Any], said: str) -> None:
    ours = fit_multilevel([0.1, 0.4, 0.3, 0.9, 0.5], np.full(5, 0.05), levels={"study": [1, 1, 2, 3, 3]})
    with pytest.raises(ModelError, match=said):
        rstandard(ours, cluster)
    with pytest.raises(ModelError, match=said):
        leave_one_out(ours, cluster)
