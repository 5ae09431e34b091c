"""The file `.env`, and variables that only a setting names."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import SecretStr

from core.errors import ConfigurationError

ENV_FILE = ".env"


def reject_faulty_lines(path: Path) -> None:
    """Raises ConfigurationError for what is no variable: it would be passed over, set or not.

    Also OSError and UnicodeDecodeError. The line itself is not shown: it may hold a secret.
    """
    if not path.is_file():  # a pipe can be read only once
        return
    with path.open(encoding="utf-8") as stream:
        faulty = next((line.original.line for line in parse_stream(stream) if line.error), None)
    if faulty is not None:
        raise ConfigurationError(
            f"{path}, line {faulty}, sets no variable.",
            hint="Write it as NAME=value, and close the quotation marks.",
        )


def variables_set() -> set[str]:
    """The names of all that the environment and `.env` set, whosever they are."""
    written = dotenv_values(ENV_FILE) if Path(ENV_FILE).is_file() else {}
    return {*os.environ, *written}


def secret_in(variable: str) -> SecretStr | None:
    """What the environment, or else `.env`, has for it; None for nothing."""
    value = os.environ.get(variable) or dotenv_values(ENV_FILE).get(variable)
    return SecretStr(value) if value else None
