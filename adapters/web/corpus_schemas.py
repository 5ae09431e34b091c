"""What goes over the wire of documents, syncs and what admins are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from adapters.web.schemas import Body


class DocumentBody(Body):
    """A document that answers come from."""

    id: str = Field(examples=["ZG9jcy9xdWVyeS5tZA"])
    source: str = Field(examples=["docs"])
    path: str = Field(examples=["query.md"])
    title: str = Field(examples=["Query parameters"])
    url: str = Field(description="its address; empty where it has none")
    peer_reviewed: bool
    date: str | None
    version: str | None
    authors: list[str]
    chunks: int


class DocumentsBody(Body):
    """Documents by source and path. `next` is the `after` of the next page; null on the last."""

    documents: list[DocumentBody]
    next: str | None


class SectionBody(Body):
    """A section of a document with its own text, as Markdown."""

    heading_path: list[str]
    anchor: str
    url: str
    text: str


class WholeDocumentBody(DocumentBody):
    """A document with its sections."""

    sections: list[SectionBody]


class AcceptedUploadBody(Body):
    """A document that is kept, and answered from once the sync has ended."""

    id: str


class SyncRequest(Body):
    """What to sync: one source, or all without one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"source": "docs"}]})

    source: str | None = Field(None, max_length=100)


class SyncBody(Body):
    """Where the last sync that was begun over HTTP stands."""

    running: bool
    progress: dict[str, Any] | None = Field(description="phase, documents of total, seconds")
    report: dict[str, Any] | None = Field(description="what it did")
    problem: dict[str, Any] | None = Field(description="why it failed")


class SourceStatusBody(Body):
    """A source: what is served of it, and how its syncs go."""

    name: str
    configured: bool = Field(description="whether it is answered from")
    documents: int
    chunks: int
    synced: datetime | None
    next_sync: datetime | None
    error: str | None
    unreadable: dict[str, str]


class StatusBody(Body):
    """What is served."""

    generation: int | None
    since: datetime | None
    documents: int
    chunks: int
    syncing_since: datetime | None = Field(description="when the sync began that runs now")
    sources: list[SourceStatusBody]
    budgets: list[str] = Field(description="what is left of each, a sentence each")


class QuotaBody(Body):
    """What is left of each provider's budget, and what was used this month."""

    budgets: list[dict[str, Any]]
    used_this_month: list[dict[str, Any]]


class GapsBody(Body):
    """Questions that the docs lack an answer to, in groups."""

    days: int
    questions: int
    groups: list[dict[str, Any]]
