"""What `docent trace` tells: how an answer came about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from adapters.chat.account import model_of, scores_of, timings_of, verdict_of
from adapters.chat.evidence import is_stale
from adapters.console.rendering import answer_as_json
from bot.app import open_database
from bot.settings import Settings
from core.answering.prompting import PromptLimits, build_prompt
from core.conversation.history import History
from core.conversation.traces import Trace, Traces, TurnLine
from core.errors import ConfigurationError
from core.migrations.runner import migrate
from core.model import Passage, Prompt
from core.ports import Database
from core.text.unicode import visible

LATEST = 20
"""Turns in the list."""

_LONGEST_LINE = 60
_OTHER_PROMPT = (
    "What the model was told cannot be put together again: a passage or an earlier turn is gone, "
    "or Docent or its settings have changed since."
)
_STALE = ", stale: a section that it cites was changed since"
_NO_PROMPT = "No model was asked."


@dataclass(frozen=True, slots=True)
class TraceReport:
    """A trace with its prompt, which is put together again from what is kept.

    `prompt` is None where no model was asked, or where it would be another one than then.
    """

    trace: Trace
    prompt: Prompt | None

    @property
    def stale(self) -> bool:
        """Whether a section that the answer cites was changed or removed since."""
        return is_stale(self.trace)

    def as_json(self) -> dict[str, Any]:
        """Lists, numbers, strings and None; times are in ISO 8601."""
        trace, turn = self.trace, self.trace.turn
        ended, since = trace.ended_at, trace.stale_since
        return {
            "turn": str(turn.id),
            **asdict(turn.question.session),
            "asked_at": trace.asked_at.isoformat(),
            "ended_at": ended.isoformat() if ended else None,
            "status": turn.answer.status.value if turn.answer else turn.status,
            "attempts": trace.attempts,
            "failure": trace.failure,
            "question": turn.question.text,
            "sources": _names(turn.question.scope.sources),
            **{name: value for name, value in trace.noted.items() if name != "prompt"},
            "passages": list(self._passages()),
            "stale": self.stale,
            "stale_since": since.isoformat() if since else None,
            "prompt": self._prompt(),
            "answer": answer_as_json(turn.answer, turn.id) if turn.answer else None,
        }

    def as_text(self) -> str:
        """The same for people."""
        return visible("\n".join(self._lines()))

    def _passages(self) -> Iterator[dict[str, Any]]:
        """As they were found, best first; of one that is no longer kept there is the hash."""
        kept = {passage.content_hash: passage for passage in self.trace.turn.passages}
        for found in self.trace.noted.get("passages", ()):
            passage = kept.get(found["hash"])
            changed = found["hash"] in self.trace.changed
            shown = _shown(passage) if passage else {}
            yield {**found, "kept": passage is not None, "changed": changed, **shown}

    def _prompt(self) -> dict[str, Any] | None:
        noted = self.trace.noted.get("prompt")
        if noted is None:
            return None
        told = self.prompt
        messages = [{"role": "system", "content": told.system}] if told else []
        messages += [{"role": m.role, "content": m.text} for m in told.messages] if told else []
        return {"fingerprint": noted, "same": told is not None, "messages": messages}

    def _lines(self) -> Iterator[str]:
        trace, turn, noted = self.trace, self.trace.turn, self.trace.noted
        key = turn.question.session
        yield f"Turn        {turn.id}"
        yield f"Asked       {_time(trace.asked_at)}, {key.platform} {key.workspace} {key.channel}"
        yield f"Question    {turn.question.text}"
        yield f"Status      {_status(trace)}{_STALE if self.stale else ''}"
        if noted:
            yield f"Searched    {noted['query']}"
            yield f"Generation  {noted['generation']}, confidence {noted['confidence']:.3f}"
            yield f"Model       {model_of(noted)}"
            yield f"Steps, ms   {timings_of(noted['timings_ms'])}"
        yield from self._passage_lines()
        yield from _claim_lines(noted.get("claims", ()))
        if turn.answer:
            yield from ("", "Answer", turn.answer.text)
        if noted:
            yield from ("", *self._prompt_lines())

    def _passage_lines(self) -> Iterator[str]:
        found = list(self._passages())
        if found:
            yield from ("", "Passages")
        for n, each in enumerate(found, 1):
            where = f"{each['place']} {each['url']}" if each["kept"] else "no longer kept"
            yield f"  [{n}] {where}"
            changed = "; changed since" if each["changed"] else ""
            yield f"      {scores_of(each['scores'])}; {each['hash']}{changed}"

    def _prompt_lines(self) -> Iterator[str]:
        told = self._prompt()
        if told is None:
            yield _NO_PROMPT
            return
        yield f"Prompt {told['fingerprint']}"
        if not told["same"]:
            yield _OTHER_PROMPT
        for message in told["messages"]:
            yield f"--- {message['role']}\n{message['content']}"


def _shown(passage: Passage) -> dict[str, Any]:
    return {"place": passage.place, "url": passage.url, "source": passage.source} | {
        "text": passage.text
    }


def _claim_lines(claims: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if claims:
        yield from ("", "Claims")
    for claim in claims:
        yield f"  {verdict_of(claim)}: {claim['text']}"


def _status(trace: Trace) -> str:
    turn = trace.turn
    status = turn.answer.status.value if turn.answer else turn.status
    attempts = f", attempt {trace.attempts}" if trace.attempts > 1 else ""
    return f"{status}{attempts}" + (f": {trace.failure}" if trace.failure else "")


def _names(sources: frozenset[str] | None) -> list[str] | None:
    return None if sources is None else sorted(sources)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


async def read_latest(settings: Settings) -> Sequence[TurnLine]:
    """The turns that were asked last. Opens the database alone, as all here, beside a bot too."""
    async with open_database(settings) as database:
        await migrate(database)
        return await Traces(database).latest(LATEST)


def latest_as_text(turns: Sequence[TurnLine]) -> str:
    """A line for each."""
    lines = [
        f"{turn.id}  {_time(turn.asked_at)}  {turn.platform:<8} {turn.outcome:<9} "
        f"{visible(' '.join(turn.text.split()))[:_LONGEST_LINE]}"
        for turn in turns
    ]
    return "\n".join(lines) or "Nobody has asked anything yet."


def latest_as_json(turns: Sequence[TurnLine]) -> list[dict[str, str]]:
    """An object for each."""
    return [
        {"turn": str(turn.id), "asked_at": turn.asked_at.isoformat()}
        | {"platform": turn.platform, "question": turn.text, "status": turn.outcome}
        for turn in turns
    ]


async def read_trace(settings: Settings, turn_id: str) -> TraceReport:
    """Of one turn. Raises ConfigurationError where there is none of that id."""
    async with open_database(settings) as database:
        await migrate(database)
        trace = await find_trace(database, turn_id)
        prompt = await prompt_of(settings, database, trace)
    same = prompt.fingerprint == trace.noted.get("prompt")
    return TraceReport(trace, prompt if same else None)


async def find_trace(database: Database, turn_id: str) -> Trace:
    """Raises ConfigurationError where there is none of that id."""
    try:
        trace = await Traces(database).get(UUID(turn_id))
    except ValueError:
        trace = None
    if trace is None:
        raise ConfigurationError(
            f"There is no turn {turn_id}.",
            hint="`docent trace` lists the latest ones with their ids.",
        )
    return trace


async def prompt_of(settings: Settings, database: Database, trace: Trace) -> Prompt:
    """As it would be now: the conversation is read again, so that nobody's words are kept twice."""
    question, answer = trace.turn.question, settings.answer
    state = await History(database, token_budget=answer.history_tokens).load(question)
    limits = PromptLimits(answer_tokens=answer.max_tokens)
    return build_prompt(question.text, state.messages, trace.turn.passages, limits)
