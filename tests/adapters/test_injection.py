"""Hostile docs and questions, answered by a model that obeys them: what readers see then."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import pytest
from rich.console import Console

from adapters.console.rendering import answer_as_text, print_answer
from adapters.discord import rendering as discord
from adapters.slack import blocks as slack_blocks
from adapters.slack import rendering as slack
from core.answering.assistant import Assistant
from core.answering.grounding import PassingVerifier
from core.answering.prompting import build_prompt
from core.backends.extractive import ExtractiveChatModel
from core.model import (
    Answer,
    Answered,
    Corpus,
    Question,
    Replaced,
    Retrieval,
    Scope,
    SessionKey,
    SessionState,
    SparseVector,
    TextDelta,
)
from core.ports import ChatModel
from core.retrieval.retriever import EncodedQuery
from tests.support.attacks import ATTACKS, EVIL, Attack
from tests.support.models import model_saying, section

TURN = UUID(int=1)
EACH = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)

LINK = re.compile(
    rf"(?:[a-z][a-z0-9+.-]*:|www\.|\][(:]\s*<?)[^\s)\"|]*{EVIL}[^\s)>\"|]*", re.IGNORECASE
)
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
DISCORD_MENTION = re.compile(r"(?<!\\)<(?:@|#|/|id:)|@(?:everyone|here)\b")
SLACK_MENTION = re.compile(r"<(?:!|@|#)")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SMALL = re.compile(r"^[ >*+-]*-# ", re.MULTILINE)
"""What Discord shows in small print, as the sources are."""

_TERMINAL_LINK = re.compile(rf"\x1b\]8;[^;]*;([^\x1b]*{EVIL}[^\x1b]*)")
OURS = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b\x07]*\x1b\\")
"""Colours and links, as Rich writes them."""


@dataclass
class Docs:
    """A history without a past, and a search that finds the attack."""

    attack: Attack

    async def load(self, question: Question) -> SessionState:
        return SessionState((), Corpus("docs", 7))

    async def encode(self, text: str) -> EncodedQuery:
        return EncodedQuery(text, None, SparseVector((), ()))

    async def retrieve(
        self, queries: Sequence[EncodedQuery], scope: Scope, corpus: Corpus
    ) -> Retrieval:
        told = self.attack.passage
        found = (section(told), section("It asks for a folder.", title=told, heading=told))
        return Retrieval("q", 7, found, 0.8, sufficient=True, timings_ms={})


def _obeying(attack: Attack) -> ChatModel:
    return model_saying(attack.obeyed)


def _quoting(_: Attack) -> ChatModel:
    return ExtractiveChatModel()


BY_EACH = pytest.mark.parametrize("model", [_obeying, _quoting])
Model: TypeAlias = Callable[[Attack], ChatModel]


async def _answered(attack: Attack, model: Model) -> tuple[Answer, list[str]]:
    """The answer, and the text as it grew.

    The check of its claims lets everything through: nothing here is to rest on it.
    """
    docs = Docs(attack)
    made = Assistant(docs, docs, model(attack), PassingVerifier())
    asked = Question(SessionKey("slack", "T1", "C1", "1"), "m1", "U1", attack.question)
    text, grown = "", []
    async for event in made.answer(asked):
        match event:
            case TextDelta(delta):
                text += delta
                grown.append(text)
            case Replaced(text):
                grown.append(text)
            case Answered(answer):
                return answer, grown
    raise AssertionError("The last event is Answered.")


def _in_discord(answer: Answer, grown: Sequence[str]) -> list[str]:
    partial = [each for text in grown for each in discord.partial_messages(text, TURN)]
    return [each.text for each in (*partial, *discord.answer_messages(answer, TURN))]


def _in_slack(answer: Answer, grown: Sequence[str]) -> list[str]:
    partial = [each for text in grown for each in slack.partial_messages(text, TURN)]
    whole = slack.answer_messages(answer, TURN)
    return [text for each in (*partial, *whole) for text in _parsed(each.blocks)]


def _parsed(part: object) -> list[str]:
    """What Slack parses of a block, and its addresses: rich text is shown as it is."""
    match part:
        case {"type": "markdown" | "mrkdwn", "text": str(text)}:
            return [text]
        case {"type": "link", "url": str(url)}:
            return [url]
        case dict():
            return [text for each in part.values() for text in _parsed(each)]
        case list():
            return [text for each in part for text in _parsed(each)]
        case _:
            return []


def _in_terminal(answer: Answer) -> str:
    screen = Console(file=io.StringIO(), force_terminal=True, width=100, legacy_windows=False)
    print_answer(screen, answer)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@EACH
def test_a_passage_stays_in_its_fence_and_changes_no_rule(attack: Attack) -> None:
    usual = build_prompt("How?", (), [section()])
    prompt = build_prompt(attack.question, (), [section(attack.passage, heading=attack.passage)])
    [message] = prompt.messages
    assert (prompt.system, message.role) == (usual.system, "user")
    fenced, _, asked = message.text.rpartition("\n\nQuestion: ")
    if "Question: " not in attack.question:
        assert asked == attack.question
    [tag] = re.findall(r"^<(passage-\w+) n=\"1\" section=\"[^\"<>\n]*\">$", fenced, re.MULTILINE)
    assert message.text.count(tag) == 2
    assert fenced.endswith(f"\n</{tag}>")


@EACH
@BY_EACH
async def test_no_link_leads_to_where_the_docs_do_not(attack: Attack, model: Model) -> None:
    answer, grown = await _answered(attack, model)
    # What stands in the docs themselves is theirs; a platform links to the cited pages' host alone.
    found = [link.lstrip("](:< ") for link in LINK.findall(_prose(answer.text))]
    assert all(link in attack.passage for link in found)
    for text in (*_in_discord(answer, grown), *_in_slack(answer, grown)):
        assert not LINK.search(_prose(text)), text
    assert all(url in attack.passage for url in _TERMINAL_LINK.findall(_in_terminal(answer)))
    assert {each.url for each in answer.citations} <= {"https://docs.example/install#linux"}


@EACH
@BY_EACH
async def test_nobody_is_mentioned(attack: Attack, model: Model) -> None:
    answer, grown = await _answered(attack, model)
    for text in _in_discord(answer, grown):
        assert not DISCORD_MENTION.search(_prose(text)), text
    for text in _in_slack(answer, grown):
        assert not SLACK_MENTION.search(text), text


@EACH
@BY_EACH
async def test_what_looks_like_our_sources_is_not_shown_like_them(
    attack: Attack, model: Model
) -> None:
    answer, grown = await _answered(attack, model)
    in_slack = [block for each in slack.answer_messages(answer, TURN) for block in each.blocks]
    listed = [block for block in in_slack if block["type"] == "rich_text"]
    assert listed == ([slack_blocks.sources(answer.citations)] if answer.citations else [])
    in_discord = "\n".join(each.text for each in discord.answer_messages(answer, TURN))
    small = [line for line in in_discord.split("\n") if SMALL.match(line)]
    ours = discord.sources(answer.citations) if answer.citations else []
    assert small == ours
    for text in grown:
        for message in discord.partial_messages(text, TURN):
            assert not SMALL.search(message.text)


@EACH
@BY_EACH
async def test_no_terminal_obeys_a_text(attack: Attack, model: Model) -> None:
    answer, _ = await _answered(attack, model)
    for text in (answer_as_text(answer), OURS.sub("", _in_terminal(answer))):
        assert not CONTROL.search(text), repr(text)


def _prose(text: str) -> str:
    return CODE.sub("", text)
