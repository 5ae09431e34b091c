"""From a flat run of headed texts to a tree of sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.model import Section


def nest(flat: Sequence[Section]) -> tuple[Section, ...]:
    """The tree of sections that have no children yet, in document order.

    A section goes under the nearest one before it with a lower level; one of level 0 stands
    beside the others.
    """
    roots: list[Section] = []
    for section in reversed(flat):
        children = []
        while section.level and roots and roots[-1].level > section.level:
            children.append(roots.pop())
        roots.append(_with_children(section, children))
    return tuple(reversed(roots))


def _with_children(section: Section, children: list[Section]) -> Section:
    return replace(section, children=tuple(children)) if children else section
