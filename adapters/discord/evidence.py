"""What an answer rests on, as Discord shows it. Pure, but for the event loop that a view needs."""

from __future__ import annotations

from collections.abc import Sequence

from discord.ui import Container, LayoutView, Separator, TextDisplay

from adapters.chat.account import asked, checked, facts_of, made, others
from adapters.chat.evidence import NO_EVIDENCE, cited
from adapters.chat.links import Links, address_in_link, host_of
from adapters.discord.prose import escaped
from adapters.discord.rendering import compose
from adapters.markdown import SMALLEST_LIMIT, split
from core.conversation.traces import Trace
from core.model import Passage

MOST = 3_800
"""Characters: Discord takes about 4,000 in all the texts of such a message."""

_LONGEST_PASSAGE = 1_500
_MOST_PASSAGES = 12
_LONGEST_PLACE = 150
_LONGEST_URL = 500
_ALL_CLAIMS = 900


def evidence(trace: Trace) -> list[str]:
    """The passages that the answer cites, quoted, between what was asked and how it came about.

    As many passages as fit into one message.
    """
    turn = trace.turn
    found = cited(turn.answer, turn.passages)[:_MOST_PASSAGES] if turn.answer else []
    above = asked(trace, escaped)
    below = [others(trace, escaped), checked(trace, escaped, _ALL_CLAIMS), made(trace, escaped)]
    room = MOST - len(above) - sum(map(len, below))
    longest = min(_LONGEST_PASSAGE, room // max(len(found), 1))
    entries = [_entry(n, passage, longest) for n, passage in found]
    while sum(map(len, entries)) > room:
        entries.pop()
    return [above, *(entries or [NO_EVIDENCE]), *filter(None, below)]


def layout_of(entries: Sequence[str]) -> LayoutView:
    """The entries in a frame, one under the other. To be called in the event loop."""
    frame: Container[LayoutView] = Container()
    for position, entry in enumerate(entries):
        if position:
            frame.add_item(Separator())
        frame.add_item(TextDisplay(entry))
    layout = LayoutView(timeout=None)
    layout.add_item(frame)
    layout.stop()
    return layout


def _entry(n: int, passage: Passage, longest: int) -> str:
    heading = f"({n}) **{_place(passage)}** · {escaped(facts_of(passage))}"
    room = longest - len(heading)
    for size in (room, room // 2, room // 4):
        quote = _quote(passage.text, size) if size >= SMALLEST_LIMIT else ""
        if quote and len(quote) <= room:
            return f"{heading}\n{quote}"
    return heading


def _place(passage: Passage) -> str:
    place = " ".join(passage.place.split()) or passage.path
    shown = place if len(place) <= _LONGEST_PLACE else place[: _LONGEST_PLACE - 1] + "…"
    address = address_in_link(passage.url)
    if not host_of(passage.url) or len(address) > _LONGEST_URL:
        return escaped(shown)
    return f"[{escaped(shown)}]({address})"


def _quote(text: str, size: int) -> str:
    """The beginning of the text, with what means something to Discord made harmless."""
    first, *more = split(text, size) or [""]
    pieces = compose(first, Links())
    lines = "\n".join(pieces).split("\n")
    return "\n".join(f"> {line}".rstrip() for line in [*lines, *(["…"] if more else [])])
