"""The composition root: the one file that names concrete classes.

Each `open_*` builds a part from the settings: the real service when it is configured, the
embedded one when not.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from secrets import token_hex

from adapters.chat.shared_sync import SharedSync
from adapters.chat.staleness import StaleWatch
from bot.budgets import asked, budgets, governed_embedding, governed_models, limit_settings
from bot.metrics import Metrics
from bot.models import is_free, judge, model_groups, provider_preferences
from bot.on_demand import sync_chosen
from bot.parts import App, Embedding, Index
from bot.settings import Settings
from bot.sources import configured_sources, preference, public_scope, uploads_folder
from core.answering.assistant import Assistant, AssistantSettings
from core.answering.fallback import FallbackChatModel
from core.answering.prompting import PromptLimits
from core.answering.verifying.verifier import LexicalVerifier, VerifierSettings
from core.backends.bm25 import Bm25Encoder
from core.backends.cohere import CohereModels, open_cohere
from core.backends.cohere_batches import call_count
from core.backends.embedded_dump import dump, load
from core.backends.embedded_postgres import open_embedded_postgres
from core.backends.extractive import ExtractiveChatModel
from core.backends.folder_lock import hold_folder
from core.backends.local_embedder import open_local_embedder
from core.backends.openrouter import BASE_URL, ModelGroup, open_openrouter
from core.backends.openrouter_account import Account, Plan, read_account, read_plan
from core.backends.postgres import open_postgres
from core.backends.qdrant import open_qdrant
from core.backends.qdrant_edge import open_edge
from core.breakers.guard import Breakers, open_breakers
from core.breakers.guarded import (
    GuardedEmbedder,
    GuardedIndex,
    GuardedReranker,
    guarded_models,
)
from core.breakers.guarded_database import DATABASE_BREAKER, GuardedDatabase
from core.budgets.governor import Governor, open_governor
from core.budgets.ledger import Ledger
from core.conversation.history import History
from core.conversation.inbox import Inbox
from core.conversation.limits import Limits
from core.conversation.postings import Postings
from core.conversation.staleness import StaleAnswers
from core.ingestion.corpus import CorpusStore
from core.ingestion.sync import Syncer, SyncSettings
from core.ingestion.worker import open_worker
from core.migrations.runner import migrate
from core.ports import (
    ChatModel,
    Database,
    Reranker,
    SparseEncoder,
)
from core.retrieval.retriever import RetrievalSettings, Retriever

DATABASE = "Database"
INDEX = "Vector index"
TEXTS = "Texts of the index"
"""The services that nobody is answered without, by the names of their breakers."""


@asynccontextmanager
async def open_app(
    settings: Settings, *, watch: Callable[[ChatModel], ChatModel] | None = None
) -> AsyncIterator[App]:
    """All parts, open and migrated. Raises DocentError in whatever part fails first.

    `watch` is put around each model, by a measurement that looks at what they send.
    """
    async with AsyncExitStack() as stack:
        index = await stack.enter_async_context(open_index(settings))
        database = await stack.enter_async_context(open_database(settings))
        await migrate(database)
        if folder := uploads_folder(settings):
            folder.mkdir(parents=True, exist_ok=True)
        ask = asked(settings, partial(read_openrouter_plan, settings))
        governor = await stack.enter_async_context(
            open_governor(database, budgets(settings), ask=ask)
        )
        embedding = await stack.enter_async_context(open_embedding(settings))
        models = await stack.enter_async_context(open_models(settings))
        if watch is not None:
            models = [watch(model) for model in models]
        yield await assemble(
            settings,
            index,
            database,
            Embedding(*governed_embedding(settings, governor, embedding, call_count)),
            governed_models(settings, governor, models),
            breakers=await stack.enter_async_context(open_breakers()),
            governor=governor,
        )


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """PostgreSQL at its address, or in the data folder."""
    async with AsyncExitStack() as stack:
        if settings.database.url is None:
            folder = settings.docent.data_dir / "postgres"
            address = await stack.enter_async_context(open_embedded_postgres(folder))
        else:
            address = settings.database.url.get_secret_value()
        pooled = settings.database.pooled
        yield await stack.enter_async_context(open_postgres(address, pooled=pooled))


async def dump_database(settings: Settings, file: Path) -> None:
    """Writes the embedded database to a new file, whether a bot uses it or not."""
    async with open_embedded_postgres(settings.docent.data_dir / "postgres") as address:
        await dump(address, file)


async def load_database(folder: Path, file: Path) -> None:
    """Makes an embedded database in a new folder from what was dumped."""
    async with open_embedded_postgres(folder) as address:
        await load(address, file)


def hold_index(folder: Path) -> AbstractContextManager[None]:
    """Keeps the embedded index as it is. Raises DataFolderLocked where a bot has it open."""
    return hold_folder(folder)


@asynccontextmanager
async def open_index(settings: Settings) -> AsyncIterator[Index]:
    """Qdrant at its address, or its engine in the data folder."""
    qdrant = settings.qdrant
    if qdrant.url is None:
        async with open_edge(settings.docent.data_dir / "qdrant") as edge:
            yield edge
    else:
        key = qdrant.api_key.get_secret_value() if qdrant.api_key else None
        async with open_qdrant(str(qdrant.url), api_key=key, prefer_grpc=qdrant.grpc) as remote:
            yield remote


@asynccontextmanager
async def open_embedding(settings: Settings) -> AsyncIterator[Embedding]:
    """Cohere with a key, or the local model."""
    cohere = settings.cohere
    if cohere.api_key is None:
        folder, configured = settings.docent.data_dir / "models", settings.embedder.folder
        async with open_local_embedder(folder, configured=configured) as local:
            yield Embedding(local)
        return
    models = CohereModels(cohere.embed_model, cohere.dimensions, cohere.rerank_model)
    key, address = cohere.api_key.get_secret_value(), cohere.base_url
    async with open_cohere(
        key, models=models, base_url=str(address) if address else None
    ) as opened:
        yield Embedding(opened.embedder, None if cohere.rerank_model == "off" else opened.reranker)


@asynccontextmanager
async def open_models(settings: Settings) -> AsyncIterator[Sequence[ChatModel]]:
    """The models in the order in which they are asked; the last one quotes and cannot fail."""
    openrouter = settings.openrouter
    quoting: ChatModel = ExtractiveChatModel()
    if openrouter.api_key is None:
        yield [quoting]
        return
    async with open_openrouter(
        openrouter.api_key.get_secret_value(),
        [
            ModelGroup(names, provider_preferences(settings, free=is_free(names[0])))
            for names in model_groups(settings)
        ],
        base_url=str(openrouter.base_url or BASE_URL),
    ) as models:
        yield [*models, quoting]


def sparse_encoder() -> SparseEncoder:
    """BM25's side of the search, the same with every index."""
    return Bm25Encoder()


async def read_openrouter_account(settings: Settings) -> Account | None:
    """What the key may still spend; None without a key."""
    openrouter = settings.openrouter
    if openrouter.api_key is None:
        return None
    return await read_account(
        openrouter.api_key.get_secret_value(),
        openrouter.models,
        base_url=str(openrouter.base_url or BASE_URL),
    )


async def read_openrouter_plan(settings: Settings) -> Plan:
    """The same in short. Raises ServiceError; needs a key."""
    openrouter = settings.openrouter
    assert openrouter.api_key is not None  # noqa: S101 - who has none is not asked
    return await read_plan(
        openrouter.api_key.get_secret_value(), base_url=str(openrouter.base_url or BASE_URL)
    )


async def assemble(
    settings: Settings,
    index: Index,
    database: Database,
    embedding: Embedding,
    models: Sequence[ChatModel],
    *,
    breakers: Breakers | None = None,
    governor: Governor | None = None,
) -> App:
    """Wires opened parts together; with an index that was never written to, creates it."""
    sparse, answer, metrics = sparse_encoder(), settings.answer, Metrics()
    breakers = breakers or Breakers()
    database = GuardedDatabase(database, breakers.guard(DATABASE, DATABASE_BREAKER))
    stale = StaleWatch(
        StaleAnswers(database), threads=answer.stale_notices, platforms=("slack", "discord")
    )
    store = CorpusStore(database, flipped=stale.flipped)
    governor = governor or Governor(Ledger(database))
    inbox = Inbox(database, worker=_worker())
    metrics.watch(lambda: breakers.all, governor.remembered, inbox.waiting)
    guarded = guarded_models(models, breakers)
    writer = await index.writer(embedding.embedder.model)
    retriever = Retriever(
        GuardedIndex(index, breakers.guard(INDEX), breakers.guard(TEXTS)),
        GuardedEmbedder(embedding.embedder, breakers.guard("Embedding")),
        sparse,
        store,
        reranker=_guarded_reranker(embedding.reranker, breakers),
        settings=RetrievalSettings(
            context_tokens=answer.context_tokens, preference=preference(settings)
        ),
    )
    sources = configured_sources(settings)
    limits = SyncSettings(shrink_limit=settings.docent.shrink_limit)
    syncer = Syncer(
        store, index, writer, embedding.embedder, sparse, preparer=open_worker, settings=limits
    )
    syncing = partial(sync_chosen, syncer, sources, scope=public_scope(settings))
    return App(
        settings=settings,
        sources=sources,
        scope=public_scope(settings),
        database=database,
        store=store,
        index=index,
        syncer=syncer,
        sync=SharedSync(metrics.observed(syncing)),
        stale=stale,
        inbox=inbox,
        postings=Postings(database),
        assistant=_assistant(settings, database, retriever, guarded),
        breakers=breakers,
        metrics=metrics,
        governor=governor,
        limits=Limits(limit_settings(settings)),
        collection=embedding.embedder.model.collection,
    )


def _assistant(
    settings: Settings, database: Database, retriever: Retriever, models: Sequence[ChatModel]
) -> Assistant:
    answer = settings.answer
    return Assistant(
        History(database, token_budget=answer.history_tokens),
        retriever,
        FallbackChatModel(models),
        LexicalVerifier(VerifierSettings(answer.unsupported)),
        judge=judge(settings, models),
        settings=AssistantSettings(PromptLimits(answer_tokens=answer.max_tokens)),
    )


def _guarded_reranker(reranker: Reranker | None, breakers: Breakers) -> Reranker | None:
    return reranker and GuardedReranker(reranker, breakers.guard("Reranking"))


def _worker() -> str:
    """A name that no other instance has; two containers may share a host's and a process's."""
    return f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}"
