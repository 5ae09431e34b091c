"""What Cohere and OpenRouter answer: the same for the same text, after a time that is set."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from zlib import crc32

import numpy as np
import orjson

from bench.standins.server import Exchange, Handler

DIMENSIONS: Final = 1024
VECTORS: Final = 64
MODEL: Final = "stand-in/model"
REWRITING_TOKENS: Final = 120
"""Whoever wants no more than that has a question completed."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds that the services take, and of how many chunks an answer is."""

    embed: float = 0.040
    rerank: float = 0.040
    first_token: float = 0.200
    chunk: float = 0.020
    chunks: int = 100


class Vectors:
    """A few vectors, one of which is each text's: what costs nothing to make, and never changes."""

    def __init__(self) -> None:
        drawn = np.random.default_rng(0).standard_normal((VECTORS, DIMENSIONS))
        self.all = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype("<f4")
        self._base64 = [base64.b64encode(vector.tobytes()) for vector in self.all]
        self._floats = [orjson.dumps([float(x) for x in vector]) for vector in self.all]

    def json(self, texts: Sequence[str], kind: str) -> bytes:
        """The list of their vectors."""
        drawn = (crc32(text.encode()) % VECTORS for text in texts)
        if kind == "base64":
            return b"[" + b",".join(b'"%b"' % self._base64[n] for n in drawn) + b"]"
        return b"[" + b",".join(self._floats[n] for n in drawn) + b"]"


def cohere(latency: Latency) -> Handler:
    """`/v2/embed` and `/v2/rerank`, which finds the order good as it is."""
    vectors = Vectors()

    def embed(exchange: Exchange, asked: dict[str, Any]) -> None:
        kind = (asked.get("embedding_types") or ["float"])[0]
        found = vectors.json(asked["texts"], kind)
        tokens = sum(len(text) // 4 for text in asked["texts"])
        exchange.reply(
            b'{"id":"1","response_type":"embeddings_by_type","texts":[],"embeddings":{"%b":%b},'
            b'"meta":{"billed_units":{"input_tokens":%d}}}' % (kind.encode(), found, tokens),
            delay=latency.embed,
        )

    def rerank(exchange: Exchange, asked: dict[str, Any]) -> None:
        count = len(asked["documents"])
        wanted = min(asked.get("top_n") or count, count)
        results = [{"index": n, "relevance_score": 0.95 - 0.9 * n / count} for n in range(wanted)]
        body = {"id": "1", "results": results, "meta": {"billed_units": {"search_units": 1}}}
        exchange.reply(orjson.dumps(body), delay=latency.rerank)

    def handle(exchange: Exchange, method: str, path: str, body: bytes) -> None:  # noqa: ARG001
        (rerank if path.endswith("/rerank") else embed)(exchange, orjson.loads(body))

    return handle


def openrouter(latency: Latency) -> Handler:
    """`/chat/completions`: quotes the first passage, or completes a question."""

    def handle(exchange: Exchange, method: str, path: str, body: bytes) -> None:  # noqa: ARG001 - as asked
        if not path.endswith("/chat/completions"):
            exchange.reply(b'{"data":{"is_free_tier":false,"limit_remaining":null}}')
            return
        asked = orjson.loads(body)
        text = _text(asked["messages"][-1]["content"])
        most = asked.get("max_tokens") or asked.get("max_completion_tokens") or latency.chunks
        if most <= REWRITING_TOKENS:
            pieces = _completed(text)
        else:
            pieces = [*islice(_quoted(text), latency.chunks - 1), "so [1]."]
        if asked.get("stream"):
            exchange.stream(_events(pieces), first=latency.first_token, between=latency.chunk)
        else:
            seconds = latency.first_token + latency.chunk * (len(pieces) - 1)
            exchange.reply(_whole("".join(pieces)), delay=seconds)

    return handle


def _text(content: str | list[dict[str, str]]) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _completed(prompt: str) -> list[str]:
    """The last question after three words of the conversation, in a chunk for every six words."""
    question = prompt.rpartition("Last question: ")[2]
    words = [*prompt.partition("user: ")[2].split()[:3], *question.split()]
    return [" ".join(words[at : at + 6]) + " " for at in range(0, len(words), 6)]


def _quoted(prompt: str) -> Iterator[str]:
    """The first passage's sentences for ever, a word in each chunk, each with a mark.

    Every other one, as a model writes that does not copy.
    """
    passage = prompt.partition('">\n')[2].partition("\n</")[0]
    sentences = [each.split() for each in passage.split(".") if each.strip()] or [["Nothing"]]
    while True:
        for *words, last in [*sentences[::2], *sentences[1::2]]:
            yield from (f"{word} " for word in words)
            yield f"{last} [1]. "


def _events(pieces: Sequence[str]) -> Iterator[bytes]:
    """One a piece; the last one tells the end and the usage with it."""
    *others, last = map(_piece, pieces)
    yield from others
    usage = {"prompt_tokens": 2000, "completion_tokens": len(pieces), "total_tokens": 2100}
    stop = _event({"index": 0, "delta": {"content": ""}, "finish_reason": "stop"})
    told = _event(None, usage={**usage, "cost": 0.0001})
    yield b"".join([last, stop, told, b"data: [DONE]\n\n"])


def _whole(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 2000, "completion_tokens": 20, "total_tokens": 2020}
    return orjson.dumps(
        {
            "id": "gen-1",
            "model": MODEL,
            "object": "chat.completion",
            "created": 1,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage,
        }
    )


def _piece(text: str) -> bytes:
    return _event({"index": 0, "delta": {"role": "assistant", "content": text}})


def _event(choice: dict[str, Any] | None, **more: Any) -> bytes:
    chunk = {
        "id": "gen-1",
        "provider": "stand-in",
        "model": MODEL,
        "object": "chat.completion.chunk",
        "created": 1,
        "choices": [choice] if choice else [],
        **more,
    }
    return b"data: " + orjson.dumps(chunk) + b"\n\n"
