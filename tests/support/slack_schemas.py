"""Slack's own types of its Web API, as JSON Schemas to hold recorded calls against."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from functools import cache

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from tests.support.published_schemas import NODE_FOLDER, schemas
from tests.support.slack_methods import METHODS
from tests.support.slack_web import Call

_SHAPE_REFUSED = frozenset({"invalid_arguments", "invalid_blocks", "unknown_method"})

MISSING = next(
    (
        word
        for there, word in (
            (shutil.which("node"), "needs Node 20, which is not on this machine"),
            (
                (NODE_FOLDER / "node_modules" / "@slack" / "web-api").is_dir(),
                "needs `npm install` in tests/node",
            ),
        )
        if not there
    ),
    "",
)
"""Why there are no schemas here; empty if there are."""


def misfits(calls: Iterable[Call]) -> list[str]:
    """What does not fit Slack's types, a line for each call. Nothing where `MISSING`.

    A call that Slack refused for its shape is the refusal's to judge, and left out.
    """
    if MISSING:
        return []
    checked = [call for call in calls if call.error not in _SHAPE_REFUSED]
    return [line for call in checked if (line := _misfit(call))]


def _misfit(call: Call) -> str | None:
    if call.method == "response_url":
        return None  # not of the Web API: its body has no type there
    validator = _validators().get(call.method)
    if validator is None:
        return f"{call.method}: no such method in @slack/web-api"
    # Bolt's client adds the team to each call, whatever the method.
    own = {name: value for name, value in call.arguments.items() if name != "team_id"}
    error = best_match(validator.iter_errors(own))
    return error and f"{call.method}: {error.message[:300]} at {error.json_path}"


@cache
def _validators() -> dict[str, Draft7Validator]:
    methods = sorted({*METHODS, "apps.connections.open", "apps.manifest.export"})
    described = schemas("slack_schemas.mjs", methods)
    return {method: Draft7Validator(schema) for method, schema in described.items()}
