"""Finds the typos in `docent.toml`, and in the names of variables."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from bot.settings.explaining import unreadable
from core.errors import ConfigurationError

_LIKELY = 0.84
"""How alike a variable and a setting are, of 1, when the one is taken for a typo of the other."""


def reject_unknown_keys(path: Path, settings: type[BaseModel]) -> None:
    """Raises ConfigurationError for a key of the file that no setting has: most often a typo.

    And for a file that is not TOML, or no file.
    """
    if not path.exists():
        return
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError(
            f"{path} is not valid TOML: {exc}.", hint="Correct it at that place."
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise unreadable(path, exc) from exc
    _compare(written, settings, path.name)


def likely_typos(variables: Collection[str], settings: type[BaseModel]) -> dict[str, str]:
    """The variables that no setting has, each with the setting that was most likely meant (pure).

    Where that one is set too, the variable is somebody else's.
    """
    written = {name.upper() for name in variables}
    known = _variables(settings)
    found = {}
    for name in sorted(written - known):
        group = name.partition("_")[0] + "_"
        candidates = sorted(each for each in known - written if each.startswith(group))
        if close := difflib.get_close_matches(name, candidates, n=1, cutoff=_LIKELY):
            found[name] = close[0]
    return found


def _variables(settings: type[BaseModel]) -> set[str]:
    return {
        f"{group}_{name}".upper()
        for group, field in settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for name in field.annotation.model_fields
    }


def _compare(written: Mapping[str, Any], model: type[BaseModel], where: str) -> None:
    for key, value in written.items():
        if key not in model.model_fields:
            close = difflib.get_close_matches(key, model.model_fields, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else "Remove it."
            raise ConfigurationError(f"{where} has an unknown key {key!r}.", hint=hint)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                _compare(part, _model_of(model, key), f"{where}, {key}")


def _model_of(model: type[BaseModel], key: str) -> type[BaseModel]:
    annotation = model.model_fields[key].annotation
    candidates = (annotation, *get_args(annotation))
    return next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
