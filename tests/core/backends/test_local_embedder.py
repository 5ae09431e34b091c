from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from tokenizers import Tokenizer

from core.backends import local_embedder
from core.backends.local_embedder import LocalEmbedder, load, open_local_embedder
from core.backends.weights import ModelFiles
from core.errors import ConfigurationError, ServiceUnavailable
from core.model import Vector
from tests.support.local_model import local_files, local_model
from tests.support.numpy_minilm import embed, read_weights

ROOT = Path(__file__).parents[3]
GRAPH = Path(local_embedder.__file__).with_name("minilm.onnx")


class Session:
    """In the place of ONNX Runtime's: gives unit vectors, and keeps what it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.threads: set[int] = set()
        self._error = error

    def run(self, _outputs: None, inputs: dict[str, Any]) -> list[Vector]:
        if self._error is not None:
            raise self._error
        self.shapes.append(inputs["ids"].shape)
        self.threads.add(threading.get_ident())
        return [np.ones((len(inputs["ids"]), 384), np.float32)]


def over(session: Session) -> LocalEmbedder:
    tokenizer = Tokenizer.from_file(str(local_files().tokenizer))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    return LocalEmbedder(session, tokenizer)


async def test_a_sentence_has_the_vector_that_its_authors_published() -> None:
    vector = await local_model().embed_query("This is an example sentence")

    # The first numbers in sentence-transformers' documentation of the model.
    assert vector[:4] == pytest.approx([6.76569e-02, 6.34959e-02, 4.87131e-02, 7.93049e-02], 1e-4)


async def test_the_graph_computes_what_the_model_s_papers_say() -> None:
    texts = ["", "How do I declare a query parameter with a default?", "naïve café, 東京 `x = 1`"]
    weights = read_weights(local_files().weights)
    tokenizer = Tokenizer.from_file(str(local_files().tokenizer))
    tokenizer.no_padding()

    # In one batch, so that the shorter ones are padded.
    vectors = await local_model().embed_documents(texts)

    for text, vector in zip(texts, vectors, strict=True):
        assert vector == pytest.approx(embed(weights, tokenizer.encode(text).ids), abs=1e-6)


async def test_a_text_is_read_up_to_256_word_pieces() -> None:
    model = local_model()
    whole = "word " * 254  # and one piece each for its beginning and end

    fits, longer, shorter = await model.embed_documents([whole, whole + "fish " * 9, whole[:-5]])

    assert longer == pytest.approx(fits, abs=1e-6)
    assert np.abs(shorter - fits).max() > 1e-4


async def test_a_run_never_has_more_than_2048_word_pieces() -> None:
    session = Session()
    texts = [("word " * (n % 260)) for n in range(0, 2600, 13)]

    await over(session).embed_documents(texts)

    assert sum(rows for rows, _ in session.shapes) == len(texts)
    assert max(rows * length for rows, length in session.shapes) <= 2048


async def test_little_is_spent_on_padding() -> None:
    session = Session()
    texts = ["word", "word " * 200] * 40

    await over(session).embed_documents(texts)

    pieces = 40 * 3 + 40 * 202
    assert sum(rows * length for rows, length in session.shapes) < 1.1 * pieces


async def test_the_event_loop_s_thread_is_left_alone() -> None:
    session = Session()

    await over(session).embed_query("hello")

    assert threading.get_ident() not in session.threads


class Held(Session):
    """Has the documents in its hands until a question was embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.at_documents = threading.Event()
        self._asked = threading.Event()

    def run(self, outputs: None, inputs: dict[str, Any]) -> list[Vector]:
        if len(inputs["ids"]) == 1:
            self._asked.set()
        else:
            self.at_documents.set()
            assert self._asked.wait(60)
        return super().run(outputs, inputs)


async def test_questions_are_embedded_while_documents_are() -> None:
    session = Held()
    model = over(session)
    documents = asyncio.create_task(model.embed_documents(["word " * 200] * 40))
    await asyncio.to_thread(session.at_documents.wait, 60)

    await model.embed_query("Is anybody there?")

    assert len(await documents) == 40


async def test_a_failure_of_the_runtime_is_a_service_error() -> None:
    embedder = over(Session(RuntimeError("bad allocation")))

    with pytest.raises(ServiceUnavailable, match=r"^Local model: .* could not be embedded"):
        await embedder.embed_query("hello")


def test_files_that_cannot_be_loaded_are_a_service_error(tmp_path: Path) -> None:
    for name in ("weights", "tokenizer"):
        (tmp_path / name).write_bytes(b"\2\0\0\0\0\0\0\0{}")

    with pytest.raises(ServiceUnavailable, match="could not be loaded") as caught:
        load(ModelFiles(tmp_path / "weights", tmp_path / "tokenizer"))

    assert caught.value.hint


async def test_the_model_is_opened_from_a_configured_folder(tmp_path: Path) -> None:
    folder = local_files().weights.parent

    async with open_local_embedder(tmp_path / "unused", configured=folder) as embedder:
        assert (await embedder.embed_query("hello")).shape == (384,)

    assert not (tmp_path / "unused").exists()


async def test_a_configured_folder_without_the_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no model\.safetensors"):
        async with open_local_embedder(tmp_path, configured=tmp_path):
            pass


def test_the_graph_is_the_one_that_its_script_builds() -> None:
    script = ROOT / "scripts" / "build_minilm_graph.py"
    spec = importlib.util.spec_from_file_location("build_minilm_graph", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert onnx.load(GRAPH, load_external_data=False) == module.build()


def test_the_graph_holds_no_weights() -> None:
    assert GRAPH.stat().st_size < 50_000


def test_loading_the_model_leaves_no_trace_of_the_machine_and_tells_nobody(tmp_path: Path) -> None:
    files = local_files()
    loading = (
        "from pathlib import Path\n"
        "from core.backends.local_embedder import load\n"
        "from core.backends.weights import ModelFiles\n"
        f"load(ModelFiles(Path({str(files.weights)!r}), Path({str(files.tokenizer)!r})))\n"
    )
    bare = {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", loading], env=bare, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == [], "the runtime's telemetry keeps a number there"
