"""What every rule must have, read from the rules themselves."""

import re
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
RULE_FILES = sorted((ROOT / "analysis" / "rules").glob("*.smk"))
RULES = {
    name: body
    for path in RULE_FILES
    for name, body in re.findall(r"^rule (\w+):\n((?:(?:    .*)?\n)+)", path.read_text(), re.MULTILINE)
}
GROUND = re.search(r"^GROUND = \((.*?)^\)", (ROOT / "analysis/rules/common.smk").read_text(), re.MULTILINE | re.DOTALL)
# Two engines may share a stage.
STAGES = {rule: re.findall(r'script="analysis/stages/(\w+)\.py"', body) for rule, body in RULES.items()}
NAMES = {
    "validate_data",
    "compute_effects",
    "fit_frequentist",
    "make_tables",
    "make_ledger",
    "make_figures",
    "render_report",
}


def quoted(text: str) -> list[str]:
    return re.findall(r'"([^"]+)"', text)


def test_all_rules_are_seen() -> None:
    assert set(RULES) >= NAMES


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_documented_and_logs(rule: str) -> None:
    body = RULES[rule]
    assert body.startswith('    """')
    assert f'log:\n        "logs/{rule}' in body
    assert "2> {log}" in body


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_a_command_that_can_be_pasted(rule: str) -> None:
    body = RULES[rule]
    assert STAGES[rule] == [rule if rule != "fit_exact" else "fit_bayesian"]
    assert '"python -m {params.module}' in body
    assert not re.search(r"^\s+(run|script|notebook|wrapper):", body, re.MULTILINE)


@pytest.mark.parametrize("rule", RULES)
def test_rows_are_quoted_for_the_shell(rule: str) -> None:
    rows = re.findall(r"\{params\.(analysis|model|models|analyses|path|paths)(:q)?\}", RULES[rule])
    assert all(quoting == ":q" for _, quoting in rows)


@pytest.mark.parametrize("rule", RULES)
def test_rule_lists_every_module_its_stage_imports(rule: str) -> None:
    """Snakemake does not follow imports: a module that is missing here would change results without a new run."""
    assert GROUND is not None
    sources = re.search(r"code=sources\(([^)]*)\)", RULES[rule])
    assert sources is not None
    rooms = {*quoted(GROUND[1]), *quoted(sources[1])}
    stage = f"analysis.stages.{STAGES[rule][0]}"
    imported = grimp.build_graph("analysis").find_upstream_modules(stage) - {"analysis", "analysis.stages"}
    paths = {module.removeprefix("analysis.").replace(".", "/") for module in imported}
    assert {path for path in paths if not any(path == room or path.startswith(f"{room}/") for room in rooms)} == set()


@pytest.mark.parametrize("path", [*RULE_FILES, ROOT / "Snakefile"], ids=lambda path: path.name)
def test_functions_stand_in_one_file(path: Path) -> None:
    text = path.read_text()
    assert "lambda" not in text
    assert path.name == "common.smk" or not re.search(r"^def ", text, re.MULTILINE)


def test_snakefile_is_a_table_of_contents() -> None:
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 85


def test_one_profile_file_each() -> None:
    """Two of them in one folder are a tie that the order of the folder decides."""
    assert all(len(list(folder.iterdir())) == 1 for folder in (ROOT / "profiles").iterdir())


def test_nothing_is_called_default_here() -> None:
    """Snakemake would take it for the profile and stop."""
    assert not (ROOT / "default").exists()


def test_captions_exist() -> None:
    names = {name for path in RULE_FILES for name in re.findall(r'caption="\.\./\.\./([^"]+)"', path.read_text())}
    assert names
    assert all((ROOT / name).is_file() for name in names)
