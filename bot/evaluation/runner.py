"""Measures the search on a corpus of one's own, through the parts that answer questions."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.app import open_embedding, open_index, open_models, sparse_encoder
from bot.evaluation.conversations import alone
from bot.evaluation.dataset import Dataset, EvaluationDocument, EvaluationQuestion, read_dataset
from bot.evaluation.quoting import holds_answer, with_verbatim_answers
from bot.evaluation.report import EvaluationReport, Outcome, summarise
from bot.settings import Settings
from bot.settings.groups import QdrantSettings
from core.answering.rewriting import without_model
from core.ingestion.chunking import chunk
from core.ingestion.indexing import Engines
from core.ingestion.parsing.decoding import clean
from core.model import (
    EVERYTHING,
    Chunk,
    Corpus,
    Document,
    DocumentRecord,
    Message,
    Point,
    Section,
)
from core.ports import ChatModel
from core.retrieval.retriever import EncodedQuery, RetrievalSettings, Retriever

_SOURCE = "evaluation"
_GENERATION = 1
_SETTINGS = RetrievalSettings(read=2 * RetrievalSettings().candidates)
"""All hits are read, as they are looked at further down than an answer needs."""

_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured: the engines, the search over them, and the model that quotes."""

    engines: Engines
    retriever: Retriever
    catalog: DatasetCatalog
    quoting: ChatModel

    @property
    def corpus(self) -> Corpus:
        """What is served: all that was written into the index."""
        return Corpus(self.engines.collection, _GENERATION)


async def evaluate(
    settings: Settings,
    corpus: Path,
    questions: Path,
    *,
    view: Callable[[Dataset], Dataset] = alone,
) -> EvaluationReport:
    """Ingests the corpus into a throw-away index and asks the questions, one after the other.

    Which, and after what, the `view` says: by default all of them, by themselves. Uses the
    configured embedding and reranking. Raises ConfigurationError for files that are not in the
    format, ServiceError when a service fails.
    """
    dataset = view(read_dataset(corpus, questions))
    async with open_bench(settings) as bench:
        return await measure(bench, dataset)


@asynccontextmanager
async def open_bench(settings: Settings) -> AsyncIterator[Bench]:
    """The parts, over an empty embedded index that is deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="docent-eval-") as folder:
        async with (
            open_embedding(settings) as embedding,
            open_index(_in_folder(settings, Path(folder))) as index,
            open_models(settings) as models,
        ):
            embedder, sparse = embedding.embedder, sparse_encoder()
            writer = await index.writer(embedder.model)
            catalog, reranker = DatasetCatalog(), embedding.reranker
            retriever = Retriever(
                index, embedder, sparse, catalog, reranker=reranker, settings=_SETTINGS
            )
            yield Bench(Engines(index, writer, embedder, sparse), retriever, catalog, models[-1])


async def measure(bench: Bench, dataset: Dataset) -> EvaluationReport:
    """The figures of the set; the bench's index must be empty."""
    bench.catalog.hold(dataset.documents)
    questions = with_verbatim_answers(dataset)
    chunks = [c for document in dataset.documents for c in chunk(_document(document), _SOURCE)]
    for start in range(0, len(chunks), _BLOCK):
        await _index(bench.engines, chunks[start : start + _BLOCK])
    outcomes = [await _ask(bench, question) for question in questions]
    return summarise(len(dataset.documents), len(chunks), outcomes)


class DatasetCatalog:
    """A Catalog of the documents of a set, in every generation."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], DocumentRecord] = {}

    def hold(self, documents: Iterable[EvaluationDocument]) -> None:
        """Has these documents from here on."""
        for each in documents:
            record = DocumentRecord(_SOURCE, each.id, each.title, each.id, "", peer_reviewed=False)
            self._records[_SOURCE, each.id] = record

    async def at(self, generation: int) -> Mapping[tuple[str, str], DocumentRecord]:  # noqa: ARG002 - the port's
        """All of them."""
        return self._records

    async def chunks(self, generation: int) -> int:  # noqa: ARG002 - the port's
        """At least one a document."""
        return len(self._records)


def _in_folder(settings: Settings, folder: Path) -> Settings:
    docent = settings.docent.model_copy(update={"data_dir": folder})
    return settings.model_copy(update={"docent": docent, "qdrant": QdrantSettings()})


def _document(document: EvaluationDocument) -> Document:
    section = Section(heading="", anchor="", level=0, text=clean(document.text))
    return Document(path=document.id, title=document.title, sections=(section,))


async def _index(engines: Engines, chunks: Sequence[Chunk]) -> None:
    texts = [each.embedding_text for each in chunks]
    vectors = await engines.embedder.embed_documents(texts)
    await engines.writer.write(
        [
            Point(each, vector, engines.sparse.encode_document(text), _GENERATION)
            for each, vector, text in zip(chunks, vectors, texts, strict=True)
        ]
    )


async def _ask(bench: Bench, question: EvaluationQuestion) -> Outcome:
    corpus = bench.corpus
    began = time.perf_counter()
    queries = await _encoded(bench.retriever, question)
    embedded = time.perf_counter()
    ranking = await bench.retriever.rank(queries, EVERYTHING, corpus)
    quoted = None
    if question.answerable and question.answers:
        found = await bench.retriever.retrieve(queries, EVERYTHING, corpus)
        quoted = await holds_answer(question.text, question.answers, found, bench.quoting)
    return Outcome(
        question=question,
        ranked=tuple(dict.fromkeys(hit.chunk.path for hit in ranking.hits)),
        confidence=ranking.confidence.value,
        sufficient=ranking.confidence.sufficient,
        embed_ms=(embedded - began) * 1000,
        search_ms=ranking.timings_ms["search"],
        quoted=quoted,
    )


async def _encoded(retriever: Retriever, question: EvaluationQuestion) -> list[EncodedQuery]:
    """The question as it is searched for where no language model completes a follow-up."""
    query = await retriever.encode(question.text)
    if not question.history:
        return [query]
    history = [Message(said.role, said.text) for said in question.history]
    texts = without_model(question.text, history)
    return [*[await retriever.encode(text) for text in texts], replace(query, alone=True)]
