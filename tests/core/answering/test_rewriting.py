"""Follow-ups made into queries."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

import pytest

from core.answering.refusal import refusal
from core.answering.rewriting import Rewriting, complete, rewrite, without_model
from core.answering.wording import EMPTY_CORPUS, QUOTES, QUOTES_INSTEAD
from core.errors import ServiceUnavailable
from core.model import Message, ModelEvent, ModelFinished, ModelStarted, Prompt, Usage
from tests.support.models import (
    ScriptedModel,
    asking,
    breaking_off,
    model_saying,
    saying,
    section,
)

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
    assert not rewriting.by_rule
    text = model.prompts[0].messages[-1].text
    assert "user: How do I install it on Linux?\nassistant: Run the installer.\n" in text
    assert text.endswith("Last question: And on Windows?")


@pytest.mark.parametrize(
    "model",
    [
        ScriptedModel([breaking_off("How do", error=ServiceUnavailable("S", "down."))]),
        ScriptedModel([[ModelStarted("quotes", quoting=True), ModelFinished("quotes")]]),
        ScriptedModel([saying(" ")]),
        ScriptedModel([saying("How do I install it on Windows? " * 20)]),
        model_saying("I'm sorry, but I can't help with that request."),
        model_saying("Wie installiere ich das Programm unter Windows?"),
        model_saying("How do I install it on a Mac?"),
    ],
)
async def test_where_the_model_fails_a_rule_completes_it(model: ScriptedModel) -> None:
    rewriting = await rewrite("And on Windows?", HISTORY, model, patience=1)

    assert (rewriting.queries, rewriting.by_rule) == (BY_RULE, True)


@pytest.mark.parametrize(
    ("asked", "question", "rewritten"),
    [
        ("How do I install it on Linux?", "And on Windows?", "How do I install it on Windows?"),
        ("How do I install it on Linux?", "Why is that so?", "Why do I install it so on Linux?"),
        ("How do I install it on Linux?", "How do I bake bread?", "How do I bake bread?"),
        (
            "Wie installiere ich es auf Linux?",
            "Und auf dem Mac?",
            "Wie installiere ich es dem Mac?",
        ),
        ("怎么在 Linux 上安装它?", "那 Windows 呢?", "怎么在 Windows 上安装它?"),
    ],
)
async def test_a_rewriting_is_made_of_what_was_said(
    asked: str, question: str, rewritten: str
) -> None:
    history = (Message("user", asked), Message("assistant", "Run the installer [1]."))

    rewriting = await rewrite(question, history, model_saying(rewritten), patience=1)

    assert (rewriting.queries, rewriting.by_rule) == ((rewritten,), False)


async def test_an_apology_for_a_question_without_words_of_its_own_is_no_rewriting() -> None:
    model = model_saying("I'm sorry, but I can't help with that request.")

    assert (await rewrite("Why is that so?", HISTORY, model, patience=1)).by_rule


async def test_a_model_is_told_to_leave_a_question_that_stands_alone_as_it_is() -> None:
    model = model_saying("How do I bake bread?")

    await rewrite("How do I bake bread?", HISTORY, model, patience=1)

    assert "Repeat it unchanged if it stands alone" in model.prompts[0].system


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


@pytest.mark.parametrize("answer", [refusal([]), refusal([section()]), EMPTY_CORPUS])
def test_a_refusal_says_nothing_to_search_with(answer: str) -> None:
    history = (HISTORY[0], Message("assistant", answer))

    assert without_model("And on Windows?", history) == BY_RULE[:1]


def test_a_question_that_was_refused_is_passed_over_for_the_last_that_was_answered() -> None:
    refused = (Message("user", "How fast is a swallow?"), Message("assistant", refusal([])))

    assert without_model("And on Windows?", (*HISTORY, *refused)) == BY_RULE


@pytest.mark.parametrize("lead", [QUOTES, QUOTES_INSTEAD])
def test_what_introduces_quotes_is_not_searched_for(lead: str) -> None:
    history = (HISTORY[0], Message("assistant", f"{lead}Run the installer [1]."))

    assert without_model("And on Windows?", history) == BY_RULE


def test_a_long_message_before_it_does_not_crowd_out_the_question() -> None:
    """What an embedding model reads of a query is limited, and the question comes last."""
    asked, answered = without_model(
        "And now?", (Message("user", "x" * 9999), Message("assistant", "y" * 9999))
    )

    assert asked == "x" * 400 + " And now? And now?"
    assert answered == "y" * 400 + " And now?"


async def test_a_model_reads_the_end_of_a_long_conversation_and_not_all_of_a_long_message() -> None:
    history = [Message("user", f"{n} " + "x" * 9999) for n in range(20)]
    model = model_saying("How?")

    await rewrite("And now?", history, model, patience=1)

    text = model.prompts[0].messages[-1].text
    assert re.findall(r"user: (\d+) x", text) == [str(n) for n in range(14, 20)]
    assert len(text) < 6 * 1600


async def test_the_text_of_a_model_that_broke_off_is_void() -> None:
    model = ScriptedModel([[*saying("Half")[:2], *saying("Whole.")]])

    assert await complete(model, asking("q")) == ("Whole.", Usage(10, 5, 0.001))
