"""The oracle, R with metafor, called once per comparison, data in and results out as JSON; and a browser."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

type RunR = Callable[..., dict[str, Any]]

# jsonlite writes 15 significant digits; that is nine more than any tolerance against metafor asks for.
PROGRAM = """
suppressMessages({library(metafor); library(metadat)})
list2env(jsonlite::fromJSON("data.json"), globalenv())
result <- withVisible(suppressWarnings(source("code.R", echo = FALSE)))$value$value
writeLines(jsonlite::toJSON(result, digits = NA, na = "null", null = "null", auto_unbox = TRUE), "result.json")
"""


@pytest.fixture(scope="session")
def r(tmp_path_factory: pytest.TempPathFactory) -> RunR:
    """`r(code, **data)` runs R code over named data and returns its last value; skips where R or metafor is absent."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not installed")
    probe = [rscript, "-e", "invisible(lapply(c('metafor', 'metadat', 'jsonlite'), loadNamespace))"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("R is here, but not its packages metafor, metadat and jsonlite")

    def run(code: str, **data: Any) -> dict[str, Any]:
        folder: Path = tmp_path_factory.mktemp("r")
        (folder / "code.R").write_text(code, encoding="utf-8")
        (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
        done = subprocess.run([rscript, "-e", PROGRAM], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return result

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's chromium, without a window; skips where it is absent."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()
