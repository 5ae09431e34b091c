"""Log lines on standard error: for people or, as JSON, for machines. No secret passes."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Literal

REDACTED = "***"

# What a token of each service looks like, for those that reach us other than by a setting:
# Slack's, OpenRouter's, our own keys, a bearer header, and the password of a database address.
TOKEN_SHAPES = re.compile(
    r"xox[abeprs]-[\w-]+|xapp-[\w-]+|sk-or-[\w-]+|docent_[a-z0-9]{10}_[\w-]+"
    r"|(?<=[Bb]earer )[\w.~+/-]+=*"
    r"|(?<=://)(?P<user>[^\s:/@]*):[^\s/]+(?=@)"
)

_OWN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Redactor:
    """Replaces the secrets it was told of, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        return TOKEN_SHAPES.sub(REDACTED, text)


class TextFormatter(logging.Formatter):
    """`12:00:00 warning core.x: message key=value`."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        self.redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback where the record carries one."""
        extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
        first, *rest = super().format(record).split("\n")
        return self.redact("\n".join([first + extra, *rest]))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and what the call added."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self.redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One line, the traceback inside."""
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        # Redacted before it is encoded: a secret with a quote in it would no longer match after.
        clean = {key: self.redact(str(value)) for key, value in line.items()}
        return json.dumps(clean, ensure_ascii=False)


def redacted(text: str) -> str:
    """The text without the secrets that the log was told of, and without what looks like one.

    What a service said stands in a traceback, and may be what it was sent.
    """
    formatters = (handler.formatter for handler in logging.getLogger().handlers)
    ours = (each for each in formatters if isinstance(each, TextFormatter | JsonFormatter))
    return next((each.redact for each in ours), Redactor())(text)


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _OWN_ATTRIBUTES}


def configure_logging(
    level: str, form: Literal["text", "json"], secrets: Iterable[str] = ()
) -> None:
    """Sends every logger's records to standard error, and Python's warnings with them."""
    redact = Redactor(secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(redact) if form == "json" else TextFormatter(redact))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    # Their INFO lines carry whole request addresses and, at DEBUG, headers with keys.
    for chatty in ("httpx", "httpcore", "hpack"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
