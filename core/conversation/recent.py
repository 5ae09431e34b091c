"""What came last, in memory that does not grow."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Recent(Generic[T]):
    """A set of the `most` things that were added last, iterated from the newest to the oldest."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._things: OrderedDict[T, None] = OrderedDict()

    def add(self, thing: T) -> bool:
        """Makes it the newest; whether it was not among them."""
        new = thing not in self._things
        self._things[thing] = None
        self._things.move_to_end(thing)
        if len(self._things) > self._most:
            self._things.popitem(last=False)
        return new

    def discard(self, thing: T) -> None:
        """As if it had not been added."""
        self._things.pop(thing, None)

    def clear(self) -> None:
        """As if nothing had been."""
        self._things.clear()

    def __contains__(self, thing: object) -> bool:
        return thing in self._things

    def __iter__(self) -> Iterator[T]:
        return reversed(self._things)
