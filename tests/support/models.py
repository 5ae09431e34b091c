"""Chat models that say what a test wants, and passages for them to speak about."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from core.errors import ServiceError
from core.model import (
    ModelEvent,
    ModelFinished,
    ModelStarted,
    ModelText,
    Passage,
    Prompt,
    Scores,
    Usage,
)

Step = ModelEvent | ServiceError


def saying(
    *texts: str, model: str = "some/model", usage: Usage | None = None, truncated: bool = False
) -> list[Step]:
    """The events of a model that says the texts and comes to its end."""
    end = ModelFinished(model, usage or Usage(10, 5, 0.001), truncated)
    return [ModelStarted(model), *map(ModelText, texts), end]


def breaking_off(*texts: str, error: ServiceError, model: str = "broken/model") -> list[Step]:
    """The events of a model that fails after the texts; before it starts, without any."""
    return [*([ModelStarted(model)] if texts else []), *map(ModelText, texts), error]


@dataclass
class ScriptedModel:
    """A ChatModel that plays its scripts in turn, the last one again and again."""

    scripts: Sequence[Sequence[Step]]
    prompts: list[Prompt] = field(default_factory=list)
    closed: int = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        script = self.scripts[min(len(self.prompts), len(self.scripts) - 1)]
        self.prompts.append(prompt)
        try:
            for step in script:
                if isinstance(step, ServiceError):
                    raise step
                yield step
        finally:
            self.closed += 1


def model_saying(*texts: str) -> ScriptedModel:
    """A model that always says the texts."""
    return ScriptedModel([saying(*texts)])


def section(
    text: str = "Run the installer. It asks for a folder.",
    *,
    title: str = "Install",
    heading: str = "Linux",
    url: str = "https://docs.example/install#linux",
    fused: float = 0.9,
) -> Passage:
    """A passage of the docs."""
    return Passage(
        source="docs",
        path="install.md",
        title=title,
        heading_path=(heading,),
        url=url,
        text=text,
        peer_reviewed=False,
        scores=Scores(fused=fused),
    )


def asking(question: str, *passages: Passage) -> Prompt:
    """A prompt for a model that looks at its parts only."""
    return Prompt("", (), question, passages, 100)
