"""What `/quota` shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

ReadQuota: TypeAlias = Callable[[str], Awaitable[str]]
"""What is left of the budgets, and to a person of their limit, as Markdown. Raises ServiceError."""
