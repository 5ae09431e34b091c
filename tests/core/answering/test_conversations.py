"""Conversations over a few docs without a chat model, with the local embedding model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.answering.assistant import Assistant
from core.answering.grounding import PassingVerifier
from core.backends.bm25 import Bm25Encoder
from core.backends.extractive import ExtractiveChatModel
from core.backends.qdrant_edge import QdrantEdge, open_edge
from core.model import (
    Answer,
    Answered,
    AnswerStatus,
    Chunk,
    Corpus,
    Message,
    Point,
    Question,
    SessionKey,
    SessionState,
)
from core.retrieval.retriever import Retriever
from tests.support.local_model import local_model
from tests.support.search import ScriptedCatalog, record

SECTIONS = {
    "install": "Run the installer on Linux. On Windows, unpack the archive into a folder.",
    "install-folder": "The installer asks for a folder. Choose one that you may write to.",
    "remove": "To remove the program, delete its folder and the menu entry.",
    "backup": "A backup is made every night. It is kept for thirty days, and then deleted.",
    "restore": "To restore a backup, choose its day in the calendar and press Restore.",
    "webhooks": "A webhook calls an address of yours when a report is ready.",
    "retries": "A webhook that fails is called again after one, five and thirty minutes.",
    "prices": "The plan for teams costs ten euros a month for each member.",
    "invoices": "Invoices are sent by mail on the first day of the month.",
    "languages": "The interface speaks English, German and Spanish.",
}
URL = "https://docs.example/"


@dataclass
class Conversation:
    """Asks, and remembers what was said."""

    index: QdrantEdge
    messages: list[Message] = field(default_factory=list)

    async def load(self, question: Question) -> SessionState:
        corpus = Corpus(local_model().model.collection, 1)
        return SessionState(tuple(self.messages), corpus)

    async def ask(self, text: str) -> Answer:
        catalog = ScriptedCatalog([record(f"{name}.md", url=URL + name) for name in SECTIONS])
        retriever = Retriever(self.index, local_model(), Bm25Encoder(), catalog)
        made = Assistant(self, retriever, ExtractiveChatModel(), PassingVerifier())
        question = Question(SessionKey("console", "-", "-", "1"), "m1", "U1", text)
        async with aclosing(made.answer(question)) as events:
            [answered] = [event async for event in events if isinstance(event, Answered)]
        said = answered.answer
        self.messages += [Message("user", text), Message("assistant", said.text)]
        return said


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[QdrantEdge]:
    async with open_edge(tmp_path) as opened:
        await write(opened, SECTIONS)
        yield opened


async def write(index: QdrantEdge, sections: Mapping[str, str]) -> None:
    model, sparse = local_model(), Bm25Encoder()
    chunks = [
        Chunk("docs", f"{name}.md", "Title", (), "", 0, text) for name, text in sections.items()
    ]
    vectors = await model.embed_documents([each.embedding_text for each in chunks])
    writer = await index.writer(model.model)
    await writer.write(
        [
            Point(each, vector, sparse.encode_document(each.embedding_text), 1)
            for each, vector in zip(chunks, vectors, strict=True)
        ]
    )


def cited(answer: Answer) -> str:
    """The section of the first quote."""
    return answer.citations[0].url.removeprefix(URL) if answer.citations else answer.status


BEFORE = (
    ("Which folder does the installer ask for when I run the installer on Linux?", "install"),
    ("Is a backup made every night, and how long is a nightly backup kept?", "backup"),
    ("After how many minutes is a webhook that fails called again by the program?", "retries"),
    ("How many euros a month does the plan for teams cost for each member?", "prices"),
)


@pytest.mark.parametrize(("before", "before_section"), BEFORE)
@pytest.mark.parametrize(
    ("question", "section"),
    [
        ("Does the interface speak German?", "languages"),
        ("When do I get my invoice?", "invoices"),
        ("How do I remove the program?", "remove"),
        ("What calls me when a report is ready?", "webhooks"),
        ("How do I restore a backup?", "restore"),
    ],
)
async def test_a_question_on_another_topic_is_answered_from_its_own_section(
    index: QdrantEdge, before: str, before_section: str, question: str, section: str
) -> None:
    conversation = Conversation(index)

    assert before_section in cited(await conversation.ask(before))
    assert cited(await conversation.ask(question)) == section


@pytest.mark.parametrize(
    ("before", "question", "section"),
    [
        ("How do I install it on Linux?", "And on Windows?", "install"),
        ("How long is a backup kept?", "How do I restore one?", "restore"),
        ("Does a webhook tell me of a report?", "And when it fails?", "retries"),
        ("How much is the plan for teams?", "For each member?", "prices"),
    ],
)
async def test_a_follow_up_is_answered_from_what_it_goes_on_with(
    index: QdrantEdge, before: str, question: str, section: str
) -> None:
    conversation = Conversation(index)
    await conversation.ask(before)

    assert cited(await conversation.ask(question)) == section


async def test_the_topic_may_change_and_be_followed_up_in_turn(index: QdrantEdge) -> None:
    conversation = Conversation(index)

    said = [
        await conversation.ask(text)
        for text in (
            "How do I install it on Linux?",
            "How long is a backup kept?",
            "How do I restore one?",
            "How do I remove the program?",
        )
    ]

    assert [cited(answer) for answer in said] == ["install", "backup", "restore", "remove"]


@pytest.mark.parametrize(
    "question", ["Who won the battle of Hastings?", "What is the airspeed of an unladen swallow?"]
)
@pytest.mark.parametrize(("before", "_"), BEFORE)
async def test_a_question_that_the_docs_know_nothing_of_is_refused(
    index: QdrantEdge, before: str, _: str, question: str
) -> None:
    """What was said before finds its own section again, which would be quoted as the answer."""
    conversation = Conversation(index)
    await conversation.ask(before)

    assert (await conversation.ask(question)).status is AnswerStatus.REFUSED
