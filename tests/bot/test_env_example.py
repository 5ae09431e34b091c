"""`.env.example` lists every setting, with its default, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
LINE = re.compile(r"^# (?P<description>.+)\.\n#(?P<name>[A-Z_]+)=(?P<default>.*)$", re.MULTILINE)


def test_the_example_equals_the_settings() -> None:
    written = {
        match["name"]: (match["description"], match["default"])
        for match in LINE.finditer(EXAMPLE.read_text("utf-8"))
    }
    assert written == _declared()


def test_nothing_in_the_example_is_switched_on() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    assert all(line.startswith("#") for line in lines if line)


def _declared() -> dict[str, tuple[str, str]]:
    groups = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        f"{group}_{name}".upper(): (_description(field), _default(field))
        for group, model in groups.items()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name, field in model.model_fields.items()
    }


def _description(field: FieldInfo) -> str:
    text = field.description or ""
    return text[0].upper() + text[1:]


def _default(field: FieldInfo) -> str:
    match field.get_default(call_default_factory=True):
        case None:
            return ""
        case bool() as flag:
            return str(flag).lower()
        case tuple() as values:
            return ",".join(values)
        case value:
            return str(value)
