"""all-MiniLM-L6-v2 on this machine's processor, through ONNX Runtime.

The graph lies beside this file without weights (`scripts/build_minilm_graph.py` makes it). The
runtime is given the tensors of the public safetensors file as the graph's external initializers.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from core.backends.weights import ModelFiles, ModelStore
from core.errors import ServiceUnavailable
from core.model import EmbeddingModel, EmbeddingUsage, Vector
from core.text.unicode import well_formed

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MINILM: Final = EmbeddingModel(name="all-MiniLM-L6-v2", dimensions=384, max_tokens=256)

SERVICE: Final = "Local model"

_GRAPH: Final = Path(__file__).with_name("minilm.onnx")
_HEADER_LENGTH: Final = 8
_UNUSED: Final = "pooler."
"""The graph leaves this layer out: sentence embeddings are pooled by their mean."""

_BATCH_TOKENS: Final = 2048
"""Word pieces in one run, padding included: about 0.15 s and 50 MB, so that a question that
arrives during a sync waits no longer, and memory stays flat."""

_LONGEST_TEXT: Final = 16 * 1024
"""Characters that are tokenized at all; 256 word pieces of any prose end far before."""


@asynccontextmanager
async def open_local_embedder(
    folder: Path, *, configured: Path | None = None
) -> AsyncIterator[LocalEmbedder]:
    """The model, loaded in about 0.3 s. `folder` keeps what is fetched from the model hub.

    `configured` is a folder with the model's files that overrides every other place. Raises as
    ModelStore.files does.
    """
    files = await ModelStore(folder, configured=configured).files()
    yield await asyncio.to_thread(load, files)


def load(files: ModelFiles) -> LocalEmbedder:
    """The model of these files; blocks. Raises ServiceUnavailable when they cannot be loaded."""
    # Before it is loaded: from 1.29 on the runtime tells its maker of each start and model, keeps
    # a number for the machine, and takes no for an answer only here.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415  # loading it takes 0.3 s
    from tokenizers import Tokenizer  # noqa: PLC0415  # belongs to the same model

    options = onnxruntime.SessionOptions()
    # Threads that spin between two questions would keep an idle bot's processor busy.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        weights = {
            name: onnxruntime.OrtValue.ortvalue_from_numpy(tensor)
            for name, tensor in _tensors(files.weights)
        }
        options.add_external_initializers(list(weights), list(weights.values()))
        session = onnxruntime.InferenceSession(_GRAPH, options, ["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(files.tokenizer))
    except Exception as exc:  # both libraries raise errors that share no base
        raise ServiceUnavailable(
            SERVICE, "its files could not be loaded.", hint="Reinstall the dependencies."
        ) from exc
    tokenizer.enable_truncation(MINILM.max_tokens)
    tokenizer.no_padding()
    return LocalEmbedder(session, tokenizer)


class LocalEmbedder:
    """An Embedder. Inference runs in threads; questions and documents are embedded alike."""

    def __init__(self, session: InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._spent = EmbeddingUsage()

    @property
    def spent(self) -> EmbeddingUsage:
        """Runs of the model, and the word pieces in them."""
        return self._spent

    @property
    def model(self) -> EmbeddingModel:
        """all-MiniLM-L6-v2."""
        return MINILM

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """Unit vectors in order. A text is cut after 256 word pieces."""
        vectors, spent = await self._embed(texts)
        self._spent += spent
        return vectors

    async def embed_query(self, text: str) -> Vector:
        """The unit vector to search with; about 2 ms."""
        return await asyncio.to_thread(self._embed_one, text)

    def _embed_one(self, text: str) -> Vector:
        # in one thread: each change of threads may wait for whoever computes in Python meanwhile
        vector: Vector = self._run(self._tokenize([text]))[0]
        return vector

    async def _embed(self, texts: Sequence[str]) -> tuple[list[Vector], EmbeddingUsage]:
        tokens = await asyncio.to_thread(self._tokenize, texts)
        vectors: dict[int, Vector] = {}
        runs = 0
        for batch in _batches(tokens):
            made = await asyncio.to_thread(self._run, [tokens[i] for i in batch])
            vectors.update(zip(batch, made, strict=True))
            runs += 1
        spent = EmbeddingUsage(runs, sum(map(len, tokens)))
        return [vectors[i] for i in range(len(texts))], spent

    def _tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast(
            [well_formed(text[:_LONGEST_TEXT]) for text in texts]
        )
        return [encoding.ids for encoding in encodings]

    def _run(self, batch: Sequence[Sequence[int]]) -> Vector:
        """[len(batch), 384]."""
        shape = len(batch), max(map(len, batch))
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        try:
            outputs: list[Vector] = self._session.run(None, {"ids": ids, "mask": mask})
        except Exception as exc:  # the runtime's errors share no base
            raise ServiceUnavailable(SERVICE, "the text could not be embedded.") from exc
        return outputs[0]


def _tensors(path: Path) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """The file's tensors that the graph asks for, mapped and not read.

    The format: https://github.com/huggingface/safetensors#format
    """
    file = np.memmap(path, dtype=np.uint8, mode="r")
    start = _HEADER_LENGTH + int(file[:_HEADER_LENGTH].view("<u8")[0])
    header: dict[str, dict[str, Any]] = json.loads(bytes(file[_HEADER_LENGTH:start]))
    for name, entry in header.items():
        if entry.get("dtype") == "F32" and not name.startswith(_UNUSED):
            begin, end = (start + offset for offset in entry["data_offsets"])
            yield name, file[begin:end].view("<f4").reshape(entry["shape"])


def _batches(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Indices of texts of like length, so that little is spent on padding."""
    batch: list[int] = []
    for i in sorted(range(len(tokens)), key=lambda i: len(tokens[i])):
        if batch and (len(batch) + 1) * len(tokens[i]) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
