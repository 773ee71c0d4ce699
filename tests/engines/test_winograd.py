"""Convolutions with fewer multiplications give what plain ones give, whatever the map's size."""

from __future__ import annotations

import numpy as np
import pytest

from countlab.engines.openvino.library import openvino
from countlab.engines.openvino.winograd import save_multiplications

ops = openvino.opset13


def network(
    height: int,
    width: int,
    *,
    inputs: int = 64,
    outputs: int = 96,
    window: int = 3,
    stride: int = 1,
) -> openvino.Model:
    """One convolution with a bias and what Darknet puts behind it."""
    random = np.random.default_rng(1)
    weights = random.normal(0, 0.05, (outputs, inputs, window, window)).astype(np.float32)
    bias = random.normal(0, 1, (1, outputs, 1, 1)).astype(np.float32)
    edge = [window // 2] * 2
    given = ops.parameter([1, inputs, height, width], openvino.Type.f32)
    node = ops.convolution(given, weights, [stride] * 2, edge, edge, [1, 1])
    node = ops.prelu(ops.add(node, bias), np.float32(0.1))
    return openvino.Model([node], [given], "one")


def windows_of_three(changed: openvino.Model) -> int:
    return sum(
        node.get_type_name() == "Convolution" and list(node.input_value(1).shape)[2:] == [3, 3]
        for node in changed.get_ops()
    )


def answer(model: openvino.Model, given: np.ndarray) -> np.ndarray:
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.asarray(compiled(given)[0])


@pytest.mark.parametrize(("height", "width"), [(52, 52), (51, 53), (50, 53), (53, 50)])
def test_the_answers_differ_by_rounding_only(height: int, width: int) -> None:
    plain, changed = network(height, width), network(height, width)
    save_multiplications(changed)
    assert windows_of_three(plain) == 1
    assert windows_of_three(changed) == 0
    given = np.random.default_rng(2).normal(0, 1, (1, 64, height, width)).astype(np.float32)
    right, arrived = answer(plain, given), answer(changed, given)
    assert arrived.shape == right.shape
    assert np.abs(arrived - right).max() < 2e-5 < np.abs(right).max()


@pytest.mark.parametrize(
    "other",
    [
        network(52, 52, inputs=32, outputs=256),
        network(13, 13),
        network(104, 104, stride=2),
        network(104, 104, window=5),
        network(104, 104, window=1),
    ],
    ids=["few channels", "small", "strides", "five by five", "one by one"],
)
def test_where_it_does_not_pay_or_does_not_hold_nothing_changes(other: openvino.Model) -> None:
    before = [node.get_friendly_name() for node in other.get_ordered_ops()]
    save_multiplications(other)
    assert [node.get_friendly_name() for node in other.get_ordered_ops()] == before


def test_a_size_that_is_open_stays_as_it_is() -> None:
    open_size = network(52, 52)
    open_size.reshape([1, 64, -1, -1])
    save_multiplications(open_size)
    assert windows_of_three(open_size) == 1
