"""One suite over the local model and Cohere's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest

from core.ports import Embedder
from tests.support.embedders import OPENERS

LINUX = "Install the package on Linux"
COOKING = "Boil the potatoes for twenty minutes"


@pytest.fixture(params=list(OPENERS))
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    async with OPENERS[request.param]() as opened:
        yield opened


async def test_vectors_have_the_length_one_and_the_model_s_dimensions(embedder: Embedder) -> None:
    query = await embedder.embed_query(LINUX)
    documents = await embedder.embed_documents([LINUX, COOKING])

    for vector in (query, *documents):
        assert vector.dtype == np.float32
        assert vector.shape == (embedder.model.dimensions,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


async def test_no_texts_have_no_vectors(embedder: Embedder) -> None:
    assert await embedder.embed_documents([]) == []


async def test_any_number_of_texts_keep_their_order(embedder: Embedder) -> None:
    texts = [f"{'word ' * (n * 7 % 40)}number {n}" for n in range(120)]

    together = await embedder.embed_documents(texts)
    alone = [(await embedder.embed_documents([text]))[0] for text in texts[::30]]

    assert len(together) == 120
    for one, other in zip(together[::30], alone, strict=True):
        assert one @ other == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["", " \n", "\ud800 half a character", "x" * 50_000, "\0"])
async def test_any_text_has_a_vector(embedder: Embedder, text: str) -> None:
    (document,) = await embedder.embed_documents([text])

    assert np.isfinite(document).all()
    assert np.isfinite(await embedder.embed_query(text)).all()


async def test_a_question_is_nearer_to_the_text_that_answers_it(embedder: Embedder) -> None:
    query = await embedder.embed_query("How do I install the package?")
    near, far = await embedder.embed_documents([LINUX, COOKING])

    assert query @ near > query @ far + 0.2


async def test_the_collection_is_named_after_the_model(embedder: Embedder) -> None:
    assert str(embedder.model.dimensions) in embedder.model.collection


async def test_what_documents_cost_is_told_and_questions_are_not_counted(
    embedder: Embedder,
) -> None:
    before = embedder.spent
    await embedder.embed_documents([LINUX, COOKING])
    spent = embedder.spent - before
    assert spent.calls == 1
    assert spent.tokens >= len(f"{LINUX} {COOKING}".split())
    await embedder.embed_query(LINUX)
    assert embedder.spent == before + spent
