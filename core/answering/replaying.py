"""Asking once more what was asked, on the passages that were found then."""

from __future__ import annotations

from contextlib import aclosing

from core.answering.writing import Writing
from core.model import Answer, Claim, Prompt
from core.ports import ChatModel, Verifier


async def replay(
    prompt: Prompt, model: ChatModel, verifier: Verifier, generation: int
) -> tuple[Answer, tuple[Claim, ...]]:
    """The answer that the model gives to the prompt now, and its claims. Nothing is stored.

    `generation` is the one that the passages are of. Raises ServiceError.
    """
    writing = Writing(prompt, verifier)
    async with aclosing(model.stream(prompt)) as events:
        async for event in events:
            writing.take(event)
            if writing.settled:
                break
    writing.finish()
    answer = Answer(
        status=writing.status,
        text=writing.text,
        citations=writing.citations,
        model=writing.model,
        generation=generation,
        usage=writing.usage,
        timings_ms={},
        rungs=writing.rungs,
    )
    return answer, writing.claims
