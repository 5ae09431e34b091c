"""What `docent replay` tells: what the models make of an earlier question's passages now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from adapters.console.rendering import answer_as_json, answer_as_text
from bot.app import open_database, open_models
from bot.budgets import budgets, governed_models
from bot.settings import Settings
from bot.trace import find_trace, prompt_of
from core.answering.fallback import FallbackChatModel
from core.answering.replaying import replay
from core.answering.verifying.verifier import LexicalVerifier, VerifierSettings
from core.budgets.governor import open_governor
from core.conversation.traces import Trace
from core.errors import ConfigurationError
from core.migrations.runner import migrate
from core.model import Answer, Claim
from core.ports import ChatModel, Database

_DIFFERS = "The prompt is not the one of then: an earlier turn is gone, or Docent has changed."


@dataclass(frozen=True, slots=True)
class Replay:
    """An answer that was made again. `same_prompt` says whether the model was told the same."""

    trace: Trace
    answer: Answer
    claims: tuple[Claim, ...]
    same_prompt: bool

    def as_json(self) -> dict[str, Any]:
        """The answer of now with its claims, beside the text of then."""
        then = self.trace.turn.answer
        return answer_as_json(self.answer, self.trace.turn.id) | {
            "claims": [asdict(claim) for claim in self.claims],
            "same_prompt": self.same_prompt,
            "then": then.text if then else None,
        }

    def as_text(self) -> str:
        """The same for people."""
        then = self.trace.turn.answer
        told = [] if self.same_prompt else [_DIFFERS]
        model = self.answer.model or "no model"
        lines = [f"Then, by {then.model}:", answer_as_text(then)] if then else []
        return "\n\n".join([*lines, f"Now, by {model}:", answer_as_text(self.answer), *told])


async def replayed(settings: Settings, turn_id: str) -> Replay:
    """Opens the database and the models alone, so that it works beside a running bot.

    Raises ConfigurationError where there is no such turn or a passage of it is gone, ServiceError.
    """
    async with open_database(settings) as database:
        await migrate(database)
        trace = await find_trace(database, turn_id)
        _require_passages(trace)
        prompt = await prompt_of(settings, database, trace)
        verifier = LexicalVerifier(VerifierSettings(settings.answer.unsupported))
        async with _open_model(settings, database) as model:
            generation = trace.noted["generation"]
            answer, claims = await replay(prompt, model, verifier, generation)
    return Replay(trace, answer, claims, prompt.fingerprint == trace.noted.get("prompt"))


@asynccontextmanager
async def _open_model(settings: Settings, database: Database) -> AsyncIterator[ChatModel]:
    """The models as one, within their budgets."""
    async with (
        open_governor(database, budgets(settings)) as governor,
        open_models(settings) as models,
    ):
        yield FallbackChatModel(governed_models(settings, governor, models))


def _require_passages(trace: Trace) -> None:
    found = trace.noted.get("passages", [])
    if not found:
        raise ConfigurationError(
            f"Turn {trace.turn.id} has no passages to ask again on.",
            hint=f"`docent trace {trace.turn.id}` shows what became of it.",
        )
    if len(found) != len(trace.turn.passages):
        raise ConfigurationError(
            f"A passage of turn {trace.turn.id} is no longer kept, so it cannot be asked again.",
            hint="Ask the question anew: the docs as they are now will be searched.",
        )
