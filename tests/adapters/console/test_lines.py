"""What a pipe sends, line by line."""

from __future__ import annotations

import asyncio
import io
import threading

import pytest

from adapters.console.lines import CUT, MAX_LINE, read_lines


async def lines_of(text: str) -> tuple[list[str], list[str]]:
    """The lines, and what was told of them."""
    told: list[str] = []
    lines = [line async for line in read_lines(told.append, io.StringIO(text))]
    return lines, told


async def test_lines_are_questions_and_blank_ones_are_not() -> None:
    assert await lines_of("one\n\n   \n  two \nthree") == (["one", "two", "three"], [])


async def test_an_endless_line_is_one_question_cut_and_told() -> None:
    lines, told = await lines_of("x" * 250_000 + "\nnext\n" + "y" * 100_001)
    assert lines == ["x" * MAX_LINE, "next", "y" * MAX_LINE]
    assert told == [CUT, CUT]


@pytest.mark.parametrize("end", ["", "\n", "\nnext\n"])
async def test_a_line_that_just_fits_is_whole(end: str) -> None:
    lines, told = await lines_of("x" * MAX_LINE + end)
    assert lines == ["x" * MAX_LINE, *end.split()]
    assert told == []


async def test_a_line_that_goes_on_forever_is_asked_before_it_ends() -> None:
    class Endless:
        def readline(self, limit: int, /) -> str:
            return "x" * limit if not done.is_set() else ""

    done = threading.Event()
    assert await anext(read_lines(lambda _: None, Endless())) == "x" * MAX_LINE
    done.set()


async def test_bytes_that_are_no_text_end_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = io.TextIOWrapper(io.BytesIO(b"caf\xe9?\nnext\n"), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", piped)
    assert [line async for line in read_lines(lambda _: None)] == ["caf\ufffd?", "next"]


async def test_closed_standard_input_has_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert [line async for line in read_lines(lambda _: None)] == []


async def test_a_terminal_that_goes_away_ends_the_lines_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Gone:
        def readline(self, limit: int, /) -> str:
            raise OSError(5, "Input/output error")

    assert [line async for line in read_lines(lambda _: None, Gone())] == []
    for reader in (thread for thread in threading.enumerate() if thread.name == "stdin"):
        await asyncio.to_thread(reader.join, 10)
    assert capsys.readouterr().err == ""


async def test_waiting_for_a_line_blocks_nobody() -> None:
    class Silent:
        def readline(self, limit: int, /) -> str:
            done.wait()
            return ""

    done = threading.Event()
    lines = read_lines(lambda _: None, Silent())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await anext(lines)
    done.set()
