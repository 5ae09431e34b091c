"""What is wrong with a setting, in a sentence for the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from core.errors import ConfigurationError

HINT = "Correct it in the environment, .env or docent.toml; .env.example lists all settings."

_LONGEST_SHOWN = 20
"""Characters of a value that is shown: a key that went into the wrong variable is longer."""

_GROUP_OF_VARIABLE = re.compile(r'field "(\w+)"')

_URL = "must be an address that begins with https:// or http://"

_PREDICATES: Mapping[str, str] = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}
"""Of what may be shown with the value that was given."""

_PREDICATES_ALONE: Mapping[str, str] = {
    "missing": "is missing",
    "path_type": "must be a path",
    "string_pattern_mismatch": "must be made of small letters, digits, - and _",
    "string_type": "must be a text",
    "tuple_type": "must be a list",
    "url_parsing": _URL,
    "url_scheme": _URL,
    "url_type": _URL,
}


def explain(error: ValidationError) -> ConfigurationError:
    """The first fault, by the name of its setting. What may be a secret is not shown."""
    first = error.errors(include_url=False)[0]
    return ConfigurationError(f"{_subject(first['loc'])} {_predicate(first)}.", hint=HINT)


def explain_variable(error: SettingsError) -> ConfigurationError:
    """A variable that is called like a whole group, and holds something else."""
    found = _GROUP_OF_VARIABLE.search(str(error))
    group = found[1].upper() if found else "of a group"
    return ConfigurationError(
        f"The variable {group} is no setting, and holds nothing that Docent could read.",
        hint="Remove it from the environment or .env; .env.example lists all settings.",
    )


def unreadable(path: Path, error: OSError | UnicodeDecodeError) -> ConfigurationError:
    """A file of settings that is there, and is none."""
    reason = error.strerror if isinstance(error, OSError) else "it is not in UTF-8"
    return ConfigurationError(
        f"{path} cannot be read as a text file ({reason}).",
        hint="Correct the file or its permissions, or remove it: nothing has to be set.",
    )


def _subject(location: Sequence[int | str]) -> str:
    """`ANSWER_MAX_TOKENS`, or ``The `folder` of source 1``."""
    match location:
        case ["sources", int(number), str(key), *_]:
            return f"The `{key}` of source {number + 1} in docent.toml"
        case ["sources", int(number)]:
            return f"Source {number + 1} in docent.toml"
        case ["sources"]:
            return "What docent.toml has as `sources`"
        case [str(group)]:
            return f"What is set as `{group}`"
        case [str(group), str(key), *_]:
            return f"{group}_{key}".upper()
        case _:
            return "The configuration"


def _predicate(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_pattern_mismatch" and "channels" in error["loc"]:
        return "must be made of a platform and its id or name, like slack:C0123 or discord:#docs"
    if kind == "string_pattern_mismatch" and "token_variable" in error["loc"]:
        return "must be the name of a variable"
    if kind in _PREDICATES:
        return _PREDICATES[kind].format(**context) + _given(error["input"])
    if kind in {"model_type", "model_attributes_type"}:
        return "must be a table"
    return _PREDICATES_ALONE.get(kind) or error["msg"].removeprefix("Value error, ")


def _given(value: object) -> str:
    text = str(value)
    return f", not {text!r}" if len(text) <= _LONGEST_SHOWN else ""
