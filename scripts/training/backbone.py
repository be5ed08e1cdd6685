"""EfficientNet-Lite2 as ONNX: built from the published weights without torch, then quantised to int8."""

import logging
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

WIDTH, DEPTH = 1.1, 1.2
# repeats, kernel, stride, expansion, channels in, channels out: EfficientNet's table before scaling
STAGES = [(1, 3, 1, 1, 32, 16), (2, 3, 2, 6, 16, 24), (2, 5, 2, 6, 24, 40), (3, 3, 2, 6, 40, 80),
          (3, 5, 1, 6, 80, 112), (4, 5, 2, 6, 112, 192), (1, 3, 1, 6, 192, 320)]  # fmt: skip
BATCH_NORM_EPSILON = 1e-3


class _Graph:
    """Nodes and constants with names made up as they come."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.zero, self.six = self.constant(np.float32(0)), self.constant(np.float32(6))

    def constant(self, value: np.ndarray | np.generic) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str | None = None, **attributes: object) -> str:
        output = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def convolution(self, x: str, conv: str, norm: str, stride: int = 1, *, depthwise: bool = False) -> str:
        """A convolution with its batch normalisation folded in."""
        gamma, beta, mean, variance = (
            self.weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
        kernel = (self.weights[f"{conv}.weight"] * scale[:, None, None, None]).astype(np.float32)
        bias = (beta - mean * scale).astype(np.float32)
        size = list(kernel.shape[2:])
        return self.node("Conv", [x, self.constant(kernel), self.constant(bias)], kernel_shape=size,
                         strides=[stride, stride], group=len(kernel) if depthwise else 1,
                         auto_pad="SAME_UPPER")  # fmt: skip

    def relu6(self, x: str) -> str:
        return self.node("Clip", [x, self.zero, self.six])


def _scaled(channels: int) -> int:
    wide = channels * WIDTH
    rounded = max(8, int(wide + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wide else rounded


def _block(graph: _Graph, x: str, name: str, stride: int, expansion: int) -> str:
    y = x
    if expansion != 1:
        y = graph.relu6(graph.convolution(y, f"{name}._expand_conv", f"{name}._bn0"))
    y = graph.relu6(graph.convolution(y, f"{name}._depthwise_conv", f"{name}._bn1", stride, depthwise=True))
    return graph.convolution(y, f"{name}._project_conv", f"{name}._bn2")


def build(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """Input `x`: (n, 3, h, w), (rgb - 127) / 128, sides multiples of 32. Outputs: logits, features, map."""
    graph = _Graph(weights)
    x = graph.relu6(graph.convolution("x", "_conv_stem", "_bn0", 2))
    number = 0
    for stage, (repeats, _kernel, first_stride, expansion, channels_in, channels_out) in enumerate(STAGES):
        inner = stage not in (0, len(STAGES) - 1)
        for repeat in range(math.ceil(repeats * DEPTH) if inner else repeats):
            stride = first_stride if repeat == 0 else 1
            y = _block(graph, x, f"_blocks.{number}", stride, expansion)
            same = stride == 1 and (repeat > 0 or _scaled(channels_in) == _scaled(channels_out))
            x = graph.node("Add", [x, y]) if same else y
            number += 1
    x = graph.relu6(graph.convolution(x, "_conv_head", "_bn1"))
    dense = graph.node("Identity", [x], "map")
    features = graph.node("Flatten", [graph.node("GlobalAveragePool", [dense])], "features")
    last = [graph.constant(weights["_fc.weight"]), graph.constant(weights["_fc.bias"])]
    graph.node("Gemm", [features, *last], "logits", transB=1)
    return _model(graph)


def _model(graph: _Graph) -> onnx.ModelProto:
    def tensor(name: str, shape: list[str | int]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    outputs = [tensor("logits", ["n", 1000]), tensor("features", ["n", 1280]), tensor("map", ["n", 1280, "mh", "mw"])]
    inputs = [tensor("x", ["n", 3, "h", "w"])]
    onnx_graph = helper.make_graph(graph.nodes, "efficientnet-lite2", inputs, outputs, graph.constants)
    model = helper.make_model(onnx_graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


class _Calibration(CalibrationDataReader):
    def __init__(self, inputs: Iterable[np.ndarray]) -> None:
        self.inputs: Iterator[np.ndarray] = iter(inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        value = next(self.inputs, None)
        return None if value is None else {"x": value}


def quantise(model: onnx.ModelProto, target: Path, inputs: Iterable[np.ndarray], scratch: Path) -> None:
    """Write `model` as int8 (QDQ, per channel), its activation ranges taken from the `inputs`."""
    full, ready = scratch / "full.onnx", scratch / "ready.onnx"
    onnx.save(model, full)
    logging.getLogger().setLevel(logging.ERROR)  # the quantiser logs each tensor
    quant_pre_process(full, ready, skip_symbolic_shape=True)
    quantize_static(ready, target, _Calibration(inputs), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                    calibrate_method=CalibrationMethod.MinMax)  # fmt: skip
