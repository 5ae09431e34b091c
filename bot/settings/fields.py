"""What the fields of the settings are made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode

from bot.timetable import timetable

SlugRule = Literal["plain", "mkdocs", "docusaurus", "github"]


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Several names, comma-separated in a variable."""


def _scheduled(text: str) -> str:
    timetable(text)
    return text


Schedule = Annotated[str, AfterValidator(_scheduled)]
"""An interval, a cron expression, or `off`."""

PeerReviewed = bool | tuple[str, ...]
"""All documents, none, or those whose paths the globs match."""

Place = Annotated[str, Field(pattern=r"^(slack|discord):#?\S+$")]
"""A channel of a platform, by id or name."""


class Group(BaseModel):
    """The settings of one service. Values never show in an error: one of them is a secret."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: object, info: ValidationInfo) -> object:
        """`KEY=` in an environment file means "not set", as everywhere else."""
        if isinstance(value, str) and not value.strip():
            return cls.model_fields[str(info.field_name)].get_default(call_default_factory=True)
        return value
