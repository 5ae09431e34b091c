"""BM25's side of the search: the document's part here, the idf in the index."""

from __future__ import annotations

from array import array
from typing import Final

import qdrant_edge as engine

from core.model import SparseVector
from core.text.unicode import well_formed

TERM_SATURATION: Final = 1.2
LENGTH_NORMALISATION: Final = 0.75

AVERAGE_LENGTH: Final = 120.0
"""Terms in a chunk, stop words left out, title and headings included. A constant, so that a
chunk's weights do not change with its neighbours; between 60 and 256 search is equally good."""


class Bm25Encoder:
    """A SparseEncoder: English stop words and stems, case and accents folded.

    An identifier such as `max_tokens` is indexed by its words. Okapi BM25's usual k and b were
    the best of those tried, too.
    """

    def __init__(self) -> None:
        self._bm25 = engine.Bm25(
            engine.Bm25Config(
                k=TERM_SATURATION,
                b=LENGTH_NORMALISATION,
                avg_len=AVERAGE_LENGTH,
                tokenizer=engine.TokenizerType.Word,
                language="english",
                ascii_folding=True,
            )
        )

    def __reduce__(self) -> tuple[type[Bm25Encoder], tuple[()]]:
        """All are alike, and the engine's part is made anew."""
        return Bm25Encoder, ()

    def encode_document(self, text: str) -> SparseVector:
        """Saturated term frequencies, normalised by length."""
        return _sparse(self._bm25.embed_document(well_formed(text)))

    def encode_query(self, text: str) -> SparseVector:
        """Weight 1 a term."""
        return _sparse(self._bm25.embed_query(well_formed(text)))


def _sparse(vector: engine.SparseVector) -> SparseVector:
    # 8 bytes a term, not 70: a sync has those of many documents at hand.
    return SparseVector(array("I", vector.indices), array("f", vector.values))
