"""A page is held to its data: what was changed is found and named, what was not is let pass."""

import json
import random
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from analysis.commands.verify import verify
from analysis.commands.verify_page import Folders, verify_page
from analysis.commands.verify_summary import problems
from analysis.verification.comparison import Behind, compare_pages
from analysis.verification.draws import check_draws
from analysis.verification.page_content import read_page

PAGE = Path("reports/rendered/positive_regard")
EFFECTS = Path("data/positive_regard/effects.csv")
# What a reader does not see: tags, styles, and characters that are written by number.
HIDDEN = re.compile(r"<style>.*?</style>|<script.*?</script>|<svg.*?</svg>|<[^>]*>|&#?\w+;", re.DOTALL)


def spoil(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def found(folders: Folders) -> list[str]:
    return problems(verify_page(PAGE, folders))


def seen_digits(html: str) -> list[int]:
    """Positions of all digits that a reader sees."""
    shown = HIDDEN.sub(lambda match: " " * len(match[0]), html)
    return [match.start() for match in re.finditer(r"\d", shown[shown.index(" ") :])]


def test_a_page_as_it_was_rendered_passes(project: Path) -> None:
    done = CliRunner().invoke(verify, [str(PAGE), "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    numbers = document["numbers"]
    assert document["good"]
    assert not document["problems"]
    assert len(numbers) > 150
    assert {number["verdict"] for number in numbers} == {"agrees"}
    assert {file["state"] for file in document["files"]} == {"same"}
    assert any(file["name"] == EFFECTS.as_posix() for file in document["files"])


def test_every_digit_that_is_changed_is_found_and_named(project: Path, folders: Folders) -> None:
    html = (PAGE / "index.html").read_text(encoding="utf-8")
    expected = read_page(html)
    behind = Behind(tables={}, headline="random_effects", lines={}, stored_models={})
    draw = random.Random(20260101)
    for place in draw.sample(seen_digits(html), 250):
        digit = str((int(html[place]) + draw.randint(1, 9)) % 10)
        changed = html[:place] + digit + html[place + 1 :]
        numbers, wordings = compare_pages(read_page(changed), expected, behind)
        wrong = [number for number in numbers if number.verdict != "agrees"]
        assert len(wrong) + len(wordings) == 1, changed[place - 40 : place + 40]
        page, data = (wrong[0].page, wrong[0].data) if wrong else (wordings[0].page, wordings[0].data)
        assert page != data
        assert digit in (page or "")
        assert bool(wrong) or wordings[0].number


@pytest.mark.parametrize("seed", range(4))
def test_a_changed_digit_is_found_against_the_data(project: Path, folders: Folders, seed: int) -> None:
    html = (PAGE / "index.html").read_text(encoding="utf-8")
    place = random.Random(seed).choice(seen_digits(html))
    changed = html[:place] + str((int(html[place]) + 3) % 10) + html[place + 1 :]
    (PAGE / "index.html").write_text(changed, encoding="utf-8")
    assert len(found(folders)) == 1
    done = CliRunner().invoke(verify, [str(PAGE)])
    assert done.exit_code == 1
    assert "Problems: 1." in done.output


def test_a_changed_number_is_told_with_table_line_column_model_and_rows(project: Path, folders: Folders) -> None:
    where = 'data-source="headline.csv:2:estimate" title="headline.csv, line 2, estimate">'
    spoil(PAGE / "index.html", f"{where}.27<", f"{where}.72<")
    (said,) = found(folders)
    assert "headline.csv, line 2, estimate; model random_effects; effects.csv rows 2-19" in said
    assert "the page says '.72', the data give '.27'" in said


def test_a_changed_cell_is_named_with_the_numbers_that_move(project: Path, folders: Folders) -> None:
    spoil(EFFECTS, "Bachelor (1991),1991,0.49,", "Bachelor (1991),1991,0.59,")
    verified = verify_page(PAGE, folders)
    said = problems(verified)
    assert f"{EFFECTS.as_posix()}: this file is not the one the page was made from." in said
    assert f"{EFFECTS.as_posix()}:2: ri is 0.59; it was 0.49 when the page was made." in said
    moved = [number for number in verified.numbers if number.verdict == "differs"]
    assert any(number.table == "studies" and (number.page, number.data) == (".49", ".59") for number in moved)
    assert {number.table for number in moved} >= {"headline", "models", "studies", "answers", "../ledger"}
    # The sizes of the studies do not depend on it.
    assert not any(number.column == "ni" for number in moved)
    assert CliRunner().invoke(verify, [str(PAGE)]).exit_code == 1


def test_a_cell_that_moves_no_result_is_caught_by_its_digest(project: Path, folders: Folders) -> None:
    spoil(EFFECTS, "0.49,47,", "0.490000001,47,")
    *said, raw = found(folders)
    assert len(said) == 2
    assert all("effects.csv" in sentence for sentence in said)
    assert "the page says '0.49', the data give '0.490000001'" in raw


def test_numbers_typed_by_hand_and_rows_taken_out_are_named(project: Path, folders: Folders) -> None:
    html = (PAGE / "index.html").read_text(encoding="utf-8")
    start = html.index("<tr ", html.index('<tbody class="effects">', html.index('id="table-studies"')))
    end = html.index("</tr>", start) + len("</tr>")
    html = (html[:start] + html[end:]).replace(">Data and where they", ">Data of 7 and where they")
    (PAGE / "index.html").write_text(html, encoding="utf-8")
    verified = verify_page(PAGE, folders)
    missing = [number for number in verified.numbers if number.verdict == "missing"]
    assert {number.table for number in missing} == {"studies", "raw", "influence", "headline"}
    assert {number.line for number in missing if number.table != "raw"} == {2}
    typed = [wording for wording in verified.wordings if wording.number]
    assert len(typed) == 1
    assert typed[0].page.startswith("Data of 7 and")
    assert any("these words are missing: 'Bachelor (1991)" in sentence for sentence in problems(verified))


def test_a_number_with_a_source_that_is_not_there_is_added(project: Path, folders: Folders) -> None:
    spoil(
        PAGE / "index.html",
        '<h2 id="data">',
        '<span class="number" data-source="models.csv:99:estimate">.5</span><h2 id="data">',
    )
    (said,) = found(folders)
    assert "models.csv, line 99, estimate" in said
    assert "no number belongs here" in said


@pytest.mark.parametrize(
    ("old", "new"), [("L3 4", "L3 5"), (">0.2718<", ">0.8172<"), ('class="whisker" d="M1', 'class="whisker" d="M2')]
)
def test_a_changed_drawing_is_found(project: Path, folders: Folders, old: str, new: str) -> None:
    spoil(PAGE / "index.html", old, new)
    assert len(found(folders)) == 1


def test_a_turned_conclusion_is_found(project: Path, folders: Folders) -> None:
    spoil(PAGE / "index.html", "lies above zero", "lies below zero")
    (said,) = found(folders)
    assert "other words" in said
    assert "below" in said


def test_a_page_made_with_other_versions_passes(project: Path, folders: Folders) -> None:
    provenance = json.loads((PAGE / "provenance.json").read_text(encoding="utf-8"))
    was = provenance["packages"]["numpy"]
    provenance["packages"]["numpy"] = "1.99.9"
    (PAGE / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
    spoil(PAGE / "index.html", f"numpy {was}", "numpy 1.99.9")
    assert found(folders) == []


def test_a_changed_choice_is_told_by_its_key(project: Path, folders: Folders) -> None:
    spoil(Path("config/config.yaml"), "test: knha", "test: z")
    said = found(folders)
    assert any("model random_effects: test was 'knha' and is 'z'" in sentence for sentence in said)


def test_a_result_that_was_touched_or_removed_is_told(project: Path, folders: Folders) -> None:
    spoil(Path("results/positive_regard/random_effects/coefficients.csv"), "intrcpt", "intrcpT")
    Path("results/positive_regard/excluded.csv").unlink()
    said = found(folders)
    assert len(said) == 2
    assert "not the one" in said[1]
    assert "it is not here" in said[0]


def test_rows_beside_their_digests_cannot_be_exchanged(project: Path, folders: Folders) -> None:
    spoil(PAGE / "provenance.json", '"method": "EE"', '"method": "DL"')
    assert any("the row model equal_effects is not the one digested" in sentence for sentence in found(folders))


def test_what_was_sampled_is_not_called_recomputed() -> None:
    piece = '<section aria-labelledby="tables"><p data-source="models.csv:2:estimate">{}</p></section>'
    tables = {"models": [{"model": "sampled", "estimate": 0.3}]}
    behind = Behind(tables=tables, headline="sampled", lines={}, stored_models={"sampled": "sampled"})
    (same,), _ = compare_pages(read_page(piece.format(".30")), read_page(piece.format(".30")), behind)
    (other,), _ = compare_pages(read_page(piece.format(".31")), read_page(piece.format(".30")), behind)
    assert (same.verdict, other.verdict) == ("not recomputed", "differs")


@pytest.mark.parametrize(("shift", "diverging", "passes"), [(0.0, 0, True), (1.0, 0, False), (0.0, 3, False)])
def test_stored_draws_pass_the_gate_again_or_do_not(shift: float, diverging: int, passes: bool) -> None:
    rng = np.random.default_rng(1)
    tau = np.abs(rng.standard_normal((4, 1000)))
    tau[0] += shift
    stats = {
        name: (("chain", "draw"), np.zeros((4, 1000), dtype=bool)) for name in ("diverging", "reached_max_treedepth")
    }
    stats["diverging"][1][0, :diverging] = True
    depth = {"tree_depth": (("chain", "draw"), np.full((4, 1000), 3))}
    groups = {
        "posterior": xr.Dataset({"tau": (("chain", "draw"), tau)}),
        "sample_stats": xr.Dataset({**stats, **depth}),
    }
    check = check_draws("model", xr.DataTree.from_dict(groups))
    assert (not check.problems) == passes
    assert all(problem.startswith("model: ") for problem in check.problems)
