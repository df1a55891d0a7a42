"""What a notebook of the repository must be: stripped, sound, short, and without definitions of its own."""

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SUBJECTS = (
    *("effect sizes", "random-effects model", "heterogeneity and prediction", "moderators", "dependence"),
    *("bayesian moderation", "publication bias", "published meta-analysis", "your own data"),
)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_of(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "code"]


def words_of(path: Path) -> str:
    return "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def is_solution(cell: Any) -> bool:
    return "solution" in cell.metadata.get("tags", [])


def definitions(source: str) -> list[str]:
    """Name what a cell defines: functions, classes, and names given to a lambda."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DEFINITIONS):
            found.append(node.name)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and isinstance(node.value, ast.Lambda):
            found.append(ast.unparse(node))
    return found


def test_there_is_one_notebook_for_every_subject() -> None:
    titles = [read(path).cells[0].source.splitlines()[0].lower() for path in NOTEBOOKS]
    assert len(titles) == len(SUBJECTS)
    assert all(subject in title for subject, title in zip(SUBJECTS, titles, strict=True))
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{number:02d}_" for number in range(1, len(NOTEBOOKS) + 1)]


@pytest.mark.parametrize("source", ["def f(): pass", "class A: pass", "f = lambda: 1", "async def g(): pass"])
def test_a_definition_is_noticed(source: str) -> None:
    assert definitions(source)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_is_valid_and_its_cells_have_ids_of_their_own(self, path: Path) -> None:
        notebook = read(path)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        ids = [cell.id for cell in notebook.cells]
        assert len(set(ids)) == len(ids)

    def test_is_stripped(self, path: Path) -> None:
        notebook = read(path)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert not any(cell.outputs or cell.execution_count for cell in code)
        assert set(notebook.metadata) == {"kernelspec", "language_info"}
        assert all(set(cell.metadata) <= {"tags", "jupyter"} for cell in notebook.cells)

    def test_has_twenty_to_thirty_cells_and_begins_with_what_is_learnt(self, path: Path) -> None:
        cells = read(path).cells
        assert 20 <= len(cells) <= 30
        title, about = (line for line in cells[0].source.splitlines()[:3] if line)
        assert title.startswith("# ")
        assert about.endswith(".")
        goals = cells[0].source.partition("## What you will learn")[2]
        assert len(re.findall(r"^- ", goals, flags=re.MULTILINE)) >= 3

    def test_explains_before_it_computes(self, path: Path) -> None:
        kinds = [cell.cell_type for cell in read(path).cells]
        assert kinds[0] == "markdown"
        # Three cells of code in a row are a program, not a lesson.
        runs = zip(kinds, kinds[1:], kinds[2:], kinds[3:], strict=False)
        assert ("code",) * 4 not in list(runs)
        assert ("markdown", "markdown") not in list(pairwise(kinds))

    def test_has_exercises_with_folded_solutions(self, path: Path) -> None:
        cells = read(path).cells
        solutions = [cell for cell in cells if is_solution(cell)]
        assert len(solutions) >= 2
        assert all(cell.metadata.jupyter == {"source_hidden": True, "outputs_hidden": True} for cell in solutions)
        start = next(i for i, cell in enumerate(cells) if "## Exercises" in cell.source)
        assert all(is_solution(cell) for cell in cells[start:] if cell.cell_type == "code")
        exercises = re.findall(r"^\d\. ", "\n".join(cell.source for cell in cells[start:]), flags=re.MULTILINE)
        assert len(exercises) == len(solutions)

    def test_defines_nothing_and_stands_on_the_package(self, path: Path) -> None:
        sources = code_of(path)
        assert [name for source in sources for name in definitions(source)] == []
        modules = {
            name.partition(".")[0]
            for source in sources
            for node in ast.walk(ast.parse(source))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert modules <= {"analysis", "dataclasses", "functools", "numpy"}
        assert not any(source.lstrip().startswith(("%", "!")) for source in sources)

    def test_has_something_to_move(self, path: Path) -> None:
        assert any(re.search(r"^choose\(", source, flags=re.MULTILINE) for source in code_of(path))

    def test_needs_no_network_and_no_place_of_its_own(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert "http" not in text
        assert not re.search(r"[\"' (](/(home|work|root|tmp|Users|mnt)|[A-Z]:\\\\)", text)

    def test_names_simulated_data_at_once(self, path: Path) -> None:
        if any("synthetic" in source or "simulate" in source for source in code_of(path)):
            assert "simulated" in read(path).cells[0].source.splitlines()[0].lower()

    def test_uses_the_alphabet_of_the_code(self, path: Path) -> None:
        names = {
            node.id for source in code_of(path) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)
        }
        assert all(name.isascii() for name in names)
