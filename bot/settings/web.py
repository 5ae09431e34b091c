"""The settings of the HTTP API, as in `groups`."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import AnyHttpUrl, Field, field_validator

from bot.settings.fields import Group, Names

_ORIGIN = re.compile(r"https?://[^\s*/?#@]+")


class WebSettings(Group):
    """The HTTP API and the page, on the server of `SERVER_HOST` and `SERVER_PORT`."""

    enabled: bool = Field(default=False, description="whether to serve the HTTP API and the page")
    origins: Names = Field(
        (), description="websites whose pages may call the API, such as https://app.example.com"
    )
    requests_per_minute: int = Field(
        120, ge=1, description="requests that a key or a token's bearer may send within a minute"
    )
    uploads: Path | None = Field(
        None,
        description="the folder for uploaded documents; in the data folder when not set. Several "
        "instances need one that they share",
    )
    upload_megabytes: int = Field(20, ge=1, le=500, description="megabytes of the largest upload")
    retention_days: int = Field(
        90, ge=1, le=36_500, description="days after which questions and answers are deleted"
    )

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """Without `*` and `null`, which would let any website in."""
        named = tuple(origin.rstrip("/") for origin in origins)
        if not all(map(_ORIGIN.fullmatch, named)):
            raise ValueError("must be websites by their names, such as https://app.example.com")
        return named


class JwtSettings(Group):
    """Tokens of an identity provider, such as Better Auth; the first three belong together."""

    jwks_url: AnyHttpUrl | None = Field(
        None, description="where the provider's keys are, such as …/api/auth/jwks"
    )
    issuer: str | None = Field(None, description="the `iss` that a token must have")
    audience: str | None = Field(None, description="the `aud` that a token must have")
    scopes: Names = Field(
        ("ask", "read"), description="what a token may do that has no `scope` of its own"
    )

    @property
    def named(self) -> bool:
        """Whether there is a provider, be it by half."""
        return any(value is not None for value in (self.jwks_url, self.issuer, self.audience))
