from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from core.text.retry_after import retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("-3", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Mon, 01 Jan 99999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2001 00:00:00 +9999999999", None),
    ],
)
def test_the_time_to_wait_is_read_in_seconds(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}) == seconds
    assert retry_after({"retry-after": value}) == seconds


def test_the_time_to_wait_may_be_a_date() -> None:
    later = datetime.now(UTC) + timedelta(minutes=5)

    wait = retry_after({"retry-after": format_datetime(later, usegmt=True)})

    assert wait == pytest.approx(300, abs=5)


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 2001 00:00:00 GMT", "Mon, 01 Jan 2001 00:00:00 -0000"]
)
def test_a_date_that_has_passed_is_no_wait(date: str) -> None:
    assert retry_after({"retry-after": date}) == 0.0


def test_without_the_header_there_is_no_time() -> None:
    assert retry_after({}) is None
