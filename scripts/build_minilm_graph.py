"""Builds `core/backends/minilm.onnx`: the graph of all-MiniLM-L6-v2 without its weights.

The weights are declared as external data under the names of the tensors in the public
`model.safetensors`; whoever loads the graph supplies them. Run it after changing it:

    python scripts/build_minilm_graph.py

It needs the development package `onnx`; the product does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

OPSET = 20  # the first with Gelu
LAYERS = 6
HEADS = 12
HIDDEN = 384
INTERMEDIATE = 1536
VOCABULARY = 30522
POSITIONS = 512
LAYER_NORM_EPSILON = 1e-12
CONTRIB = "com.microsoft"  # ONNX Runtime's own operators: its attention is one fused kernel

TARGET = Path(__file__).parents[1] / "core" / "backends" / "minilm.onnx"


class GraphBuilder:
    """Collects nodes and weights; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Adds a node with one output."""
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [name], name=name, domain=domain, **attributes)
        )
        return name

    def weight(self, name: str, *shape: int) -> str:
        """Declares a tensor that the weights file holds under that name."""
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="model.safetensors")
        self.initializers.append(tensor)
        return name

    def constant(self, name: str, value: npt.NDArray[np.int64]) -> str:
        """Stores a value in the graph itself."""
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def linear(self, x: str, prefix: str, size_in: int, size_out: int) -> str:
        """A dense layer over rows; the file has its weights as PyTorch does, transposed."""
        weight = self.weight(f"{prefix}.weight", size_out, size_in)
        bias = self.weight(f"{prefix}.bias", size_out)
        return self.op("Gemm", x, weight, bias, transB=1)

    def layer_norm(self, x: str, prefix: str) -> str:
        """Normalises the last axis."""
        weight = self.weight(f"{prefix}.weight", HIDDEN)
        bias = self.weight(f"{prefix}.bias", HIDDEN)
        return self.op("LayerNormalization", x, weight, bias, epsilon=LAYER_NORM_EPSILON)


def embeddings(g: GraphBuilder) -> str:
    """[batch, length] word pieces → [batch, length, HIDDEN]; every token is of type 0."""
    words = g.op("Gather", g.weight("embeddings.word_embeddings.weight", VOCABULARY, HIDDEN), "ids")
    length = g.op("Shape", "ids", start=1, end=2)
    positions = g.op(
        "Slice",
        g.weight("embeddings.position_embeddings.weight", POSITIONS, HIDDEN),
        g.constant("zero", np.array([0])),
        length,
    )
    types = g.weight("embeddings.token_type_embeddings.weight", 2, HIDDEN)
    kind = g.op("Gather", types, "zero")
    return g.layer_norm(g.op("Add", g.op("Add", words, kind), positions), "embeddings.LayerNorm")


def attention(g: GraphBuilder, rows: str, shape: str, prefix: str) -> str:
    """Self-attention over [batch * length, HIDDEN], with padding masked out."""
    parts = [
        g.op("Reshape", g.linear(rows, f"{prefix}.self.{part}", HIDDEN, HIDDEN), shape)
        for part in ("query", "key", "value")
    ]
    mixed = g.op("MultiHeadAttention", *parts, "", "int_mask", domain=CONTRIB, num_heads=HEADS)
    output = g.linear(g.op("Reshape", mixed, "flat"), f"{prefix}.output.dense", HIDDEN, HIDDEN)
    return g.layer_norm(g.op("Add", output, rows), f"{prefix}.output.LayerNorm")


def feed_forward(g: GraphBuilder, rows: str, prefix: str) -> str:
    """The two dense layers behind the attention."""
    wide = g.op("Gelu", g.linear(rows, f"{prefix}.intermediate.dense", HIDDEN, INTERMEDIATE))
    narrow = g.linear(wide, f"{prefix}.output.dense", INTERMEDIATE, HIDDEN)
    return g.layer_norm(g.op("Add", narrow, rows), f"{prefix}.output.LayerNorm")


def mean_pooling(g: GraphBuilder, hidden: str) -> None:
    """[batch, length, HIDDEN] → the unit vectors `embeddings`, the mean over what is no padding."""
    mask = g.op("Cast", "mask", to=TensorProto.FLOAT)
    row = g.op("Unsqueeze", mask, g.constant("one", np.array([1])))
    total = g.op("Squeeze", g.op("MatMul", row, hidden), "one")
    # A mean and a sum point the same way, and the length is made 1 next.
    g.nodes.append(helper.make_node("LpNormalization", [total], ["embeddings"], axis=1, p=2))


def build() -> onnx.ModelProto:
    """The whole graph: `ids` and `mask` in, `embeddings` out."""
    g = GraphBuilder()
    g.constant("flat", np.array([-1, HIDDEN]))
    hidden = embeddings(g)
    shape = g.op("Shape", hidden)
    g.nodes.append(helper.make_node("Cast", ["mask"], ["int_mask"], to=TensorProto.INT32))
    rows = g.op("Reshape", hidden, "flat")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        rows = feed_forward(g, attention(g, rows, shape, f"{prefix}.attention"), prefix)
    mean_pooling(g, g.op("Reshape", rows, shape))
    tokens = ["batch", "length"]
    graph = helper.make_graph(
        g.nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info(n, TensorProto.INT64, tokens) for n in ("ids", "mask")],
        [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["batch", HIDDEN])],
        g.initializers,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


if __name__ == "__main__":
    TARGET.write_bytes(build().SerializeToString())
