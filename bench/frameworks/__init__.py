"""The same work with what people would use instead, each opened by the name of its framework."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

NAMES = ("langchain", "llamaindex", "haystack")


def open_framework(
    name: str, addresses: Mapping[str, str], docs: Path
) -> AbstractAsyncContextManager[Any]:
    """The pipeline of that framework, in whose environment this must run."""
    module = import_module(f"bench.frameworks.with_{name}")
    opened: AbstractAsyncContextManager[Any] = module.open_pipeline(addresses, docs)
    return opened
