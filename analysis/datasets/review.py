"""`review.yaml`: what a systematic review brings beside its effects, with everything that can be wrong with it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from analysis.datasets.cells import Records
from analysis.datasets.columns import Column
from analysis.datasets.description import line_of, read_description
from analysis.datasets.review_flow import check_flow, describe_flow
from analysis.datasets.review_studies import (
    Finding,
    check_characteristics,
    check_risk,
    check_without,
    describe_characteristics,
    describe_risk,
    studies_of,
)
from analysis.errors import Problem

REVIEW: Final = "review.yaml"
# A megabyte holds a thousand studies with every judgement reasoned for.
LARGEST: Final = 2**20
PARTS: Final = ("flow", "without_effects", "characteristics", "risk_of_bias")

type Review = Mapping[str, Any]


def read_review(
    text: str, where: str, schema: Mapping[str, Any], records: Records, columns: Mapping[str, Column]
) -> tuple[Review | None, list[Problem]]:
    """Return what a review.yaml holds and everything that is wrong with it.

    Parameters
    ----------
    text, where : content of the file, and its name in messages.
    schema : `analysis/schemas/review.yaml`.
    records, columns : rows and columns of effects.csv; none where there is no such table.

    Returns
    -------
    None when the file cannot be read at all. Sums and studies are checked in each part that has the right shape, also
    where another part has not.
    """
    if len(text) > LARGEST:
        what = "the file is larger than a megabyte."
        return None, [Problem(where, what, "Shorten the supporting texts.")]
    review, problems = read_description(text, where, schema)
    if review is None:
        return None, problems
    sound: dict[str, Any] = {
        name: review[name] for name in PARTS if name in review and _is_sound(review[name], name, schema)
    }
    for found in _findings(sound, "without_effects" in review, records, columns):
        problems.append(Problem(f"{where}:{line_of(text, found.path)}", found.what, found.remedy))
    return review, problems


def _is_sound(value: Any, name: str, schema: Mapping[str, Any]) -> bool:
    from jsonschema import Draft202012Validator

    return bool(Draft202012Validator(schema["properties"][name]).is_valid(value))


def _findings(sound: Review, has_without: bool, records: Records, columns: Mapping[str, Column]) -> Iterator[Finding]:
    if "flow" in sound:
        for found in check_flow(sound["flow"]):
            yield Finding(("flow", *found.path), found.what, "Correct the count that is wrong.")
    without = sound.get("without_effects", [])
    yield from check_without(without, records)
    if has_without and "without_effects" not in sound:
        # Which studies there are is not known until that list is mended.
        return
    studies = studies_of(records, without)
    if "characteristics" in sound:
        yield from check_characteristics(sound["characteristics"], records, columns, studies)
    if "risk_of_bias" in sound:
        yield from check_risk(sound["risk_of_bias"], studies)


def describe_review(review: Review | None, records: Records, columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return a sound review in one shape, the content of `review.json`; a part that is not brought is None.

    `studies` are those of effects.csv and `without_effects` the others, each with its reason.
    """
    given = review or {}
    without = given.get("without_effects", [])
    studies = studies_of(records, without)
    return {
        "flow": describe_flow(given["flow"]) if "flow" in given else None,
        "without_effects": [dict(row) for row in without],
        "n_studies": sum(study.effects for study in studies),
        "characteristics": describe_characteristics(given["characteristics"], records, columns, studies)
        if "characteristics" in given
        else None,
        "risk_of_bias": describe_risk(given["risk_of_bias"], studies) if "risk_of_bias" in given else None,
    }
