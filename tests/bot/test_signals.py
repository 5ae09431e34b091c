"""What a signal does to a command, each in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

COMMAND = """
import asyncio, signal, sys
from bot.signals import run_until_signalled

# Who starts the tests in the background has Ctrl-C ignored by all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

async def command():
    try:
        print("up", flush=True)
        await asyncio.sleep(3600)
    finally:
        print("closing", flush=True)
        {closing}

sys.exit(asyncio.run(run_until_signalled(command())))
"""
QUICK = "print('closed', flush=True)"
SLOW = "await asyncio.sleep(3600)"
UNTIL_TOLD = "await asyncio.to_thread(sys.stdin.readline); print('closed', flush=True)"
FAILING = "raise OSError('the terminal is gone')"


@contextmanager
def started(closing: str, *before: str) -> Iterator[subprocess.Popen[str]]:
    """A command that has started, and closes as it is told."""
    line = [*before, sys.executable, "-c", COMMAND.format(closing=closing)]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            yield process
        finally:
            process.kill()


def _next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize(
    ("closing", "last"), [(QUICK, "closing\nclosed\n"), (FAILING, "closing\n")]
)
def test_a_signal_closes_everything_and_is_the_exit_code(
    number: signal.Signals, code: int, closing: str, last: str
) -> None:
    with started(closing) as process:
        process.send_signal(number)
        assert process.communicate(timeout=30) == (last, "")
    assert process.returncode == code


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(first: signal.Signals, second: signal.Signals) -> None:
    with started(SLOW) as process:
        process.send_signal(first)
        assert _next_line(process) == "closing"
        process.send_signal(second)
        assert process.wait(timeout=30) == -second


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_may_say_so_twice(first: signal.Signals) -> None:
    with started(UNTIL_TOLD) as process:
        process.send_signal(first)
        assert _next_line(process) == "closing"
        process.send_signal(signal.SIGHUP)
        assert process.communicate("go on\n", timeout=30) == ("closed\n", "")
    assert process.returncode == 128 + first


def test_under_nohup_a_closed_terminal_ends_nothing() -> None:
    with started(QUICK, "nohup") as process:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143


def test_ctrl_c_is_the_interpreters_as_ever() -> None:
    with started(QUICK) as process:
        process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate(timeout=30)[1]
    assert process.returncode == -signal.SIGINT


@pytest.mark.parametrize(("ending", "code"), [("return 0", 0), ("return 1", 1), ("return", 0)])
def test_without_a_signal_the_code_is_the_commands(ending: str, code: int) -> None:
    script = f"async def command():\n    {ending}\n"
    script += "import asyncio, sys\nfrom bot.signals import run_until_signalled\n"
    script += "sys.exit(asyncio.run(run_until_signalled(command())))\n"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == code
