"""Networks exported from PyTorch, answered from as people's own models."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from countlab.findings import Box
from countlab.inference.prediction import Prediction
from tests.conftest import ROOT
from tests.tasks.conftest import Predict, WriteModel, picture
from tests.tasks.graphs import CELL, HEIGHT, LABELS, WIDTH

pytestmark = pytest.mark.training
torch: Any = pytest.importorskip("torch", reason="needs torch (make test-training)")

SQUARES = picture(240, 80, red=(100, 20, 120, 40), blue=(20, 60, 40, 80))
EXPECTED = {"red": Box(100, 20, 120, 40), "blue": Box(20, 60, 40, 80)}


def export(network: Any, path: Path) -> None:
    """As docs/own-model.md shows it; this exporter needs no further package."""
    example = torch.zeros(1, 3, HEIGHT, WIDTH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own: the exporter is the older one of two
        torch.onnx.export(
            network.eval(),
            example,
            path,
            input_names=["images"],
            output_names=["output0"],
            opset_version=17,
            dynamo=False,
        )


def color_convolution(stride: int) -> Any:
    """A convolution that gives the mean of each color in cells of this size."""
    layer = torch.nn.Conv2d(3, 3, stride, stride)
    with torch.no_grad():
        layer.weight.zero_()
        for color in range(3):
            layer.weight[color, color] = 1 / stride**2
        layer.bias.zero_()
    return layer


def cell_corners(stride: int) -> Any:
    """The left and top edge of each cell, as rows of x and y."""
    y, x = torch.meshgrid(
        torch.arange(0, HEIGHT, stride), torch.arange(0, WIDTH, stride), indexing="ij"
    )
    return torch.stack([x, y]).reshape(1, 2, -1).float()


class YoloV8Head(torch.nn.Module):  # type: ignore[misc]
    """Two scales, box sides as distances from the cell's center, a sigmoid for each label."""

    strides = (CELL, 2 * CELL)

    def __init__(self) -> None:
        super().__init__()
        self.colors = torch.nn.ModuleList([color_convolution(stride) for stride in self.strides])

    def forward(self, pixels: Any) -> Any:
        levels = []
        for stride, colors in zip(self.strides, self.colors, strict=True):
            scores = torch.sigmoid((colors(pixels).flatten(2) - 0.7) * 30)
            centers = cell_corners(stride) + stride / 2
            distances = torch.full((1, 4, centers.shape[2]), stride / 2)
            low, high = centers - distances[:, :2], centers + distances[:, 2:]
            levels.append(torch.cat([(low + high) / 2, high - low, scores], dim=1))
        return torch.cat(levels, dim=2)


class YoloV5Head(torch.nn.Module):  # type: ignore[misc]
    """One scale, one anchor, objectness beside the labels, decoded as YOLOv5 does."""

    def __init__(self) -> None:
        super().__init__()
        self.colors = color_convolution(CELL)

    def forward(self, pixels: Any) -> Any:
        colors = self.colors(pixels).flatten(2)
        raw = torch.zeros_like(colors)
        center = (torch.sigmoid(raw[:, :2]) * 2 - 0.5) * CELL + cell_corners(CELL)
        size = (torch.sigmoid(raw[:, :2]) * 2) ** 2 * CELL
        objectness = torch.sigmoid((colors.amax(dim=1, keepdim=True) - 0.7) * 30)
        labels = torch.sigmoid((colors - 0.7) * 30)
        return torch.cat([center, size, objectness, labels], dim=1).transpose(1, 2)


class ListDetector(torch.nn.Module):  # type: ignore[misc]
    """Answers as torchvision's detectors do: a dictionary a picture, labels counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.colors = color_convolution(CELL)

    def forward(self, pictures: Any) -> Any:
        scores, labels = self.colors(pictures[0][None]).flatten(2)[0].max(dim=0)
        corners = cell_corners(CELL)[0].T
        boxes = torch.cat([corners, corners + CELL], dim=1)
        return [{"boxes": boxes, "labels": labels + 1, "scores": scores}]


def one_output() -> Any:
    """The wrapper as docs/own-model.md shows it, around a detector of this test."""
    text = (ROOT / "docs" / "own-model.md").read_text(encoding="utf-8")
    (block,) = (
        block
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        if "class OneOutput" in block
    )
    names: dict[str, Any] = {"torch": torch}
    exec(block, names)
    return names["OneOutput"](ListDetector())


def boxes(prediction: Prediction) -> dict[str, Box | None]:
    return {finding.label: finding.box for finding in prediction.findings}


@pytest.mark.parametrize("head", [YoloV8Head, YoloV5Head])
def test_an_exported_head_finds_the_squares(
    own_model: WriteModel, predict: Predict, head: type
) -> None:
    export(head(), own_model())
    prediction = predict(SQUARES)
    assert boxes(prediction) == EXPECTED
    assert prediction.count == 2


def test_a_detector_that_answers_with_lists_can_be_wrapped(
    own_model: WriteModel, predict: Predict
) -> None:
    export(one_output(), own_model())
    prediction = predict(SQUARES)
    assert boxes(prediction) == EXPECTED
    assert prediction.count == 2


@pytest.mark.parametrize("normalized", [False, True])
def test_an_exported_classifier_gives_the_probabilities_of_torch(
    own_model: WriteModel, predict: Predict, normalized: bool
) -> None:
    torch.manual_seed(3)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, 2, 1),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 16, 3, 2, 1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(16, len(LABELS)),
    ).eval()
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    entry = 'task = "classify"\n'
    if normalized:
        entry += f"preprocessing = {{ mean = {list(mean)}, std = {list(std)} }}"
    export(network, own_model(entry))

    picture_in = np.full((HEIGHT, WIDTH, 3), 114, np.float32)  # red, green, blue
    picture_in[16:32, 8:40] = (255, 0, 0)
    tensor = torch.from_numpy(picture_in / 255).permute(2, 0, 1)[None]
    if normalized:
        tensor = (tensor - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    with torch.no_grad():
        expected = torch.softmax(network(tensor), dim=1)[0].tolist()

    prediction = predict(picture(WIDTH, HEIGHT, red=(8, 16, 40, 32)), 0.0)
    assert prediction.probabilities is not None
    for label, probability in zip(LABELS, expected, strict=True):
        assert prediction.probabilities[label] == pytest.approx(probability, abs=1e-4)
