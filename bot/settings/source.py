"""A source of docs, as `docent.toml` describes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator, model_validator

from bot.settings.fields import Group, PeerReviewed, Place, Schedule, SlugRule
from bot.settings.variables import secret_in
from core.ingestion.sources.git_address import without_credentials

_KINDS = ("folder", "git", "website")
_BELONGS: Mapping[str, tuple[str, ...]] = {
    "base_url": ("folder", "git"),
    "slugs": ("folder", "git"),
    "branch": ("git",),
    "subfolder": ("git",),
    "token_variable": ("git",),
    "max_pages": ("website",),
    "delay": ("website",),
    "at_once": ("website",),
    "allow_private": ("website",),
}
"""The kinds of source that a setting means something for."""


class SourceSettings(Group):
    """One source of docs, a `[[sources]]` table in `docent.toml`: a folder, Git or a website."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    folder: Path | None = None
    git: str | None = None
    branch: str | None = None
    subfolder: str = ""
    token_variable: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    website: AnyHttpUrl | None = None
    max_pages: int = Field(5_000, ge=1)
    delay: float = Field(0.1, ge=0, le=60)
    at_once: int = Field(2, ge=1, le=8)
    allow_private: bool = False
    base_url: AnyHttpUrl | None = None
    slugs: SlugRule | None = None
    peer_reviewed: PeerReviewed = False
    priority: int = Field(0, ge=-5, le=5)
    schedule: Schedule = "1d"
    private: bool = False
    channels: tuple[Place, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def token(self) -> SecretStr | None:
        """What the variable holds that `token_variable` names."""
        return secret_in(self.token_variable) if self.token_variable else None

    @field_validator("git", "website")
    @classmethod
    def _holds_no_password(cls, value: object) -> object:
        # In front of a host that is reached by SSH stands a name, which is no secret.
        address = str(value)
        if address.startswith(("http://", "https://")) and without_credentials(address) != address:
            raise ValueError("must not hold a password, which belongs into a `token_variable`")
        return value

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> SourceSettings:
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError("needs one of `folder`, `git` and `website`, and only one")
        for key, kinds in _BELONGS.items():
            if key in self.model_fields_set and given[0] not in kinds:
                raise ValueError(f"has `{key}`, which a {given[0]} does not have")
        return self
