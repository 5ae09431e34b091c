"""Log lines: one a record, with what the call added, and without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from bot.log import JsonFormatter, Redactor, TextFormatter, configure_logging, redacted

SECRETS = [
    "p4ss",
    'quo"ted',
    "xoxb-123-abc",
    "xapp-1-A0-1",
    "sk-or-v1-abcdef",
]


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)


def _record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    return logging.getLogger("docent.test").makeRecord(
        "docent.test", logging.WARNING, __file__, 1, message, args, None, extra=extra
    )


def test_json_lines_carry_what_the_call_added() -> None:
    line = json.loads(JsonFormatter(Redactor()).format(_record("took %d ms", 5, turn="t1")))
    assert line["message"] == "took 5 ms"
    assert line["turn"] == "t1"
    assert line["level"] == "warning"


def test_text_lines_carry_it_too() -> None:
    line = TextFormatter(Redactor()).format(_record("done", turn="t1"))
    assert line.endswith("docent.test: done turn=t1")


@pytest.mark.parametrize("formatter", [TextFormatter, JsonFormatter])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_never_reaches_a_line(
    formatter: type[TextFormatter | JsonFormatter], secret: str
) -> None:
    redact = Redactor(["p4ss", 'quo"ted'])
    record = _record("key %s", secret, value=secret)
    error = ValueError(f"refused {secret}")
    record.exc_info = (type(error), error, None)
    line = formatter(redact).format(record)
    assert secret not in line
    assert json.dumps(secret)[1:-1] not in line
    assert "***" in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://me:p4ss@db/x", "postgres://***@db/x"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("https://docs.example.com/a:b", "https://docs.example.com/a:b"),
        ("nothing secret", "nothing secret"),
    ],
)
def test_what_looks_like_a_credential_is_left_out(text: str, expected: str) -> None:
    assert Redactor()(text) == expected


def test_logging_goes_to_standard_error_in_the_form_that_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("info", "json", ["p4ss"])
    logging.getLogger("docent.test").info("the password is p4ss")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert json.loads(printed.err)["message"] == "the password is ***"


def test_the_addresses_that_an_http_client_logs_stay_out() -> None:
    configure_logging("debug", "text")
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)


def test_what_is_printed_is_redacted_as_the_log_is() -> None:
    configure_logging("warning", "text", ["p4ss"])
    assert redacted("p4ss, xoxb-123-abc") == "***, ***"
    logging.getLogger().handlers.clear()
    assert redacted("p4ss, xoxb-123-abc") == "p4ss, ***"
