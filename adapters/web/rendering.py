"""Values of the core as bodies of the API. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from adapters.web.corpus_schemas import DocumentBody, DocumentsBody, SectionBody, WholeDocumentBody
from adapters.web.library import document_id
from adapters.web.principals import Principal
from adapters.web.schemas import (
    AnswerBody,
    CitationBody,
    PassageBody,
    PrincipalBody,
    SessionBody,
    SessionsBody,
    TranscriptBody,
    TurnBody,
    UsageBody,
)
from core.conversation.transcripts import SessionSummary, TranscriptTurn
from core.ingestion.listing import ListedDocument
from core.model import Answer, Citation, Passage, Question, Scope
from core.retrieval.sections import DocumentSection


def answer_body(
    answer: Answer, message_id: str, session_id: str, turn_id: UUID | None
) -> AnswerBody:
    """An answer, with what it answers."""
    return AnswerBody(
        message_id=message_id,
        session_id=session_id,
        turn_id=turn_id,
        status=answer.status.value,
        text=answer.text,
        citations=[_citation(each) for each in answer.citations],
        model=answer.model,
        generation=answer.generation,
        usage=UsageBody(**asdict(answer.usage)),
        timings_ms={step: round(ms, 2) for step, ms in answer.timings_ms.items()},
        rungs=[rung.value for rung in answer.rungs],
    )


def answer_to(question: Question, answer: Answer, turn_id: UUID | None) -> AnswerBody:
    """The same, of a question at hand."""
    return answer_body(answer, question.message_id, question.session.thread, turn_id)


def _citation(citation: Citation) -> CitationBody:
    return CitationBody(**{**asdict(citation), "heading_path": list(citation.heading_path)})


def passage_bodies(passages: Sequence[Passage]) -> list[PassageBody]:
    """What a model is given to answer from, best first."""
    return [
        PassageBody(
            title=passage.title,
            heading_path=list(passage.heading_path),
            url=passage.url,
            source=passage.source,
            path=passage.path,
            text=passage.text,
            peer_reviewed=passage.peer_reviewed,
        )
        for passage in passages
    ]


def sessions_body(sessions: Sequence[SessionSummary], limit: int) -> SessionsBody:
    """A page of sessions; a page that is full may have another after it."""
    bodies = [
        SessionBody(
            id=session.thread,
            title=session.title,
            questions=session.questions,
            begun_at=session.begun_at,
            asked_at=session.asked_at,
        )
        for session in sessions
    ]
    return SessionsBody(sessions=bodies, next=bodies[-1].asked_at if len(bodies) == limit else None)


def transcript_body(
    session_id: str, turns: Sequence[TranscriptTurn], scope: Scope
) -> TranscriptBody:
    """A session with its answers, but for those that rest on what is beyond the scope."""
    return TranscriptBody(id=session_id, turns=[_turn(session_id, turn, scope) for turn in turns])


def _turn(session_id: str, turn: TranscriptTurn, scope: Scope) -> TurnBody:
    withheld = turn.answer is not None and not scope.admits(turn.sources)
    answer = None if withheld else turn.answer
    return TurnBody(
        message_id=turn.message_id,
        question=turn.text,
        asked_at=turn.asked_at,
        state="withheld" if withheld else turn.status,
        answer=answer and answer_body(answer, turn.message_id, session_id, turn.id),
        rating=turn.rating,
    )


def principal_body(principal: Principal) -> PrincipalBody:
    """Who somebody is."""
    permissions = sorted(permission.value for permission in principal.permissions)
    return PrincipalBody(kind=principal.kind, name=principal.name, permissions=permissions)


def document_body(document: ListedDocument) -> DocumentBody:
    """A document, named."""
    return DocumentBody(
        id=document_id(document.source, document.path),
        **{**asdict(document), "authors": list(document.authors)},
    )


def documents_body(documents: Sequence[ListedDocument], limit: int) -> DocumentsBody:
    """A page of documents; a page that is full may have another after it."""
    bodies = [document_body(each) for each in documents]
    return DocumentsBody(documents=bodies, next=bodies[-1].id if len(bodies) == limit else None)


def whole_document_body(
    document: ListedDocument, sections: Sequence[DocumentSection]
) -> WholeDocumentBody:
    """A document with its text."""
    return WholeDocumentBody(
        **document_body(document).model_dump(),
        sections=[
            SectionBody(**{**asdict(each), "heading_path": list(each.heading_path)})
            for each in sections
        ],
    )
