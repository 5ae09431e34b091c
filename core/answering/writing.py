"""From a model's events to the reader's."""

from __future__ import annotations

from collections.abc import Iterable

from core.answering.grounding import Draft, PassingVerifier
from core.answering.refusal import denies, refusal
from core.answering.wording import QUOTES, QUOTES_INSTEAD, STOPPED, STOPPED_EARLY
from core.model import (
    AnswerStatus,
    Citation,
    Claim,
    ModelEvent,
    ModelFinished,
    ModelStarted,
    ModelText,
    Prompt,
    Replaced,
    Rung,
    TextDelta,
    Usage,
    Verdict,
)
from core.ports import Verifier

_CUT = " …"
_CUT_BELOW_CODE = "\n\n…"
_DOUBTFUL = frozenset({Verdict.UNSETTLED, Verdict.CONTRADICTED})
_FENCES = ("```", "~~~")
_CHARACTERS_PER_TOKEN = 16
"""More than a token of text ever has: a model that goes on beyond it ignores its limit."""


class Writing:
    """An answer in the making. `text` is what its reader has been shown.

    A model that takes over begins anew; what the one before it showed stands until the first
    claim that replaces it.
    """

    def __init__(self, prompt: Prompt, verifier: Verifier) -> None:
        self.prompt = prompt
        self._verifier = verifier
        self._draft = self._shown = self._new_draft(verifier)
        self._room = 0
        self._written = ""
        self._stopped = False
        self._void = False
        self._truncated = False
        self._started: ModelStarted | None = None
        self.text = ""
        self.usage = Usage()
        self.model: str | None = None

    @property
    def settled(self) -> bool:
        """Whether what the model goes on to write no longer matters."""
        return self._draft.not_covered or self._room < 0

    def take(self, event: ModelEvent) -> list[TextDelta | Replaced]:
        """What the reader is to be shown now."""
        match event:
            case ModelText():  # first, as nearly all are
                return self._write(event.text)
            case ModelStarted():
                return self._begin(event)
            case ModelFinished():
                self.model, self.usage = event.model, event.usage
                self._truncated = event.truncated
                return []

    def finish(self) -> list[TextDelta | Replaced]:
        """The rest of the text; or a refusal, where there is nothing that the docs say."""
        return self._ended(self._show(self._draft.finish()))

    def _mended(self) -> list[TextDelta | Replaced]:
        """The text with what was taken over in several claims in quotation marks, if there is."""
        if not self._draft.mend():
            return []
        self._void = True
        return self._show([self._draft.text])

    def revise(self, verifier: Verifier) -> list[Replaced]:
        """The same text as another verifier lets it be read, if that differs; after `finish`."""
        before, self.text, self._void = self.text, "", False
        self._draft = self._new_draft(verifier)
        self._ended(self._show([*self._draft.feed(self._written), *self._draft.finish()]))
        return [Replaced(self.text)] if self.text != before else []

    def _ended(self, shown: list[TextDelta | Replaced]) -> list[TextDelta | Replaced]:
        if self.status is AnswerStatus.REFUSED:
            self._void = bool(self.text)
            return self._show([refusal(self.prompt.passages, self.prompt.question)])
        shown += self._mended()
        if self._truncated:
            below_code = self.text.endswith(_FENCES)
            shown += self._show([_CUT_BELOW_CODE if below_code else _CUT])
        return shown

    def stop(self) -> list[TextDelta | Replaced]:
        """A word that it ends here, below what was shown. Nothing more is to be taken then."""
        self._stopped = True
        self._void, self._draft = False, self._shown
        return [*self._mended(), *self._show([STOPPED if self.text else STOPPED_EARLY])]

    @property
    def status(self) -> AnswerStatus:
        """Final once `finish` or `stop` was called."""
        if self._stopped:
            return AnswerStatus.STOPPED
        draft = self._draft
        if draft.not_covered or draft.hollow or not draft.text:
            return AnswerStatus.REFUSED
        if self._started and self._started.quoting:
            return AnswerStatus.QUOTED
        silent = not draft.cites and denies(draft.text)
        return AnswerStatus.REFUSED if silent else AnswerStatus.ANSWERED

    @property
    def citations(self) -> tuple[Citation, ...]:
        """One for each mark in `text`; a refusal has none."""
        return () if self.status is AnswerStatus.REFUSED else self._draft.citations()

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What the model claimed, with the verdicts; also what a refusal took the place of."""
        return tuple(self._draft.claims)

    @property
    def doubtful(self) -> tuple[Claim, ...]:
        """The claims that words alone do not settle, and those that they seem to contradict."""
        if self._stopped or self._draft.not_covered:
            return ()
        return tuple(claim for claim in self._draft.claims if claim.verdict in _DOUBTFUL)

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The steps down that the models took."""
        if self._started and self._started.quoting:
            return (Rung.QUOTES_ONLY,)
        return (Rung.NEXT_MODEL,) if self._started and self._started.fallback else ()

    def _new_draft(self, verifier: Verifier, *, own_words: bool = True) -> Draft:
        return Draft(self.prompt.question, self.prompt.passages, verifier, own_words=own_words)

    def _begin(self, event: ModelStarted) -> list[TextDelta | Replaced]:
        verifier = PassingVerifier() if event.quoting else self._verifier
        self._draft = self._new_draft(verifier, own_words=not event.quoting)
        self._started, self.model = event, event.model
        self._room, self._written = self.prompt.max_tokens * _CHARACTERS_PER_TOKEN, ""
        self._void = bool(self.text)
        if not event.quoting:
            return []
        return self._show([QUOTES_INSTEAD if event.fallback else QUOTES])

    def _write(self, text: str) -> list[TextDelta | Replaced]:
        self._room -= len(text)
        self._truncated = self._room < 0
        within = text[: self._room] if self._truncated else text
        self._written += within
        pieces = self._draft.feed(within)
        return self._show(pieces) if pieces else []

    def _show(self, pieces: Iterable[str]) -> list[TextDelta | Replaced]:
        shown: list[TextDelta | Replaced] = []
        for piece in pieces:
            shown.append(Replaced(piece) if self._void else TextDelta(piece))
            self.text = piece if self._void else self.text + piece
            self._void, self._shown = False, self._draft
        return shown
