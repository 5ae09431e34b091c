"""What is packed, as the same bytes at any time: tests are named after their parameters."""

from __future__ import annotations

import gzip


def packed(data: bytes) -> bytes:
    """As one gzip member."""
    return gzip.compress(data, mtime=0)
