"""3×3 convolutions with half of the multiplications: Winograd's F(2×2, 3×3).

Outputs are made in squares of 2×2. Four by four sums of inputs, each multiplied by a sum of
weights, and sums of these products give what nine multiplications an output would: sixteen
instead of thirty-six. Only the rounding differs, by some 1e-5. OpenVINO has no such convolution
in f32, so one becomes sixteen of 1×1, between sums that cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from countlab.engines.openvino.library import openvino

_ops = openvino.opset13
_Weights = NDArray[np.float32]
_Sum = tuple[tuple[int, int], tuple[int, int]]

_FEWEST_CHANNELS = 64  # with fewer, the sums take longer than the multiplications saved
_FEWEST_PRODUCTS = 10_000_000
# Along a row (and a column) of four inputs: two of them, each added (1) or taken away (-1).
_SUMS = (((0, 1), (2, -1)), ((1, 1), (2, 1)), ((1, -1), (2, 1)), ((1, 1), (3, -1)))
# Of the four products: what goes into the first and into the second output.
_OUTPUTS = ((1, 1, 1, 0), (0, 1, -1, -1))
_OF_WEIGHTS = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)


def save_multiplications(network: openvino.Model) -> None:
    """Replaces the convolutions for which it pays."""
    for node in network.get_ordered_ops():
        if node.get_type_name() == "Convolution" and _pays(node):
            weights = node.input_value(1).get_node().data
            replacement = _convolved(node.input_value(0), weights)
            for reader in node.output(0).get_target_inputs():
                reader.replace_source_output(replacement.output(0))


def _pays(convolution: openvino.Node) -> bool:
    weights = convolution.input_value(1).get_node()
    how = convolution.get_attributes()
    plain = how["strides"] == how["dilations"] == how["pads_begin"] == how["pads_end"] == [1, 1]
    shape = convolution.output(0).partial_shape
    if weights.get_type_name() != "Constant" or not plain or shape.is_dynamic or shape[0] != 1:
        return False
    if weights.get_element_type() != openvino.Type.f32:  # graphs exported in half precision
        return False
    outputs, inputs, *window = weights.shape
    products = outputs * inputs * shape[2].get_length() * shape[3].get_length()
    worthwhile = inputs >= _FEWEST_CHANNELS and products >= _FEWEST_PRODUCTS
    return window == [3, 3] and bool(worthwhile)


def _convolved(inputs: openvino.Output, weights: _Weights) -> openvino.Node:
    height, width = inputs.shape[2:]
    changed = np.tensordot(_OF_WEIGHTS, weights, axes=(1, 2))  # sum down, out, in, window across
    changed = np.tensordot(_OF_WEIGHTS, changed, axes=(1, 3))  # sum across, sum down, out, in
    products = [
        [
            _multiplied(_summed(inputs, down, across), changed[column, row])
            for column, across in enumerate(_SUMS)
        ]
        for row, down in enumerate(_SUMS)
    ]
    squares = [
        _added([_added(row, across) for row in products], down)
        for down in _OUTPUTS
        for across in _OUTPUTS
    ]
    laid_out = _ops.depth_to_space(_ops.concat(squares, axis=1), "blocks_first", 2)
    if height % 2 == width % 2 == 0:
        return laid_out
    end = np.array([1, len(weights), height, width])
    return _ops.slice(laid_out, np.zeros(4, int), end, np.ones(4, int))


def _summed(inputs: openvino.Output, down: _Sum, across: _Sum) -> openvino.Node:
    """One sum of inputs for each square of outputs, channel by channel."""
    _, channels, height, width = inputs.shape
    signs = np.outer([sign for _, sign in down], [sign for _, sign in across])
    window = np.broadcast_to(signs.astype(np.float32), (channels, 1, 1, 2, 2))
    begins, ends, steps = zip(_reach(down, height), _reach(across, width), strict=True)
    return _ops.group_convolution(inputs, _ops.constant(window.copy()), [2, 2], begins, ends, steps)


def _reach(taken: _Sum, length: int) -> tuple[int, int, int]:
    """How far the sums of one direction stick out of the map, before and behind it, and apart."""
    (first, _), (second, _) = taken
    squares = (length + 1) // 2
    return 1 - first, 2 * squares - 2 - length + second, second - first


def _multiplied(inputs: openvino.Node, weights: _Weights) -> openvino.Node:
    window = _ops.constant(weights[:, :, None, None], shared_memory=False)  # else by Python lists
    return _ops.convolution(inputs, window, [1, 1], [0, 0], [0, 0], [1, 1])


def _added(nodes: Sequence[openvino.Node], signs: Sequence[int]) -> openvino.Node:
    plus = reduce(_ops.add, [node for node, sign in zip(nodes, signs, strict=True) if sign > 0])
    minus = [node for node, sign in zip(nodes, signs, strict=True) if sign < 0]
    return reduce(_ops.subtract, minus, plus)
