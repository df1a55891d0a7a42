"""What a result stands on: versions, seeds, rows of the configuration, digests of files. No clock: the bytes repeat."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from analysis.errors import ConfigError

TOOLKIT: Final = "attachment-alliance-toolkit"
# The packages a number or a picture can depend on.
PACKAGES: Final = ("numpy", "scipy", "pandas", "formulaic", "matplotlib", "jinja2", "jsonschema", "snakemake")
DATE_VARIABLE: Final = "SOURCE_DATE_EPOCH"


def digest(data: bytes) -> str:
    """Return the SHA-256 digest of some bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_row(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 digest of a row of the configuration, whatever the order of its keys."""
    return digest(_canonical(row))


def describe_run(
    analysis: Mapping[str, Any], models: Sequence[Mapping[str, Any]], files: Mapping[str, bytes]
) -> dict[str, Any]:
    """Return what a page must say about its making, ready for JSON.

    Parameters
    ----------
    analysis : the analysis row.
    models : the rows of its models, each with its `name` and `seed`.
    files : content of every data and results file by its path from the project folder.

    Returns
    -------
    dict
        `toolkit, python, packages, date, analysis, models, seeds, digests`; `date` is that of the environment variable
        SOURCE_DATE_EPOCH or None. The same input on the same installation gives the same dict.

    Raises
    ------
    ConfigError
        When SOURCE_DATE_EPOCH is set to something that is not a number of seconds.
    """
    rows = {"analysis": analysis, **{f"model {row['name']}": row for row in models}}
    return {
        **_installed(),
        "analysis": dict(analysis),
        "models": [dict(row) for row in models],
        "seeds": {row["name"]: row["seed"] for row in models},
        "digests": _digests(rows, files),
    }


def describe_path_run(row: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the page of a path model must say about its making; `path` in place of `analysis` and `models`.

    Parameters
    ----------
    row : the row of the path model.
    files, and what is raised : as in `describe_run`.
    """
    return {
        **_installed(),
        "path": dict(row),
        "seeds": {row["name"]: row["seed"]},
        "digests": _digests({"path model": row}, files),
    }


def _installed() -> dict[str, Any]:
    return {
        "toolkit": _version(TOOLKIT),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
        "date": source_date(),
    }


def _digests(rows: Mapping[str, Mapping[str, Any]], files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "rows": {name: digest_row(row) for name, row in rows.items()},
        "files": {path: digest(files[path]) for path in sorted(files)},
    }


def source_date() -> str | None:
    """Return the day of SOURCE_DATE_EPOCH (reproducible-builds.org) as YYYY-MM-DD, None where it is not set."""
    seconds = source_seconds()
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC).date().isoformat()


def source_seconds() -> int | None:
    """Return SOURCE_DATE_EPOCH, None where it is not set; ConfigError where it is no number of seconds."""
    seconds = os.environ.get(DATE_VARIABLE)
    if not seconds:
        return None
    if not seconds.isdigit():
        raise ConfigError(f"{DATE_VARIABLE}: {seconds!r} is not a number of seconds. Unset it or give whole seconds.")
    return int(seconds)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _canonical(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
