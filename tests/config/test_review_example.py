"""The review in the manual is one that works."""

import re
from pathlib import Path

from analysis.files import check_dataset, read_dataset

MANUAL = (Path(__file__).parents[2] / "config" / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"## Bring your review\n.*?```yaml\n(.*?)```", MANUAL, re.DOTALL)
DESCRIPTION = """\
{name: good, title: t, kind: effects, synthetic: false, question: q, citation: c, doi: null, licence: l, source: s,
 provenance: p, measure: ZCOR, direction: d, k: 2, n_studies: 2, columns: {}, notes: []}
"""
EFFECTS = """\
effect_id,study_id,slab,ri,ni
a1,able2001,Able (2001),0.30,40
b1,baker2002,Baker (2002),-0.10,25
"""


def test_the_example_of_the_manual_has_no_problem(tmp_path: Path) -> None:
    assert EXAMPLE is not None
    folder = tmp_path / "good"
    folder.mkdir()
    (folder / "dataset.yaml").write_text(DESCRIPTION, encoding="utf-8")
    (folder / "effects.csv").write_text(EFFECTS, encoding="utf-8")
    claims = "claim_id,paper,doi,where,quantity,printed,metric,relation,model,note\n"
    (folder / "claims.csv").write_text(claims, encoding="utf-8")
    (folder / "review.yaml").write_text(EXAMPLE[1], encoding="utf-8")
    assert check_dataset(folder) == []
    assert set(read_dataset(folder).review or {}) == {"flow", "without_effects", "characteristics", "risk_of_bias"}
