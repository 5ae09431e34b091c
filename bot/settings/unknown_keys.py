"""Finds the typos in `docent.toml`."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from bot.settings.explaining import unreadable
from core.errors import ConfigurationError


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
