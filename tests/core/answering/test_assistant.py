"""The way of a question, with a search and models that do as the test says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import pytest

from core.answering.assistant import Assistant, AssistantSettings
from core.answering.fallback import FallbackChatModel
from core.answering.grounding import PassingVerifier
from core.answering.prompting import PromptLimits
from core.answering.stopping import Stop
from core.answering.verifying.verifier import LexicalVerifier
from core.answering.wording import STOPPED, STOPPED_EARLY
from core.backends.extractive import ExtractiveChatModel
from core.errors import ServiceUnavailable
from core.model import (
    Answer,
    Answered,
    AnswerEvent,
    AnswerStatus,
    Corpus,
    Message,
    ModelEvent,
    ModelFinished,
    ModelStarted,
    ModelText,
    PassagesFound,
    Prompt,
    Question,
    Replaced,
    Retrieval,
    Rung,
    Scope,
    Searching,
    SessionKey,
    SessionState,
    SparseVector,
    TextDelta,
    Usage,
    Verdict,
)
from core.ports import ChatModel, Verifier
from core.retrieval.retriever import EncodedQuery
from tests.support.models import ScriptedModel, breaking_off, model_saying, saying, section

CORPUS = Corpus("docent-test-3", 7)
PASSAGES = (
    section("Run the installer. It asks for a folder."),
    section("Remove it with `remove`.", heading="Removal", url="https://docs.example/remove"),
)
FOUND = Retrieval("q", 7, PASSAGES, 0.8, sufficient=True, timings_ms={"search": 3.0, "rerank": 2.0})
QUESTION = Question(
    SessionKey("console", "-", "-", "1"),
    "m1",
    "U1",
    "How do I install it?",
    Scope(frozenset({"docs"})),
)
NO_WORDS = SparseVector((), ())
DOWN = ServiceUnavailable("S", "down.")


@dataclass
class Memory:
    state: SessionState = field(default_factory=lambda: SessionState((), CORPUS))

    async def load(self, question: Question) -> SessionState:
        return self.state


@dataclass
class Search:
    """A retriever that keeps what is searched for, and always finds the same."""

    retrieval: Retrieval = FOUND
    searched: list[tuple[list[str], Scope, Corpus]] = field(default_factory=list)

    async def encode(self, text: str) -> EncodedQuery:
        return EncodedQuery(text, None, NO_WORDS)

    async def retrieve(
        self, queries: Sequence[EncodedQuery], scope: Scope, corpus: Corpus
    ) -> Retrieval:
        self.searched.append(([query.text for query in queries], scope, corpus))
        return self.retrieval


def assistant(
    model: ChatModel,
    *,
    search: Search | None = None,
    memory: Memory | None = None,
    verifier: Verifier | None = None,
) -> Assistant:
    checks = verifier or PassingVerifier()
    return Assistant(memory or Memory(), search or Search(), model, checks)


async def events_of(made: Assistant) -> list[AnswerEvent]:
    return [event async for event in made.answer(QUESTION)]


def shown(events: Sequence[AnswerEvent]) -> str:
    """What a reader has before the eyes in the end."""
    text = ""
    for event in events:
        if isinstance(event, TextDelta):
            text += event.text
        elif isinstance(event, Replaced):
            text = event.text
    return text


async def answer_of(made: Assistant) -> Answer:
    events = await events_of(made)
    assert isinstance(events[-1], Answered)
    assert events[-1].answer.text == shown(events)
    return events[-1].answer


async def test_an_answer_streams_in_whole_claims_and_ends_whole() -> None:
    events = await events_of(assistant(model_saying("Run the in", "staller [2]. It ", "asks [1].")))

    assert events[:4] == [
        Searching(),
        PassagesFound(PASSAGES),
        TextDelta("Run the installer [1]."),
        TextDelta(" It asks [2]."),
    ]
    (answered,) = events[4:]
    assert isinstance(answered, Answered)
    assert answered.retrieval is FOUND
    answer = answered.answer
    assert (answer.status, answer.text) == (
        AnswerStatus.ANSWERED,
        "Run the installer [1]. It asks [2].",
    )
    assert [(c.n, c.url) for c in answer.citations] == [(1, PASSAGES[1].url), (2, PASSAGES[0].url)]
    assert (answer.model, answer.generation) == ("some/model", 7)
    assert answer.usage == Usage(10, 5, 0.001)
    assert answer.rungs == ()


async def test_the_timings_name_every_step() -> None:
    ticks = iter(range(1000))
    made = Assistant(
        Memory(), Search(), model_saying("Hi."), PassingVerifier(), clock=lambda: next(ticks) / 1000
    )

    timings = dict((await answer_of(made)).timings_ms)

    assert timings.pop("judge") == 0, "nobody was asked to judge"
    assert set(timings) == {"history", "embed", "search", "rerank", "first_token", "total"}
    assert (timings["search"], timings["rerank"]) == (3.0, 2.0)
    assert all(ms > 0 for ms in timings.values())
    assert timings["total"] == max(timings.values())


async def test_a_question_is_searched_in_its_scope_and_the_served_corpus() -> None:
    search = Search()

    await answer_of(assistant(model_saying("Hi."), search=search))

    assert search.searched == [(["How do I install it?"], Scope(frozenset({"docs"})), CORPUS)]


async def test_below_the_floor_no_model_is_called_and_the_nearest_sections_are_named() -> None:
    model = model_saying("Never.")
    search = Search(replace(FOUND, sufficient=False, rungs=(Rung.BM25_ONLY,)))

    answer = await answer_of(assistant(model, search=search))

    assert model.prompts == []
    assert answer.status is AnswerStatus.REFUSED
    assert "- [Install › Removal](https://docs.example/remove)" in answer.text
    assert (answer.citations, answer.model, answer.rungs) == ((), None, (Rung.BM25_ONLY,))


async def test_before_the_first_sync_a_question_is_told_to_sync() -> None:
    search = Search()

    answer = await answer_of(
        assistant(model_saying(), search=search, memory=Memory(SessionState((), None)))
    )

    assert "`docent sync`" in answer.text
    assert (answer.status, search.searched) == (AnswerStatus.REFUSED, [])


@pytest.mark.parametrize(
    "reply",
    [
        "NOT_COVERED",
        "NOT_COVERED. Really.",
        "NOT_COVERED.\n\nBut I know better [1]. Really.",
        "I am sorry. Really.\n\nNOT_COVERED",
        "The passages do not mention this.",
        "",
        "[9]",
    ],
)
async def test_a_model_that_finds_no_answer_makes_a_useful_refusal(reply: str) -> None:
    answer = await answer_of(assistant(model_saying(reply)))

    assert answer.status is AnswerStatus.REFUSED
    assert answer.text.startswith("I could not find an answer to this in the docs.")
    assert "https://docs.example/remove" in answer.text
    assert answer.citations == ()


@dataclass
class Endless:
    """A model that says the texts, and never comes to its end."""

    texts: Sequence[str] = ()
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        try:
            yield ModelStarted("m")
            for text in self.texts:
                yield ModelText(text)
            await asyncio.Event().wait()
        finally:
            self.closed.set()


async def test_a_model_that_says_it_is_not_covered_is_not_listened_to_further() -> None:
    model = Endless(["NOT_COVERED\n\n", "But I know ", "better. ", "Really."])

    async with asyncio.timeout(5):
        answer = await answer_of(assistant(model))

    assert answer.status is AnswerStatus.REFUSED
    assert model.closed.is_set()


async def test_an_answer_to_a_part_is_no_refusal() -> None:
    answer = await answer_of(
        assistant(model_saying("The docs do not cover Windows. On Linux run it [1]."))
    )

    assert answer.status is AnswerStatus.ANSWERED


async def test_an_answer_whose_claims_are_not_in_the_docs_becomes_a_refusal() -> None:
    invented = model_saying("It costs 300 dollars in Amsterdam [1]. Payment is by cheque [2].")

    events = await events_of(assistant(invented, verifier=LexicalVerifier()))

    (answered,) = events[-1:]
    assert isinstance(answered, Answered)
    assert answered.answer.status is AnswerStatus.REFUSED
    assert answered.answer.text == shown(events)
    assert "- [Install › Removal](https://docs.example/remove)" in shown(events)
    assert answered.answer.citations == ()
    assert [claim.verdict for claim in answered.claims] == [Verdict.UNSUPPORTED] * 2


async def test_the_claims_of_an_answer_are_told_with_their_verdicts() -> None:
    model = model_saying("Here is how:\n\n- Run the installer [1].\n- Choose a folder for it [1].")

    (*_, answered) = await events_of(assistant(model, verifier=LexicalVerifier()))

    assert isinstance(answered, Answered)
    assert answered.claims[0].text == "- Run the installer."
    assert answered.claims[0].verdict is Verdict.SUPPORTED
    assert answered.claims[0].passages == (PASSAGES[0].content_hash,)


async def test_quotes_are_not_checked_against_themselves() -> None:
    plain = await answer_of(assistant(ExtractiveChatModel()))
    (*_, answered) = await events_of(assistant(ExtractiveChatModel(), verifier=LexicalVerifier()))

    assert isinstance(answered, Answered)
    assert answered.answer.text == plain.text
    assert answered.claims == ()


async def test_a_model_that_broke_off_is_replaced_in_the_same_message() -> None:
    broken = ScriptedModel([breaking_off("First claim [1]. Second ", error=DOWN)])

    events = await events_of(
        assistant(FallbackChatModel([broken, model_saying("Whole [2]. Yes.")]))
    )

    assert events[2:-1] == [
        TextDelta("First claim [1]."),
        Replaced("Whole [1]."),
        TextDelta(" Yes."),
    ]
    (answered,) = events[-1:]
    assert isinstance(answered, Answered)
    assert answered.answer.text == "Whole [1]. Yes."
    assert [c.url for c in answered.answer.citations] == [PASSAGES[1].url]
    assert (answered.answer.model, answered.answer.rungs) == ("some/model", (Rung.NEXT_MODEL,))


async def test_a_model_that_broke_off_unheard_leaves_no_trace_in_the_text() -> None:
    broken = ScriptedModel([breaking_off(error=DOWN)])

    events = await events_of(assistant(FallbackChatModel([broken, model_saying("Whole.")])))

    assert not any(isinstance(event, Replaced) for event in events)
    assert shown(events) == "Whole."


async def test_when_all_models_fail_the_docs_are_quoted() -> None:
    broken = ScriptedModel([breaking_off("Half [1]. Sec", error=DOWN)])
    ladder = FallbackChatModel([broken, ExtractiveChatModel()])
    search = Search(replace(FOUND, rungs=(Rung.NO_RERANK,)))

    answer = await answer_of(assistant(ladder, search=search))

    assert answer.status is AnswerStatus.QUOTED
    assert answer.text.startswith("No model could answer just now")
    assert "> Run the installer. It asks for a folder. [1]" in answer.text
    assert answer.citations[0].url == PASSAGES[0].url
    assert answer.rungs == (Rung.NO_RERANK, Rung.QUOTES_ONLY)


async def test_without_any_model_the_docs_speak_for_themselves() -> None:
    answer = await answer_of(assistant(ExtractiveChatModel()))

    assert answer.status is AnswerStatus.QUOTED
    assert answer.text.startswith("In the docs' own words:\n\n> ")
    marks = re.findall(r"\[(\d)\]", answer.text)
    assert marks == sorted(marks)
    assert {int(m) for m in marks} == {c.n for c in answer.citations}


async def test_passages_with_nothing_to_quote_make_a_refusal() -> None:
    search = Search(replace(FOUND, passages=(section("# Only a heading"),)))

    answer = await answer_of(assistant(ExtractiveChatModel(), search=search))

    assert answer.status is AnswerStatus.REFUSED


async def test_where_no_rung_is_left_the_error_comes_through() -> None:
    with pytest.raises(ServiceUnavailable):
        await events_of(assistant(ScriptedModel([[DOWN]])))


async def test_an_answer_that_was_cut_at_its_limit_says_so() -> None:
    answer = await answer_of(assistant(ScriptedModel([saying("One. Two and", truncated=True)])))

    assert answer.text == "One. Two and …"


async def test_a_code_block_that_was_cut_is_closed_before_it_says_so() -> None:
    answer = await answer_of(assistant(ScriptedModel([saying("Do:\n```\nx", truncated=True)])))

    assert answer.text == "Do:\n```\nx\n```\n\n…"


@pytest.mark.parametrize("size", [5, 100, 10**6])
async def test_a_model_that_ignores_its_limit_is_not_listened_to_further(size: int) -> None:
    limits = PromptLimits(answer_tokens=10)
    model = model_saying(*["x" * size] * (10**6 // size))
    made = Assistant(
        Memory(), Search(), model, PassingVerifier(), settings=AssistantSettings(limits)
    )

    answer = await answer_of(made)

    assert answer.text == "x" * 160 + " …"
    assert model.closed == 1


async def test_a_follow_up_is_searched_as_the_model_completes_it() -> None:
    messages = (Message("user", "What is X?"), Message("assistant", "A tool [1]."))
    search = Search()
    model = ScriptedModel([saying("How do I install X?"), saying("Run it [1].")])

    answer = await answer_of(
        assistant(model, search=search, memory=Memory(SessionState(messages, CORPUS)))
    )

    assert search.searched[0][0] == ["How do I install X?"]
    assert answer.usage == Usage(20, 10, 0.002)
    assert [m.text for m in model.prompts[1].messages[:2]] == ["What is X?", "A tool."]


async def test_a_model_that_takes_too_long_over_a_follow_up_is_not_waited_for() -> None:
    search = Search()
    slow = AssistantSettings(rewrite_patience=0)
    memory = Memory(SessionState((Message("user", "What is X?"),), CORPUS))
    made = Assistant(memory, search, Endless(), PassingVerifier(), settings=slow)

    async with asyncio.timeout(5), aclosing(made.answer(QUESTION)) as events:
        async for event in events:
            if isinstance(event, PassagesFound):
                break

    assert search.searched[0][0] == [
        "What is X? How do I install it? How do I install it?",
        "How do I install it?",
    ]


async def test_a_follow_up_without_a_model_is_searched_by_rule() -> None:
    messages = (Message("user", "What is X?"), Message("assistant", "A tool [1]."))
    search = Search()

    answer = await answer_of(
        assistant(
            ExtractiveChatModel(), search=search, memory=Memory(SessionState(messages, CORPUS))
        )
    )

    assert [queries for queries, _, _ in search.searched] == [
        [
            "What is X? How do I install it? How do I install it?",
            "A tool. How do I install it?",
            "How do I install it?",
        ]
    ]
    assert answer.usage == Usage()


async def test_history_is_read_while_the_question_is_embedded() -> None:
    """Each waits for the other to have begun: one after the other would never end."""
    reading, embedding = asyncio.Event(), asyncio.Event()

    class SlowMemory(Memory):
        async def load(self, question: Question) -> SessionState:
            reading.set()
            await embedding.wait()
            return self.state

    class SlowSearch(Search):
        async def encode(self, text: str) -> EncodedQuery:
            embedding.set()
            await reading.wait()
            return await super().encode(text)

    async with asyncio.timeout(5):
        await answer_of(assistant(model_saying("Hi."), search=SlowSearch(), memory=SlowMemory()))


async def test_a_follow_up_is_completed_while_it_is_embedded_as_it_stands() -> None:
    asked = asyncio.Event()

    class Completing:
        async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
            asked.set()
            text = "Run it [1]." if prompt.passages else "How do I install Docent?"
            yield ModelStarted("some/model")
            yield ModelText(text)
            yield ModelFinished("some/model")

    class Slow(Search):
        async def encode(self, text: str) -> EncodedQuery:
            if text == QUESTION.text:
                await asked.wait()
            return await super().encode(text)

    talked = (Message("user", "What is Docent?"), Message("assistant", "A bot. You install it."))
    search, memory = Slow(), Memory(SessionState(talked, CORPUS))

    async with asyncio.timeout(5):
        await answer_of(assistant(Completing(), search=search, memory=memory))

    assert [queries for queries, _, _ in search.searched] == [["How do I install Docent?"]]


async def test_when_the_history_cannot_be_read_the_embedding_is_cancelled() -> None:
    cancelled = asyncio.Event()

    class NoMemory(Memory):
        async def load(self, question: Question) -> SessionState:
            await asyncio.sleep(0)
            raise DOWN

    class EndlessSearch(Search):
        async def encode(self, text: str) -> EncodedQuery:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            return await super().encode(text)

    with pytest.raises(ServiceUnavailable):
        await events_of(assistant(model_saying(), search=EndlessSearch(), memory=NoMemory()))

    async with asyncio.timeout(5):
        await cancelled.wait()


async def test_a_reader_who_goes_away_ends_the_generation() -> None:
    model = Endless(["One. Two. "])

    async with aclosing(assistant(model).answer(QUESTION)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break

    assert model.closed.is_set()


async def stopped(model: ChatModel, last_shown: str) -> list[AnswerEvent]:
    """The events when the reader stops the answer once that was shown."""
    stop, events = Stop(), list[AnswerEvent]()
    async with asyncio.timeout(5):
        async for event in assistant(model).answer(QUESTION, stop):
            events.append(event)
            if last_shown and last_shown in shown(events):
                asyncio.get_running_loop().call_soon(stop.wish)
    return events


def last(events: Sequence[AnswerEvent]) -> Answer:
    """The answer, which must be what was shown."""
    assert isinstance(events[-1], Answered)
    assert events[-1].answer.text == shown(events)
    assert events[-1].retrieval is FOUND
    return events[-1].answer


async def test_a_stopped_answer_ends_with_what_was_shown_and_its_sources() -> None:
    model = Endless(["Remove it [2]. Run it [1]. Then"])

    answer = last(await stopped(model, "Run it"))

    assert model.closed.is_set()
    assert (answer.status, answer.text) == (
        AnswerStatus.STOPPED,
        f"Remove it [1]. Run it [2].{STOPPED}",
    )
    assert [c.url for c in answer.citations] == [PASSAGES[1].url, PASSAGES[0].url]


async def test_a_code_block_that_is_not_whole_when_the_stop_comes_is_not_shown() -> None:
    answer = last(await stopped(Endless(["Run it [1]:\n\n```sh\ninstall\n"]), "Run it"))

    assert answer.text == f"Run it [1]:{STOPPED}"


async def test_an_answer_that_is_stopped_before_it_was_written_asks_no_model() -> None:
    model, stop = model_saying("Never."), Stop()
    stop.wish()

    events = [event async for event in assistant(model).answer(QUESTION, stop)]

    answer = last(events)
    assert (answer.status, answer.text) == (AnswerStatus.STOPPED, STOPPED_EARLY)
    assert model.prompts == []


async def test_a_stop_while_one_model_takes_over_keeps_what_the_other_showed() -> None:
    broken = ScriptedModel([breaking_off("Remove it [2]. And", error=DOWN)])
    model = FallbackChatModel([broken, Endless()])

    answer = last(await stopped(model, "Remove it"))

    assert answer.text == f"Remove it [1].{STOPPED}"
    assert [c.url for c in answer.citations] == [PASSAGES[1].url]


async def test_a_stop_that_comes_too_late_changes_nothing() -> None:
    stop, events = Stop(), list[AnswerEvent]()
    async for event in assistant(model_saying("Run it [1].")).answer(QUESTION, stop):
        events.append(event)
        if isinstance(event, Answered):
            stop.wish()

    assert last(events).status is AnswerStatus.ANSWERED
