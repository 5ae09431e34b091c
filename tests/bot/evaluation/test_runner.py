from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.evaluation.__main__ import main
from bot.evaluation.conversations import follow_ups
from bot.evaluation.runner import evaluate
from bot.evaluation.suite import REQUIRED_NDCG, evaluate_set
from bot.settings import Settings
from bot.settings.groups import EmbedderSettings, QdrantSettings
from core.errors import ConfigurationError
from tests.support.local_model import local_files

EVAL = Path(__file__).parents[4] / "shared" / "eval"

needs_sets = pytest.mark.skipif(not EVAL.is_dir(), reason=f"the evaluation sets are not at {EVAL}")

DOCUMENTS = {
    # with the line breaks of another age, as real sets have them
    "install": "Run the installer on Linux.\r\rOr unpack the archive on Windows.",
    "potatoes": "Boil the potatoes for twenty minutes, then drain and mash them.",
    "parking": "Cars may park behind the building between six and ten.",
}
QUESTIONS: list[dict[str, object]] = [
    {"text": "How do I install it on Windows?", "relevant": {"install": 1}},
    {"text": "How long do spuds have to cook?", "relevant": {"potatoes": 1}},
    {"text": "Where can I leave my vehicle?", "relevant": {"parking": 1}},
    {"text": "Who was the first man on the moon?", "answerable": False},
]


def settings() -> Settings:
    """The local model as it is installed; the index is the throw-away one whatever is set."""
    return Settings(
        _env_file=None,
        embedder=EmbedderSettings(folder=local_files().weights.parent),
        qdrant=QdrantSettings(url="http://127.0.0.1:1"),
    )


def write_set(
    folder: Path, questions_asked: Sequence[dict[str, object]] = QUESTIONS
) -> tuple[Path, Path]:
    corpus, questions = folder / "corpus.jsonl", folder / "questions.jsonl"
    documents = [{"id": key, "title": "", "text": text} for key, text in DOCUMENTS.items()]
    corpus.write_text("\n".join(json.dumps(each) for each in documents))
    asked = [{"id": str(n)} | question for n, question in enumerate(questions_asked)]
    questions.write_text("\n".join(json.dumps(each) for each in asked))
    return corpus, questions


async def test_a_corpus_of_one_s_own_is_measured(tmp_path: Path) -> None:
    report = await evaluate(settings(), *write_set(tmp_path))

    assert (report.documents, report.chunks, report.questions) == (3, 3, 4)
    assert report.ndcg_at_10 == 1.0
    assert report.refusals is not None
    assert (report.refusals.auroc, report.refusals.unanswerable) == (1.0, 1.0)
    assert 0 < report.search.p50 <= report.search.p95 < report.total.p95


async def test_follow_ups_are_searched_after_what_was_said_where_that_is_measured(
    tmp_path: Path,
) -> None:
    conversations = {"potatoes": "How do I mash potatoes?", "parking": "Where may cars park?"}
    asked: list[dict[str, object]] = [
        {
            "text": "And then?",
            "relevant": {document: 1},
            "history": [{"role": "user", "text": first}],
        }
        for document, first in conversations.items()
    ]
    files = write_set(tmp_path, asked)

    within = await evaluate(settings(), *files, view=follow_ups)
    by_themselves = await evaluate(settings(), *files)

    assert within.mrr_at_3 == 1.0
    assert by_themselves.mrr_at_3 < 1.0


async def test_quotes_are_searched_for_in_the_whole_set(tmp_path: Path) -> None:
    asked: list[dict[str, object]] = [
        {"text": "How long do I boil potatoes?", "relevant": {"potatoes": 1}, "answers": answers}
        for answers in (["20", "twenty minutes"], ["behind the building", "mash them"], ["nowhere"])
    ]

    report = await evaluate(settings(), *write_set(tmp_path, asked))

    assert report.quoted == 1.0, "what no document says can be no quote"


async def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    await evaluate(settings(), *write_set(tmp_path))

    assert list((tmp_path / "temporary").iterdir()) == []


async def test_an_unknown_set_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no evaluation set 'trec'") as caught:
        await evaluate_set(tmp_path, "trec")

    assert "scifact" in caught.value.hint


async def test_sets_that_are_measured_together_tell_of_refusals_held_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local_files()
    for name in ("clapnq", "scifact"):
        for path in write_set(tmp_path):
            path.rename(tmp_path / f"{name}.{path.name}")

    code = await main(tmp_path, ["clapnq", "scifact"])

    printed = capsys.readouterr().out
    assert code == 0
    assert printed.count("of another set") == 2
    assert "held out" in printed


@needs_sets
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["vendor-docs", "clapnq"])
async def test_the_search_reaches_what_is_required(name: str) -> None:
    local_files()

    report = await evaluate_set(EVAL, name)

    assert report.ndcg_at_10 >= REQUIRED_NDCG[name]


@needs_sets
@pytest.mark.timeout(600)
async def test_the_suite_prints_a_table_and_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    local_files()

    code = await main(EVAL, ["squad2"])

    assert code == 0
    table, _, figures = capsys.readouterr().out.partition("{")
    assert "squad2" in table
    assert "✗" not in table
    report = json.loads("{" + figures)["squad2"]
    assert report["quoted"] >= 0.85
    assert report["refusals"]["auroc"] >= 0.63
    assert report["refusals"]["at_90"] > 0
