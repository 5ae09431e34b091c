"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.access.keys import Permission


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody with an API key or a token, or at this machine. `name` is unique for its kind."""

    kind: Literal["key", "jwt", "local"]
    name: str
    permissions: frozenset[Permission]

    @property
    def id(self) -> str:
        """Unique over all kinds."""
        return f"{self.kind}:{self.name}"

    def may(self, permission: Permission) -> bool:
        """Whether they may do that."""
        return permission in self.permissions or Permission.ADMIN in self.permissions


LOCAL = Principal("local", "local", frozenset(Permission))
"""Whoever is at this machine, where nobody else can be."""
