"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import re
from typing import Final

_DATA: Final = b"data: "
_END: Final = b"\n\n"
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")


class EventReader:
    """Makes events of bytes as they come. Of an event only its data is kept."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, received: bytes) -> list[bytes]:
        """The data of each event that is whole by now; what has none is left out."""
        if not self._rest and not self._data and (events := _plain(received)):
            return events
        text = self._rest + received
        # A carriage return at the very end may be half of a line's end.
        held = text.endswith(b"\r")
        *lines, rest = _LINE_END.split(text[:-1] if held else text)
        self._rest = rest + b"\r" if held else rest
        return [event for line in lines if (event := self._event(line))]

    def _event(self, line: bytes) -> bytes:
        """The data that an empty line completes; nothing for any other line."""
        if line:
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
            return b""
        data, self._data = b"\n".join(self._data), []
        return data


def _plain(received: bytes) -> list[bytes]:
    """As nearly all come: whole events of a line of data each. Nothing for any other."""
    if not received.startswith(_DATA) or not received.endswith(_END) or b"\r" in received:
        return []
    events = received[len(_DATA) : -len(_END)].split(_END + _DATA)
    plain = b"" not in events and b"\n" not in b"".join(events)
    return events if plain else []
