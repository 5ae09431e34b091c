"""Which section should have answered: asked of whoever gives a thumbs-down, who may leave it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from adapters.chat.reactions import GONE
from core.conversation.archive import Archive, StoredTurn
from core.conversation.feedback import Feedback
from core.model import Passage

WHICH = "Which section should it have been? If you know, choose it: it helps to get this right."
NEAREST = "The nearest sections"
ANOTHER = "Another one…"
FORM = "The right section"
FIELD = "A link to it, or its name"
NOTED = "Thank you, noted together with that section."

MOST_SECTIONS = 10
LONGEST_WORDS = 500


def sections_of(turn: StoredTurn) -> list[Passage]:
    """The sections that were found for the question, each once, the nearest first."""
    sections: dict[tuple[str, str, Sequence[str]], Passage] = {}
    for passage in turn.passages:
        sections.setdefault((passage.source, passage.url, passage.heading_path), passage)
    return list(sections.values())[:MOST_SECTIONS]


def label_of(passage: Passage, most: int) -> str:
    """The section's place in so many characters: its own heading rather than those above it."""
    place = " ".join((passage.place or passage.path).split())
    return place if len(place) <= most else "…" + place[1 - most :]


class Expecting:
    """Each gives what to say about it to the person, and raises ServiceError."""

    def __init__(self, archive: Archive, feedback: Feedback) -> None:
        self._archive = archive
        self._feedback = feedback

    async def chosen(self, turn_id: UUID, person: str, section: str) -> str:
        """Stores one of the sections, named by its passage's hash."""
        turn = await self._archive.get(turn_id)
        found = [p for p in (turn.passages if turn else ()) if p.content_hash == section]
        if not found:
            return GONE
        expected = found[0].url or found[0].place
        return _told(await self._feedback.expect(turn_id, person, expected, found[0].path))

    async def written(self, turn_id: UUID, person: str, words: str) -> str:
        """Stores a section in a person's own words, with its document where it is one of ours."""
        words = words.strip()[:LONGEST_WORDS]
        path = await self._feedback.document_of(words)
        return _told(await self._feedback.expect(turn_id, person, words, path))


def _told(stored: bool) -> str:  # noqa: FBT001 - a verdict on one thing
    return NOTED if stored else GONE
