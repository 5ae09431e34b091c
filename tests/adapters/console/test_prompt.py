"""What a person types, key by key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input

from adapters.console.lines import CUT, MAX_LINE
from adapters.console.prompt import HOW_TO_LEAVE, typed_lines

CTRL_C = "\x03"
CTRL_D = "\x04"


def pasted(text: str) -> str:
    """As a terminal brackets it, so that its line feeds ask nothing."""
    return f"\x1b[200~{text}\x1b[201~"


@pytest.fixture
def keyboard() -> Iterator[PipeInput]:
    with create_pipe_input() as keys, create_app_session(input=keys):
        yield keys


@pytest.mark.parametrize(
    ("keys", "lines", "told"),
    [
        (f"one\r two \r{CTRL_D}", ["one", "two"], []),
        (f"\r   \rone\r{CTRL_D}", ["one"], []),
        (f"half a quest{CTRL_C}one\r{CTRL_D}", ["one"], []),
        (f"half{CTRL_C}{CTRL_C}one\r{CTRL_D}", ["one"], [HOW_TO_LEAVE]),
        (f"{CTRL_C}one\r{CTRL_C}two\r{CTRL_D}", ["one", "two"], [HOW_TO_LEAVE] * 2),
        (f"{CTRL_C}half{CTRL_C}{CTRL_C}one\r{CTRL_D}", ["one"], [HOW_TO_LEAVE] * 2),
        (f"one\r{CTRL_C}{CTRL_C}two\r", ["one"], [HOW_TO_LEAVE]),
        (pasted("one\ntwo") + f"\r{CTRL_D}", ["one\ntwo"], []),
        (pasted("x" * 100_001) + f"\r{CTRL_D}", ["x" * MAX_LINE], [CUT]),
    ],
    ids=[
        "enter_asks_and_ctrl_d_ends",
        "a_blank_line_is_no_question",
        "ctrl_c_drops_what_was_typed",
        "which_is_not_the_first_of_two_to_leave",
        "on_an_empty_line_it_says_how_to_leave",
        "and_typing_takes_that_back",
        "two_in_a_row_leave",
        "pasted_lines_are_one_question",
        "what_is_too_long_is_cut",
    ],
)
async def test_keys_become_lines(
    keyboard: PipeInput, keys: str, lines: list[str], told: list[str]
) -> None:
    heard: list[str] = []
    # In a thread: a pipe takes no more than its buffer before it is read.
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asyncio.to_thread(keyboard.send_text, keys))
        assert [line async for line in typed_lines(heard.append)] == lines
    assert heard == told
