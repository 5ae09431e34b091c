"""The verifier on what a good model might write about real documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.answering.verifying.verifier import LexicalVerifier
from core.ingestion.chunking import chunk
from core.ingestion.parsing import parse
from core.model import Document, Passage, Scores, Verdict
from tests.support.model_claims import CONNECTIVE, MODEL_CLAIMS

DOCS = Path(__file__).parents[5] / "shared/corpus/fastapi-docs/docs"

pytestmark = pytest.mark.skipif(
    not DOCS.is_dir(), reason="needs the documents in ../shared/corpus/fastapi-docs"
)


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    paths = {claim.path for claim in MODEL_CLAIMS}
    return {path: parse(path, (DOCS / path).read_bytes()) for path in paths}


def passage(document: Document, anchor: str) -> Passage:
    """The section with the anchor, as it would be retrieved."""
    chunks = [each for each in chunk(document, "fastapi") if each.anchor == anchor]
    return Passage(
        source="fastapi",
        path=document.path,
        title=document.title,
        heading_path=chunks[0].heading_path,
        url=f"https://docs.example/{document.path}#{anchor}",
        text="\n\n".join(each.text for each in chunks),
        peer_reviewed=False,
        scores=Scores(fused=0.9),
    )


def verdicts(documents: dict[str, Document], *, true: bool) -> list[Verdict | None]:
    verifier, given = LexicalVerifier(), []
    for each in MODEL_CLAIMS:
        cited = passage(documents[each.path], each.anchor)
        claim = each.true if true else each.false
        given.append(verifier.check(f"{claim} [1]", [cited]).verdict)
    return given


def test_hardly_anything_true_is_marked_or_dropped(documents: dict[str, Document]) -> None:
    given = verdicts(documents, true=True)

    wrong = [v for v in given if v in {Verdict.UNSUPPORTED, Verdict.CONTRADICTED}]
    assert len(given) >= 60
    assert len(wrong) < 0.05 * len(given)


def test_most_of_what_is_wrong_is_marked_or_dropped(documents: dict[str, Document]) -> None:
    given = verdicts(documents, true=False)

    caught = [v for v in given if v in {Verdict.UNSUPPORTED, Verdict.CONTRADICTED}]
    assert len(caught) > 0.6 * len(given)


def test_what_connects_the_claims_is_never_marked(documents: dict[str, Document]) -> None:
    cited = passage(documents["tutorial/background-tasks.md"], "background-tasks")

    for text in CONNECTIVE:
        assert LexicalVerifier().check(text, [cited]).text == text
