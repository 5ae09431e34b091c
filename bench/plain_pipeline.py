"""The same work with no framework: aiohttp, orjson, Qdrant's REST, asyncpg.

What it takes is what this machine takes for sockets and wake-ups, of which the bot's work is made.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import aiohttp
import orjson

from bench.frameworks import common

_COLLECTION: Final = "/collections/plain"
_BATCH: Final = 96
_EVENT: Final = b"data: {"


class Plain:
    """Each service by its own HTTP, in one session that keeps its connections."""

    def __init__(
        self, http: aiohttp.ClientSession, addresses: Mapping[str, str], docs: Path
    ) -> None:
        self._http = http
        self._addresses = addresses
        self._docs = docs
        self._terms = common.Terms()
        self._known: set[str] = set()

    async def create(self) -> None:
        """The collection, where there is none."""
        if (await self._call("GET", "qdrant", f"{_COLLECTION}/exists"))["result"]["exists"]:
            return
        vectors = {"dense": {"size": common.DIMENSIONS, "distance": "Cosine"}}
        sparse = {"sparse": {"modifier": "idf"}}
        await self._call("PUT", "qdrant", _COLLECTION, vectors=vectors, sparse_vectors=sparse)

    async def ingest(self) -> int:
        """What is not known yet, some sections at a time."""
        docs = common.read_docs(self._docs)
        sections = (section for doc in docs for section in _sections(*doc))
        new = [each for each in sections if each[0] not in self._known]
        for at in range(0, len(new), _BATCH):
            await self._index(new[at : at + _BATCH])
        return len(docs)

    async def _index(self, sections: Sequence[tuple[str, str, str]]) -> None:
        vectors = await self._embedded([text for _, _, text in sections], "search_document")
        points = []
        for (id_, place, text), vector in zip(sections, vectors, strict=True):
            indices, values = self._terms.of_document(text)
            sparse = {"indices": indices, "values": values}
            payload = {"place": place, "text": text}
            points.append(
                {"id": id_, "vector": {"dense": vector, "sparse": sparse}, "payload": payload}
            )
        await self._call("PUT", "qdrant", f"{_COLLECTION}/points?wait=true", points=points)
        self._known.update(id_ for id_, _, _ in sections)

    async def write(self, asked: str, turns: common.Turns) -> AsyncIterator[str]:
        """The pieces of the answer."""
        query = await self._completed(asked, turns) if turns else asked
        found = await self._found(query)
        texts = [text for _, text in found]
        ranked = await self._call(
            "POST",
            "cohere",
            "/v2/rerank",
            model=common.RERANKING_MODEL,
            query=query,
            documents=texts,
            top_n=common.PASSAGES,
        )
        passages = [found[each["index"]] for each in ranked["results"]]
        history = [
            {"role": role, "content": text}
            for turn in turns
            for role, text in zip(("user", "assistant"), turn, strict=True)
        ]
        asking = {"role": "user", "content": common.prompt(asked, passages)}
        messages = [{"role": "system", "content": common.SYSTEM}, *history, asking]
        async for piece in self._streamed(messages):
            yield piece

    async def _completed(self, asked: str, turns: common.Turns) -> str:
        messages = [
            {"role": "system", "content": common.REWRITE},
            {"role": "user", "content": common.rewriting_prompt(asked, turns)},
        ]
        reply = await self._call(
            "POST", "openrouter", "/chat/completions", **_request(messages, common.REWRITING_TOKENS)
        )
        text: str = reply["choices"][0]["message"]["content"]
        return text

    async def _found(self, query: str) -> list[tuple[str, str]]:
        [vector] = await self._embedded([query], "search_query")
        indices, values = self._terms.of_query(query)
        sparse = {"indices": indices, "values": values}
        found = await self._call(
            "POST",
            "qdrant",
            f"{_COLLECTION}/points/query",
            prefetch=[
                {"query": vector, "using": "dense", "limit": common.CANDIDATES},
                {"query": sparse, "using": "sparse", "limit": common.CANDIDATES},
            ],
            query={"fusion": "rrf"},
            limit=common.RERANKED,
            with_payload=True,
        )
        payloads = (point["payload"] for point in found["result"]["points"])
        return [(each["place"], each["text"]) for each in payloads]

    async def _embedded(self, texts: Sequence[str], kind: str) -> list[list[float]]:
        reply = await self._call(
            "POST",
            "cohere",
            "/v2/embed",
            model=common.EMBEDDING_MODEL,
            texts=texts,
            input_type=kind,
            embedding_types=["float"],
        )
        vectors: list[list[float]] = reply["embeddings"]["float"]
        return vectors

    async def _streamed(self, messages: Sequence[Mapping[str, str]]) -> AsyncIterator[str]:
        body = orjson.dumps({**_request(messages, common.ANSWER_TOKENS), "stream": True})
        address = self._addresses["openrouter"] + "/chat/completions"
        async with self._http.post(address, data=body) as response:
            response.raise_for_status()
            left = b""
            async for received in response.content.iter_any():
                *events, left = (left + received).split(b"\n\n")
                for event in events:
                    if event.startswith(_EVENT):
                        for choice in orjson.loads(event[len(_EVENT) - 1 :])["choices"]:
                            yield choice["delta"]["content"]

    async def _call(self, method: str, service: str, path: str, **body: Any) -> Any:
        data = orjson.dumps(body) if body else None
        async with self._http.request(method, self._addresses[service] + path, data=data) as reply:
            reply.raise_for_status()
            return orjson.loads(await reply.read())


def _request(messages: Sequence[Mapping[str, str]], tokens: int) -> dict[str, Any]:
    return {"model": common.MODEL, "messages": messages, "max_tokens": tokens, "temperature": 0}


def _sections(name: str, text: str) -> Iterator[tuple[str, str, str]]:
    """Ids that tell the content, places and texts."""
    first, *sections = text.split("\n## ")
    title = first.strip("# \n")
    for section in sections:
        heading, _, body = section.partition("\n")
        id_ = str(uuid5(NAMESPACE_URL, f"{name}\0{section}"))
        yield id_, f"{title} › {heading}", body.strip()


@asynccontextmanager
async def open_plain(addresses: Mapping[str, str], docs: Path) -> AsyncIterator[common.Answering]:
    """Ready to ingest and to be asked."""
    headers = {"authorization": f"Bearer {common.KEY}", "content-type": "application/json"}
    async with (
        common.open_conversations(addresses["postgres"]) as conversations,
        aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        plain = Plain(http, addresses, docs)
        await plain.create()
        gc.freeze()
        yield common.Answering(conversations, plain)
