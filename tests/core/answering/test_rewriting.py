"""Follow-ups made into queries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from core.answering.rewriting import Rewriting, complete, rewrite
from core.errors import ServiceUnavailable
from core.model import Message, ModelEvent, ModelFinished, ModelStarted, Prompt, Usage
from tests.support.models import ScriptedModel, asking, breaking_off, model_saying, saying

HISTORY = (
    Message("user", "How do I install it on Linux?"),
    Message("assistant", "Run the installer [1]."),
)
BY_RULE = (
    "How do I install it on Linux? And on Windows? And on Windows?",
    "Run the installer. And on Windows?",
)


class Hanging:
    """A model that never comes to speak."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        yield ModelStarted("slow/model")
        await asyncio.Event().wait()


async def test_a_question_without_a_conversation_is_searched_as_it_stands() -> None:
    model = model_saying("Never asked.")

    assert await rewrite("How?", (), model, patience=1) == Rewriting(("How?",))
    assert model.prompts == []


async def test_a_follow_up_is_completed_by_the_model() -> None:
    model = model_saying("How do I install", " it\non Windows? ")

    rewriting = await rewrite("And on Windows?", HISTORY, model, patience=1)

    assert rewriting == Rewriting(("How do I install it on Windows?",), Usage(10, 5, 0.001))
    text = model.prompts[0].messages[-1].text
    assert "user: How do I install it on Linux?\nassistant: Run the installer.\n" in text
    assert text.endswith("Last question: And on Windows?")


@pytest.mark.parametrize(
    "model",
    [
        ScriptedModel([breaking_off("How do", error=ServiceUnavailable("S", "down."))]),
        ScriptedModel([[ModelStarted("quotes", quoting=True), ModelFinished("quotes")]]),
        ScriptedModel([saying(" ")]),
        ScriptedModel([saying("word " * 200)]),
    ],
)
async def test_where_the_model_fails_a_rule_completes_it(model: ScriptedModel) -> None:
    assert (await rewrite("And on Windows?", HISTORY, model, patience=1)).queries == BY_RULE


async def test_a_model_that_is_late_is_not_waited_for() -> None:
    assert (await rewrite("And on Windows?", HISTORY, Hanging(), patience=0)).queries == BY_RULE


@pytest.mark.parametrize(
    ("history", "queries"),
    [
        (HISTORY[:1], BY_RULE[:1]),
        (HISTORY[1:], ("And on Windows?", BY_RULE[1])),
        ((Message("assistant", "x" * 1000),), ("And on Windows?", "x" * 400 + " And on Windows?")),
    ],
)
async def test_half_a_conversation_is_enough_for_the_rule(
    history: tuple[Message, ...], queries: tuple[str, ...]
) -> None:
    rewriting = await rewrite("And on Windows?", history, Hanging(), patience=0)

    assert rewriting.queries == queries


async def test_the_text_of_a_model_that_broke_off_is_void() -> None:
    model = ScriptedModel([[*saying("Half")[:2], *saying("Whole.")]])

    assert await complete(model, asking("q")) == ("Whole.", Usage(10, 5, 0.001))
