"""The requests of Discord's own API description, as JSON Schemas to hold each request against."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from tests.support.published_schemas import NODE_FOLDER, schemas

MISSING = next(
    (
        word
        for there, word in (
            (shutil.which("node"), "needs Node 20, which is not on this machine"),
            (
                (NODE_FOLDER / "node_modules" / "discord-api-spec").is_dir(),
                "needs `npm install` in tests/node",
            ),
        )
        if not there
    ),
    "",
)
"""Why there are no schemas here; empty if there are."""


class Described:
    """The operations that the stand-in knows, as Discord describes them."""

    def __init__(self, operations: Iterable[str]) -> None:
        self._operations = tuple(sorted(operations))

    def prepare(self) -> None:
        """To be called before anybody waits for an answer: to make the schemas takes seconds."""
        if not MISSING:
            _generated(self._operations)

    def misfit(self, operation: str, query: Collection[str], body: object) -> str | None:
        """What does not fit Discord's description, in a line. Nothing where `MISSING`."""
        if MISSING:
            return None
        described = _generated(self._operations).get(operation)
        if described is None:
            return f"{operation}: Discord describes no such operation"
        if unknown := sorted(set(query) - set(described["query"])):
            return f"{operation}: unknown in the query: {', '.join(unknown)}"
        if body is None:
            return None
        error = best_match(_validator(self._operations, operation).iter_errors(body))
        return error and f"{operation}: {error.message[:300]} at {error.json_path}"


@cache
def _validator(operations: tuple[str, ...], operation: str) -> Draft202012Validator:
    return Draft202012Validator(_generated(operations)[operation]["body"])


@cache
def _generated(operations: tuple[str, ...]) -> dict[str, Any]:
    return schemas("discord_schemas.mjs", operations)
