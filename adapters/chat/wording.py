"""What a person is told when something that they did had no effect."""

from __future__ import annotations

from core.errors import DocentError

LOST = "Sorry, I could not take this question. Please ask again in a moment."


def failed(exc: DocentError) -> str:
    """Why, and what to do."""
    reason = str(exc).removesuffix(".")
    return f"Sorry, that did not work. {reason}. {exc.hint or 'Please try again in a moment.'}"
