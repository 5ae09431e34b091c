"""How many word pieces a text has, without the tokenizer."""

from __future__ import annotations

import re

_PIECES = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,7}|\S|[ \t]{32}")


def estimate_tokens(text: str) -> int:
    """Word pieces, about as BERT's tokenizers count them.

    Additive over texts that are joined by white space, and never more for a text than for its
    parts.
    """
    return len(_PIECES.findall(text))
