"""How an answer came about, in short; `docent trace` tells it in full. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeAlias

from adapters.chat.evidence import cited, is_stale
from adapters.markdown import plain_text
from core.answering.wording import NOT_PEER_REVIEWED, PEER_REVIEWED
from core.conversation.traces import Trace
from core.model import Passage

Plain: TypeAlias = Callable[[str], str]
"""A text as one line of Markdown that a platform shows as it stands, with no sign of it read."""

STALE = "A section that this answer cites has changed since."

_LONGEST_QUESTION = 200
_LONGEST_CLAIM = 160
_LONGEST_PLACE = 80
_MOST_OTHERS = 5


def asked(trace: Trace, plain: Plain) -> str:
    """What was asked, what was searched for where that differs, and whether the answer is stale."""
    question, query = trace.turn.question.text, trace.noted.get("query")
    lines = [f"**Question**: {plain(_short(question, _LONGEST_QUESTION))}"]
    if query and query.split() != question.split():
        lines.append(f"**Searched for**: {plain(_short(query, _LONGEST_QUESTION))}")
    if is_stale(trace):
        lines.append(f"⚠ {STALE}")
    return "\n\n".join(lines)


def checked(trace: Trace, plain: Plain, room: int) -> str:
    """The claims with their verdicts: as many as `room` characters hold, and how many more."""
    claims = trace.noted.get("claims") or ()
    lines = ["**Claims**"]
    for n, claim in enumerate(claims):
        text = plain(_short(plain_text(claim["text"]), _LONGEST_CLAIM))
        line = f"- {verdict_of(claim)}: {text}"
        if sum(map(len, lines)) + len(line) > room:
            lines.append(f"- … and {len(claims) - n} more")
            break
        lines.append(line)
    return "\n".join(lines) if claims else ""


def others(trace: Trace, plain: Plain) -> str:
    """The best passages that were found beside those that the answer cites, with their scores."""
    answer, passages = trace.turn.answer, trace.turn.passages
    shown = {passage.content_hash for _, passage in cited(answer, passages)} if answer else set()
    rest = [passage for passage in passages if passage.content_hash not in shown]
    lines = [
        f"- {plain(_short(passage.place or passage.path, _LONGEST_PLACE))} ({_scores(passage)})"
        for passage in rest[:_MOST_OTHERS]
    ]
    if len(rest) > _MOST_OTHERS:
        lines.append(f"- … and {len(rest) - _MOST_OTHERS} more")
    return "\n".join(["**Also found**", *lines]) if rest else ""


def made(trace: Trace, plain: Plain) -> str:
    """The generation, the model, the times, the cost, and the id that leads to the rest."""
    noted = trace.noted
    lines = [f"- `docent trace {trace.turn.id}` tells the rest."]
    if noted:
        lines[:0] = [
            "- " + plain(f"Generation {noted['generation']}, confidence {noted['confidence']:.3f}"),
            "- " + plain(f"Model: {model_of(noted)}"),
            "- " + plain(f"Milliseconds: {timings_of(noted['timings_ms'])}"),
        ]
    return "\n".join(lines)


def verdict_of(claim: Mapping[str, Any]) -> str:
    """A claim's verdict, who gave it, and how probable it is that its passages say it."""
    by = "judge" if claim.get("judged") else "words"
    return f"{claim['verdict']} ({by}, {claim['support']:.2f})"


def model_of(noted: Mapping[str, Any]) -> str:
    """Which model answered, what it took, and the steps down the ladder."""
    usage = noted["usage"]
    cost = "unknown" if usage["cost"] is None else f"{usage['cost']:.6f} dollars"
    tokens = f"{usage['prompt_tokens']} + {usage['completion_tokens']} tokens"
    rungs = f"; {', '.join(noted['rungs'])}" if noted["rungs"] else ""
    return f"{noted['model'] or 'none'}, {tokens}, cost {cost}{rungs}"


def timings_of(timings: Mapping[str, float]) -> str:
    """The steps of an answer in their order."""
    return ", ".join(f"{step} {ms:.1f}" for step, ms in timings.items())


def scores_of(scores: Mapping[str, float | None]) -> str:
    """How well a passage fits, as each search that saw it has it."""
    return ", ".join(f"{name} {value:.3f}" for name, value in scores.items() if value is not None)


def facts_of(passage: Passage) -> str:
    """What stands beside a passage's place: its date, its peer review, its scores."""
    review = f"✓ {PEER_REVIEWED}" if passage.peer_reviewed else NOT_PEER_REVIEWED
    dated = [f"as of {passage.date}"] if passage.date else []
    return " · ".join([*dated, review, _scores(passage)])


def _scores(passage: Passage) -> str:
    return scores_of(asdict(passage.scores))


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
