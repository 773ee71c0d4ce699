"""Darknet conversion: the graph gives OpenCV's numbers; unsupported files are refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from cv2.typing import MatLike
from numpy.typing import NDArray

from benchmarks.random_models import random_model
from countlab.engines.openvino.library import openvino
from countlab.errors import CountlabError
from countlab.imaging.picture import Pixels
from countlab.models.darknet.cache import load_or_convert
from countlab.models.darknet.convert import to_onnx
from tests.conftest import FRUITS

Floats = NDArray[np.float32]

ALL_LAYERS = """
[net]
width=64
height=64
channels=3
[convolutional]
batch_normalize=1
filters=8
size=3
stride=1
pad=1
activation=mish
[maxpool]
size=2
stride=2
[convolutional]
batch_normalize=1
filters=8
groups=4
size=3
stride=1
pad=1
activation=swish
[shortcut]
from=-2
activation=leaky
[dropout]
probability=.2
[maxpool]
size=5
stride=1
[convolutional]
filters=8
size=2
stride=2
padding=1
activation=logistic
[upsample]
stride=2
[route]
layers=-1
groups=2
group_id=1
[convolutional]
filters=14
size=1
stride=1
activation=linear
[yolo]
mask=1,2
anchors=5,6, 10,12, 20,25
classes=2
num=3
scale_x_y=1.2
[route]
layers=-8,2
[maxpool]
size=3
stride=2
[convolutional]
filters=7
size=1
activation=linear
[yolo]
mask=0
anchors=5,6, 10,12, 20,25
classes=2
num=3
"""


def graph_rows(graph: onnx.ModelProto, blob: MatLike) -> Floats:
    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(graph.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    rows: Floats = compiled({0: blob})[0][0].copy()
    rows[:, 5:][rows[:, 5:] <= 0.2] = 0  # OpenCV zeroes these; in countlab the engines do
    return rows


def opencv_rows(config: Path, weights: Path, blob: MatLike) -> Floats:
    network = cv2.dnn.readNet(str(weights), str(config))
    network.setInput(blob)
    layers = network.getLayerNames()
    outputs = [layers[index - 1] for index in network.getUnconnectedOutLayers()]
    return np.concatenate(network.forward(outputs)).astype(np.float32)


def blob_of(pixels: Pixels, size: int) -> MatLike:
    return cv2.dnn.blobFromImage(pixels, 0.00392, (size, size), swapRB=True)


def small_model(folder: Path, config: str = ALL_LAYERS, *, spare: int = 0) -> tuple[Path, Path]:
    """A cfg with seeded weights of matching length, plus `spare` numbers."""
    (folder / "small.cfg").write_text(config)
    needed = 8 * 4 + 8 * 3 * 9 + 8 * 4 + 8 * 2 * 9 + 8 + 8 * 8 * 4 + 14 + 14 * 4 + 7 + 7 * 16
    values = np.random.default_rng(7).uniform(0.02, 0.2, needed + spare).astype(np.float32)
    header = np.array([0, 2, 0], np.int32).tobytes() + np.int64(0).tobytes()
    (folder / "small.weights").write_bytes(header + values.tobytes())
    return folder / "small.cfg", folder / "small.weights"


@pytest.mark.parametrize("name", ["fruits", "yolov3-tiny", "yolov4-tiny"])
def test_the_graph_gives_the_numbers_of_opencv(name: str, tmp_path: Path, pixels: Pixels) -> None:
    folder = FRUITS if name == "fruits" else random_model(name, tmp_path)
    config, weights = folder / f"{name}.cfg", folder / f"{name}.weights"
    graph = to_onnx(config, weights, width=416, height=416)
    onnx.checker.check_model(graph)
    blob = blob_of(pixels, 416)
    assert np.abs(graph_rows(graph, blob) - opencv_rows(config, weights, blob)).max() < 1e-4


@pytest.mark.parametrize("size", [64, 96])
def test_every_kind_of_layer_gives_the_numbers_of_opencv(
    size: int, tmp_path: Path, pixels: Pixels
) -> None:
    config, weights = small_model(tmp_path)
    blob = blob_of(pixels, size)
    rows = graph_rows(to_onnx(config, weights, width=size, height=size), blob)
    assert np.abs(rows - opencv_rows(config, weights, blob)).max() < 1e-4


@pytest.mark.parametrize(
    ("line", "replacement", "code", "words"),
    [
        ("[dropout]", "[lstm]", "darknet_unknown_section", ["lstm", "27", "convolutional"]),
        ("activation=mish", "activation=gelu", "darknet_not_understood", ["activation=gelu"]),
        ("classes=2", "classes=3", "darknet_not_understood", ["yolo", "14 ≠ 2 × (5 + 3)"]),
        ("stride=2\npadding", "stride=two\npadding", "darknet_not_understood", ["stride=two"]),
        ("from=-2", "from=-20", "darknet_not_understood", ["shortcut", "from=-20"]),
        ("scale_x_y=1.2", "new_coords=1", "darknet_not_understood", ["new_coords=1"]),
        ("layers=-8,2", "", "darknet_not_understood", ["route", "layers="]),
        ("layers=-8,2", "layers=0,2", "darknet_not_understood", ["route", "layers=0,2"]),
        ("from=-2", "from=-2,-3", "darknet_not_understood", ["shortcut", "line 24"]),
        ("stride=2\npadding", "stride=0\npadding", "darknet_not_understood", ["convolutional"]),
        ("filters=14", "filters=inf", "darknet_not_understood", ["convolutional", "filters=inf"]),
        ("mask=1,2", "mask=1,9", "darknet_not_understood", ["yolo"]),
        ("5,6, 10,12, 20", "6, 10,12, 20", "darknet_not_understood", ["yolo"]),
        ("[net]", "<html>", "darknet_not_a_config", ["small.cfg"]),
    ],
)
def test_unsupported_sections_and_values_are_named(
    line: str, replacement: str, code: str, words: list[str], tmp_path: Path
) -> None:
    assert ALL_LAYERS.count(line) >= 1
    config, weights = small_model(tmp_path, ALL_LAYERS.replace(line, replacement, 1))
    with pytest.raises(CountlabError) as caught:
        to_onnx(config, weights, width=64, height=64)
    assert caught.value.code == code
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("spare", [-1, 1])
def test_weights_of_another_network_are_refused(spare: int, tmp_path: Path) -> None:
    config, weights = small_model(tmp_path, spare=spare)
    with pytest.raises(CountlabError) as caught:
        to_onnx(config, weights, width=64, height=64)
    assert caught.value.code == "darknet_wrong_weights"


@pytest.mark.parametrize("length", [0, 7, 16, 19, 22, -1])
def test_truncated_weights_are_refused(length: int, tmp_path: Path) -> None:
    config, weights = small_model(tmp_path)
    weights.write_bytes(weights.read_bytes()[:length])
    with pytest.raises(CountlabError) as caught:
        to_onnx(config, weights, width=64, height=64)
    assert caught.value.code == "darknet_wrong_weights"


def test_a_conversion_is_cached_until_a_file_changes(tmp_path: Path) -> None:
    config, weights = small_model(tmp_path)
    files = {"config": config, "weights": weights}
    first = load_or_convert(files, width=64, height=64)
    assert isinstance(first, Path)
    converted_ns = first.stat().st_mtime_ns
    assert load_or_convert(files, width=64, height=64) == first
    assert first.stat().st_mtime_ns == converted_ns
    config.write_text(ALL_LAYERS.replace("scale_x_y=1.2", "scale_x_y=1.1"))
    second = load_or_convert(files, width=64, height=64)
    assert isinstance(second, Path)
    assert second != first
    assert not first.exists()


def test_a_graph_cached_by_another_process_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process may be reading it at any moment of this conversion."""
    config, weights = small_model(tmp_path)
    files = {"config": config, "weights": weights}
    others = load_or_convert(files, width=64, height=64)
    assert isinstance(others, Path)
    content = others.rename(tmp_path / "kept").read_bytes()
    write = Path.write_bytes

    def write_while_it_exists(path: Path, data: bytes) -> int:
        assert others.exists(), "the other process's file was deleted"
        return write(path, data)

    def convert_meanwhile(*_: Path, **__: int) -> onnx.ModelProto:
        write(others, content)
        return onnx.load_from_string(content)

    monkeypatch.setattr("countlab.models.darknet.convert.to_onnx", convert_meanwhile)
    monkeypatch.setattr(Path, "write_bytes", write_while_it_exists)
    assert load_or_convert(files, width=64, height=64) == others


def test_in_a_read_only_folder_the_graph_is_returned_as_bytes(tmp_path: Path) -> None:
    config, weights = small_model(tmp_path)
    (tmp_path / ".converted").write_text("a file in place of the folder")
    graph = load_or_convert({"config": config, "weights": weights}, width=64, height=64)
    assert isinstance(graph, bytes)
    assert onnx.load_from_string(graph).graph.output[0].name == "rows"
