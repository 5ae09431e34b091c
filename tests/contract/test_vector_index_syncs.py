"""What the vector index shows after any sequence of syncs, whole and broken off."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.support.points import MODEL, chunk, point, read, request, unit
from tests.support.vector_indexes import OPENERS, Opener

CHUNKS = [(source, text) for source in ("one", "two") for text in "abcd"]


class Syncs(RuleBasedStateMachine):
    """Any sequence of syncs, dead ones and prunings shows what a plain set of chunks would."""

    def __init__(self, opener: Opener) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        self.store = opener(Path(self.folder.name))
        self.index = self.runner.run(self.store.__aenter__())
        self.writer = self.runner.run(self.index.writer(MODEL))
        self.generation = 0
        self.since: dict[tuple[str, str], int] = {}
        self.before: set[tuple[str, str]] | None = None

    @rule(docs=st.sets(st.sampled_from(CHUNKS)))
    def sync(self, docs: set[tuple[str, str]]) -> None:
        self.runner.run(self.writer.recover(self.generation))
        self.change(docs)
        self.before = set(self.since)
        self.generation += 1
        kept = {name: since for name, since in self.since.items() if name in docs}
        self.since = dict.fromkeys(docs, self.generation) | kept

    @rule(docs=st.sets(st.sampled_from(CHUNKS)))
    def die_in_a_sync(self, docs: set[tuple[str, str]]) -> None:
        self.runner.run(self.writer.recover(self.generation))
        self.change(docs)

    @rule(source=st.sampled_from(["one", "two"]))
    def prune(self, source: str) -> None:
        self.runner.run(self.writer.prune(source, self.generation))
        self.before = None

    def change(self, docs: set[tuple[str, str]]) -> None:
        after = self.generation + 1
        added = [point(t, source=s, since=after) for s, t in sorted(docs - self.since.keys())]
        removed = [
            chunk(t, source=s).point_id(self.since[s, t])
            for s, t in sorted(self.since.keys() - docs)
        ]
        self.runner.run(self.writer.write(added))
        self.runner.run(self.writer.close(removed, after))

    def visible(self, generation: int) -> set[tuple[str, str]]:
        hits = self.runner.run(self.index.search(request(generation, dense=unit(1))))
        found = self.runner.run(read(self.index, hits.dense))
        return {(each.source, each.text) for each in found}

    @invariant()
    def the_generation_shows_its_chunks(self) -> None:
        count = self.runner.run(self.index.count(MODEL.collection, self.generation))
        assert self.visible(self.generation) == self.since.keys()
        assert count == len(self.since)

    @invariant()
    def the_one_before_is_whole_until_it_is_pruned(self) -> None:
        if self.before is not None:
            assert self.visible(self.generation - 1) == self.before

    @invariant()
    def every_visible_vector_can_be_used_again(self) -> None:
        hashes = {chunk(t, source=s).content_hash for s, t in self.since}
        found = self.runner.run(self.index.vectors(MODEL.collection, sorted(hashes)))
        assert found.keys() == hashes

    def teardown(self) -> None:
        self.runner.run(self.store.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()


@pytest.mark.parametrize("opener", [OPENERS["edge"], OPENERS["rest"]])
def test_any_sequence_of_syncs_shows_what_a_set_of_chunks_would(opener: Opener) -> None:
    run_state_machine_as_test(
        lambda: Syncs(opener),  # type: ignore[arg-type] # any callable will do
        settings=settings(max_examples=12, stateful_step_count=12, deadline=None),
    )
