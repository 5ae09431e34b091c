"""A model's text on its way to the reader: cut into whole claims, checked, its marks numbered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.answering.citations import Citations, without_marks
from core.answering.links import KnownLinks
from core.answering.refusal import says_not_covered
from core.answering.verifying.quotation import in_quotation_marks_throughout
from core.model import Citation, Claim, Passage, Verdict
from core.ports import CheckedClaim, Verifier
from core.text.claims import ClaimSplitter
from core.text.prose import closing_fence, settled
from core.text.unicode import visible

_LOST = frozenset({Verdict.UNSUPPORTED, Verdict.CONTRADICTED})
_CORE = 2 / 3


class PassingVerifier:
    """A Verifier that lets every claim through as it is: quotes are their own evidence."""

    def check(self, claim: str, passages: Sequence[Passage]) -> CheckedClaim:  # noqa: ARG002 - the port's
        """The claim."""
        return CheckedClaim(claim)


class Draft:
    """What one model has written so far, as its reader may see it.

    `text` is what was released. `not_covered` says that the model, before it cited anything, said
    that the passages do not answer. `claims` are those that were checked, shown or not. Without
    `own_words` the text is made of quotes.
    """

    def __init__(
        self,
        question: str,
        passages: Sequence[Passage],
        verifier: Verifier,
        *,
        own_words: bool = True,
    ) -> None:
        self._own_words = own_words
        self._pieces: list[str] = []
        self._passages = passages
        self._verifier = verifier
        self._splitter = ClaimSplitter()
        self._links = KnownLinks(passages, question)
        self._citations = Citations(passages, question)
        self.text = ""
        self.not_covered = False
        self.claims: list[Claim] = []

    def feed(self, text: str) -> list[str]:
        """The claims that `text` completes, ready to be shown."""
        return self._released(self._splitter.feed(visible(text)))

    def finish(self) -> list[str]:
        """The last claims, once the model's text is whole. A code block left open is closed."""
        released = self._released(self._splitter.finish())
        if closing := closing_fence(self.text):
            self.text += closing
            self._pieces.append(closing)
            released.append(closing)
        return released

    def mend(self) -> bool:
        """Puts in quotation marks what several claims together took over verbatim.

        Whether there was any: then `text` differs from what was released.
        """
        passages = [(n, passage.text) for n, passage in enumerate(self._passages, 1)]
        if not self._own_words:
            return False
        mended = in_quotation_marks_throughout(self._pieces, passages)
        if mended == self._pieces:
            return False
        self._pieces = mended
        self.text = "".join(map(self._citations.numbered, mended)).lstrip()
        return True

    @property
    def cites(self) -> bool:
        """Whether there is a mark in `text`."""
        return not self._citations.empty

    @property
    def hollow(self) -> bool:
        """Whether two thirds of what was checked, by length, did not stand its check."""
        lost = sum(len(claim.text) for claim in self.claims if claim.verdict in _LOST)
        return lost > 0 and lost >= _CORE * sum(len(claim.text) for claim in self.claims)

    def citations(self) -> tuple[Citation, ...]:
        """The sources of `text`, one for each mark in it."""
        return self._citations.used()

    def _released(self, claims: Iterable[str]) -> list[str]:
        released = []
        for claim in claims:
            if shown := self._shown(claim):
                self.text += shown
                released.append(shown)
        return released

    def _shown(self, claim: str) -> str:
        if says_not_covered(claim):
            self.not_covered |= not self.cites
            return ""
        # A mark can be a link as well, and what is left of a link can be a mark.
        resolved = settled(claim, lambda c: self._links.reduced(self._citations.resolved(c)))
        checked = self._verifier.check(resolved, self._passages)
        self._note(resolved, checked)
        if not checked.text.strip():
            return ""
        self._pieces.append(checked.text)
        shown = self._citations.numbered(checked.text)
        return shown if self.text else shown.lstrip()

    def _note(self, claim: str, checked: CheckedClaim) -> None:
        if checked.verdict is not None:
            hashes = tuple([self._passages[n - 1].content_hash for n in checked.cited])
            text = without_marks(claim).strip()
            noted = Claim(text, checked.verdict, checked.support, hashes, checked.judged)
            self.claims.append(noted)
