"""Lines that a person types."""

from __future__ import annotations

from collections.abc import AsyncIterator

from prompt_toolkit import PromptSession
from prompt_toolkit.output import create_output

from adapters.console.lines import Tell, within_limit

HOW_TO_LEAVE = "Ctrl-C once more ends the chat, and so does Ctrl-D."


async def typed_lines(tell: Tell) -> AsyncIterator[str]:
    """Each line that is not blank, with editing and history, until Ctrl-D.

    Ctrl-C drops what was typed; where nothing was, it takes two in a row to end the lines.
    `tell` hears what the person should know.
    """
    # What is typed is seen even where the answers go to a file.
    session: PromptSession[str] = PromptSession("› ", output=create_output(always_prefer_tty=True))
    interrupted = False
    while True:
        try:
            line = await session.prompt_async()
        except EOFError:
            return
        except KeyboardInterrupt:
            empty = not session.default_buffer.text
            if empty and interrupted:
                return
            if empty:
                tell(HOW_TO_LEAVE)
            interrupted = empty
            continue
        interrupted = False
        if line.strip():
            yield within_limit(line.strip(), tell)
