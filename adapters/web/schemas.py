"""What goes over the wire, described once: FastAPI checks it and writes the OpenAPI from it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LONGEST_QUESTION = 100_000
"""Characters, whatever the settings allow: what is read at all."""

Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$"),
    Field(examples=["01JD3K7Q8W5V0N2M4B6C8D9E0F"]),
]
"""An id that a client may choose."""


class Body(BaseModel):
    """What all bodies have in common."""

    model_config = ConfigDict(frozen=True)


class ProblemBody(Body):
    """An error, as RFC 9457 describes them."""

    type: str = Field("about:blank", examples=["about:blank"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str | None = Field(None, examples=["You have asked no question of that id."])
    errors: list[dict[str, Any]] | None = Field(None, description="which fields are not valid")


class ChatRequest(Body):
    """A question."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"question": "How do I get an answer as JSON?"}]},
    )

    question: str = Field(
        min_length=1, max_length=LONGEST_QUESTION, pattern=r"\S", description="in your own words"
    )
    session_id: Identifier | None = Field(
        None, description="the conversation that it belongs to; a new one where there is none"
    )


class CitationBody(Body):
    """A source of an answer; `n` is its mark in the text."""

    n: int = Field(examples=[1])
    title: str = Field(examples=["Query Parameters"])
    heading_path: list[str] = Field(examples=[["Defaults"]])
    url: str = Field(
        description="the section's address; empty where it has none",
        examples=["https://docs.example.com/query/#defaults"],
    )
    quote: str = Field(description="what the section says", examples=["They can have defaults."])
    source: str = Field(examples=["docs"])
    peer_reviewed: bool


class PassageBody(Body):
    """A stretch of a section that the answer is made from."""

    title: str
    heading_path: list[str]
    url: str
    source: str
    path: str
    text: str = Field(description="Markdown")
    peer_reviewed: bool


class PassagesBody(Body):
    """What the search found, best first."""

    passages: list[PassageBody]


class UsageBody(Body):
    """Tokens, and money in US dollars; null where the service did not tell."""

    prompt_tokens: int
    completion_tokens: int
    cost: float | None


class AnswerBody(Body):
    """An answer: Markdown with `[n]` marks, and a citation for each mark."""

    message_id: str = Field(description="the question's id: your Idempotency-Key, or ours")
    session_id: str
    turn_id: UUID | None = Field(description="what `docent trace` knows it by")
    status: Literal["answered", "quoted", "refused", "stopped"] = Field(
        description="by a model, quoted from the docs without one, refused, or stopped midway"
    )
    text: str = Field(examples=["They can have defaults. [1]"])
    citations: list[CitationBody]
    model: str | None
    generation: int = Field(description="of the docs that it was made from")
    usage: UsageBody
    timings_ms: dict[str, float] = Field(
        description="milliseconds a step", examples=[{"search": 4.1, "total": 812.0}]
    )
    rungs: list[str] = Field(
        description="the steps down that the answer had to take", examples=[["no_rerank"]]
    )


class PendingBody(Body):
    """A question that is stored, and whose answer is to come."""

    message_id: str
    session_id: str
    detail: str | None = Field(None, description="why it takes longer, where that is known")


class AcceptedBody(Body):
    """The first event of a stream: the question is stored, and is not lost from here on."""

    message_id: str
    session_id: str


class SessionBody(Body):
    """A session, known by its first question."""

    id: str
    title: str = Field(examples=["How do I declare a query parameter with a default?"])
    questions: int = Field(examples=[2])
    begun_at: datetime
    asked_at: datetime


class SessionsBody(Body):
    """Sessions, the latest first. `next` is the `before` of the next page; null on the last."""

    sessions: list[SessionBody]
    next: datetime | None


class TurnBody(Body):
    """A question of a session and what came of it."""

    message_id: str
    question: str
    asked_at: datetime
    state: Literal["accepted", "finished", "failed", "withheld"] = Field(
        description="withheld: the answer rests on a source that is not answered from here any more"
    )
    answer: AnswerBody | None
    rating: Literal["up", "down"] | None


class TranscriptBody(Body):
    """A session's latest questions, oldest first."""

    id: str
    turns: list[TurnBody]


class FeedbackRequest(Body):
    """What you think of an answer; the last word counts."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"message_id": "01JD3K7Q8W5V0N2M4B6C8D9E0F", "value": "up"}]
        },
    )

    message_id: Identifier
    value: Literal["up", "down"]


class HealthBody(Body):
    """That the process is alive."""

    status: Literal["ok"] = "ok"
    version: str


class PartBody(Body):
    """A part of the server, as it was found last."""

    name: str = Field(examples=["Database"])
    state: Literal["ok", "probing", "away"]
    needed: bool = Field(description="whether nobody is answered without it")


class ReadyBody(Body):
    """Whether questions are answered now. A part that is not needed costs a step down."""

    ready: bool
    parts: list[PartBody]


class PrincipalBody(Body):
    """Who you are to this server, and what you may do."""

    kind: Literal["key", "jwt", "local"]
    name: str
    permissions: list[Literal["ask", "read", "admin"]]
