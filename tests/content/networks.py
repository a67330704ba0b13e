"""Tiny ONNX networks, built where they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest


def network(
    path: Path,
    *,
    shape: tuple[object, ...] = ("n", 3, 8, 8),
    pooled: bool = True,
    kind: str = "FLOAT",
    scale: float = 1.0,
) -> Path:
    """Answers the mean of each channel times ``scale`` (or the maps themselves); and its half."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, dtype = onnx.helper, getattr(onnx.TensorProto, kind)
    axes = [1, 2] if shape[3] == 3 else [2, 3]
    by = helper.make_tensor("by", dtype, [1], [scale])
    half = helper.make_tensor("half", dtype, [1], [0.5])
    where = helper.make_tensor("axes", onnx.TensorProto.INT64, [2], axes)
    nodes = [helper.make_node("Mul", ["picture", "by"], ["maps"])]
    if pooled:
        nodes.append(helper.make_node("ReduceMean", ["maps", "axes"], ["means"], keepdims=0))
    last = "means" if pooled else "maps"
    nodes.append(helper.make_node("Mul", [last, "half"], ["halves"]))
    outputs = [helper.make_tensor_value_info(name, dtype, None) for name in (last, "halves")]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("picture", dtype, list(shape))],
        outputs,
        [by, half, where],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path
