"""What a model is given, and what it sends back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from zlib import crc32

from core.model.conversation import Message
from core.model.corpus import digest
from core.model.search import Passage


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is given.

    `system` and `messages` are the whole text for a chat model, the question last;
    `question` and `passages` are the same in parts, for a model that only quotes. `schema` is the
    JSON schema that the reply must keep to, if any.
    """

    system: str
    messages: tuple[Message, ...]
    question: str
    passages: tuple[Passage, ...]
    max_tokens: int
    schema: Mapping[str, Any] | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for two prompts with which a chat model is told the same of the same passages.

        The last message is long, and made of the question and the passages, whose hashes are at
        hand: so they are hashed, and of the message itself there is a checksum.
        """
        *before, last = self.messages
        said = [text for message in before for text in (message.role, message.text)]
        passages = [passage.content_hash for passage in self.passages]
        summed = crc32(last.text.encode("utf-8", "surrogatepass"))
        asked = (self.question, *passages, str(summed))
        return digest(self.system, *said, last.role, *asked, str(self.max_tokens))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, and money in US dollars; None where the service did not tell."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class ModelStarted:
    """A model begins its text. A second one means that the first broke off: its text is void.

    `quoting` says that no language model writes; `fallback` that another was to be asked first.
    """

    model: str
    quoting: bool = False
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class ModelText:
    """A piece of the model's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelFinished:
    """The text is complete. `model` is the one that the service says answered.

    `truncated` is True when the model ran into its token limit.
    """

    model: str
    usage: Usage = Usage()
    truncated: bool = False


ModelEvent: TypeAlias = ModelStarted | ModelText | ModelFinished
