"""Variables that only a setting names."""

from __future__ import annotations

import os

from dotenv import dotenv_values
from pydantic import SecretStr

ENV_FILE = ".env"


def secret_in(variable: str) -> SecretStr | None:
    """What the environment, or else `.env`, has for it; None for nothing."""
    value = os.environ.get(variable) or dotenv_values(ENV_FILE).get(variable)
    return SecretStr(value) if value else None
