"""The way of a question, from its text to its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.answering.prompting import PromptLimits, build_prompt
from core.answering.refusal import refusal
from core.answering.rewriting import rewrite
from core.answering.stopping import Stop
from core.answering.stopwatch import Stopwatch
from core.answering.verifying.judging import Settlement
from core.answering.wording import EMPTY_CORPUS
from core.answering.writing import Writing
from core.model import (
    Answer,
    Answered,
    AnswerEvent,
    AnswerStatus,
    Claim,
    Corpus,
    ModelEvent,
    Passage,
    PassagesFound,
    Question,
    Replaced,
    Retrieval,
    Scope,
    Searching,
    SessionState,
    TextDelta,
    Usage,
)
from core.ports import ChatModel, Verifier
from core.retrieval.retriever import EncodedQuery


class Remembering(Protocol):
    """What is known before a question is searched for: History."""

    async def load(self, question: Question) -> SessionState:
        """The conversation before it, and the served corpus."""


class Judging(Protocol):
    """Who settles what the verifier cannot: Judge."""

    async def settle(
        self, verifier: Verifier, claims: Sequence[Claim], passages: Sequence[Passage]
    ) -> Settlement:
        """A verifier that knows the verdicts. Takes a bounded time, and does not fail."""


class Retrieving(Protocol):
    """The search: Retriever."""

    async def encode(self, text: str) -> EncodedQuery:
        """Both vectors of a query. Does not fail because of the embedder."""

    async def retrieve(
        self, queries: Sequence[EncodedQuery], scope: Scope, corpus: Corpus
    ) -> Retrieval:
        """The passages, best first."""


@dataclass(frozen=True, slots=True)
class AssistantSettings:
    """`rewrite_patience`: seconds that a model has to complete a follow-up."""

    limits: PromptLimits = field(default_factory=PromptLimits)
    rewrite_patience: float = 3.0


_NOTHING = Retrieval(query="", generation=0, passages=(), confidence=0.0, sufficient=False)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the search found, and what it cost to complete the question; nothing by default."""

    retrieval: Retrieval = _NOTHING
    usage: Usage = field(default_factory=Usage)


class Assistant:
    """Answers questions from the docs. Holds no state of a question between two calls."""

    def __init__(
        self,
        history: Remembering,
        retriever: Retrieving,
        model: ChatModel,
        verifier: Verifier,
        *,
        judge: Judging | None = None,
        settings: AssistantSettings | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._history = history
        self._retriever = retriever
        self._model = model
        self._verifier = verifier
        self._judge = judge
        self._settings = settings or AssistantSettings()
        self._clock = clock

    async def answer(
        self, question: Question, stop: Stop | None = None
    ) -> AsyncGenerator[AnswerEvent, None]:
        """The events of one answer, Answered last. Raises ServiceError where no rung is left.

        Closing the iterator cancels whatever is under way. A `stop` ends the text where it is, or
        once the search is done.
        """
        watch = Stopwatch(self._clock)
        yield Searching()
        state, found = await self._searched(question, watch)
        if state.corpus is not None:
            yield PassagesFound(found.retrieval.passages)
        if not found.retrieval.sufficient:
            text = EMPTY_CORPUS
            if state.corpus:
                text = refusal(found.retrieval.passages, question.text)
            yield TextDelta(text)
            yield Answered(_refused(text, found, watch), found.retrieval)
            return
        passages, limits = found.retrieval.passages, self._settings.limits
        prompt = build_prompt(question.text, state.messages, passages, limits)
        writing = Writing(prompt, self._verifier)
        async with aclosing(self._written(writing, watch, stop or Stop())) as events:
            async for event in events:
                yield event
        revised, judging = await self._judged(writing, watch)
        for replaced in revised:
            yield replaced
        answer = _answer(writing, found, watch, judging)
        yield Answered(answer, found.retrieval, writing.claims, prompt.fingerprint)

    async def _searched(self, question: Question, watch: Stopwatch) -> tuple[SessionState, _Found]:
        """The conversation, and what is found; meanwhile the question is embedded as it stands."""
        encoding = asyncio.create_task(self._encode(question.text, watch))
        try:
            with watch.time("history"):
                state = await self._history.load(question)
            if state.corpus is None:
                return state, _Found()
            return state, await self._find(question, state, state.corpus, encoding, watch)
        finally:
            encoding.cancel()

    async def _encode(self, text: str, watch: Stopwatch) -> EncodedQuery:
        with watch.time("embed"):
            return await self._retriever.encode(text)

    async def _find(
        self,
        question: Question,
        state: SessionState,
        corpus: Corpus,
        encoding: asyncio.Task[EncodedQuery],
        watch: Stopwatch,
    ) -> _Found:
        rewriting = await rewrite(
            question.text, state.messages, self._model, patience=self._settings.rewrite_patience
        )
        if rewriting.queries == (question.text,):
            queries = [await encoding]
        else:
            queries = await asyncio.gather(*(self._encode(q, watch) for q in rewriting.queries))
        if rewriting.by_rule:
            queries.append(replace(await encoding, alone=True))
        retrieval = await self._retriever.retrieve(queries, question.scope, corpus)
        watch.add(retrieval.timings_ms)
        return _Found(retrieval, rewriting.usage)

    async def _written(
        self, writing: Writing, watch: Stopwatch, stop: Stop
    ) -> AsyncGenerator[TextDelta | Replaced, None]:
        asked = watch.elapsed()
        model = self._model.stream(writing.prompt)
        pieces = _pieces(model, writing, stop)
        async with aclosing(model), aclosing(pieces), aclosing(stop.cut(pieces)) as events:
            async for together in events:
                for shown in together:
                    watch.first("first_token", asked)
                    yield shown
        for shown in writing.stop() if stop.wished else writing.finish():
            watch.first("first_token", asked)
            yield shown

    async def _judged(self, writing: Writing, watch: Stopwatch) -> tuple[list[Replaced], Usage]:
        """What the judge has changed in an answer that stands whole before its reader."""
        doubtful = writing.doubtful
        if self._judge is None or not doubtful:
            return [], Usage()
        with watch.time("judge"):
            settled = await self._judge.settle(self._verifier, doubtful, writing.prompt.passages)
        return writing.revise(settled.verifier), settled.usage


async def _pieces(
    model: AsyncIterator[ModelEvent], writing: Writing, stop: Stop
) -> AsyncGenerator[list[TextDelta | Replaced], None]:
    """What is to be shown of the model's text, each time that there is something."""
    async for event in model:
        if shown := writing.take(event):
            yield shown
        # Looked at as well: whoever makes the events may not heed that a stop cancels them.
        if writing.settled or stop.wished:
            return


def _refused(text: str, found: _Found, watch: Stopwatch) -> Answer:
    return Answer(
        status=AnswerStatus.REFUSED,
        text=text,
        citations=(),
        model=None,
        generation=found.retrieval.generation,
        usage=found.usage,
        timings_ms=watch.stop(),
        rungs=found.retrieval.rungs,
    )


def _answer(writing: Writing, found: _Found, watch: Stopwatch, judging: Usage) -> Answer:
    return Answer(
        status=writing.status,
        text=writing.text,
        citations=writing.citations,
        model=writing.model,
        generation=found.retrieval.generation,
        usage=_sum(found.usage, writing.usage, judging),
        timings_ms=watch.stop(),
        rungs=(*found.retrieval.rungs, *writing.rungs),
    )


def _sum(*usages: Usage) -> Usage:
    costs = [usage.cost for usage in usages if usage.cost is not None]
    return Usage(
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        cost=sum(costs) if costs else None,
    )
