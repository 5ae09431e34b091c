"""What the process keeps for as long as it lives."""

from __future__ import annotations

import gc
from typing import Final

_YOUNG: Final = 10_000
"""Objects that are made before the youngest are looked through. An answer makes thousands, of which
next to none outlives it: at Python's 700 the looks take a twentieth of its processor time."""


def settle() -> None:
    """Keeps the garbage collector from what is loaded by now, and from looking too often.

    It would find nothing in it, and takes a tenth of a second for the look, in which nobody is
    answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
