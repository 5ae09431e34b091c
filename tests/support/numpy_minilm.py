"""all-MiniLM-L6-v2 by the book, in numpy: slow, and independent of the graph.

BERT as in Devlin et al. 2018, then the mean over the tokens, then the length 1.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LAYERS, HEADS, HIDDEN = 6, 12, 384
WIDTH = HIDDEN // HEADS


def read_weights(path: Path) -> dict[str, Array]:
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if entry.get("dtype") == "F32":
            begin, end = entry["data_offsets"]
            flat = np.frombuffer(data[start + begin : start + end], "<f4")
            tensors[name] = flat.reshape(entry["shape"]).astype(np.float64)
    return tensors


def embed(weights: Mapping[str, Array], tokens: Sequence[int]) -> Array:
    words = weights["embeddings.word_embeddings.weight"][list(tokens)]
    positions = weights["embeddings.position_embeddings.weight"][: len(tokens)]
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    hidden = _layer_norm(words + positions + kind, weights, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        hidden = _layer(hidden, weights, f"encoder.layer.{layer}")
    pooled = hidden.mean(axis=0)
    return np.asarray(pooled / np.linalg.norm(pooled))


def _layer(hidden: Array, weights: Mapping[str, Array], name: str) -> Array:
    query, key, value = (
        _linear(hidden, weights, f"{name}.attention.self.{part}")
        .reshape(-1, HEADS, WIDTH)
        .swapaxes(0, 1)
        for part in ("query", "key", "value")
    )
    mixed = (_softmax(query @ key.swapaxes(1, 2) / math.sqrt(WIDTH)) @ value).swapaxes(0, 1)
    attended = _linear(mixed.reshape(-1, HIDDEN), weights, f"{name}.attention.output.dense")
    hidden = _layer_norm(hidden + attended, weights, f"{name}.attention.output.LayerNorm")
    wide = _gelu(_linear(hidden, weights, f"{name}.intermediate.dense"))
    narrow = _linear(wide, weights, f"{name}.output.dense")
    return _layer_norm(hidden + narrow, weights, f"{name}.output.LayerNorm")


def _linear(x: Array, weights: Mapping[str, Array], name: str) -> Array:
    return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def _layer_norm(x: Array, weights: Mapping[str, Array], name: str) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _gelu(x: Array) -> Array:
    return np.asarray(x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2)
