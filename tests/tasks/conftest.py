"""Own models made of small graphs, and a picture of colored squares to find with them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from countlab.imaging.picture import write_picture
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.options import PredictOptions
from countlab.settings import Settings
from tests.tasks.graphs import LABELS

WriteModel = Callable[..., Path]
Predict = Callable[..., Prediction]
COLORS: Mapping[str, tuple[int, int, int]] = {
    "red": (0, 0, 255),
    "blue": (255, 0, 0),
    "bright": (255, 255, 255),
}
GRAY = 114  # the border of a letterbox: nothing stands out from it


def picture(width: int, height: int, **squares: tuple[int, int, int, int]) -> bytes:
    """A gray PNG with filled boxes (left, top, right, bottom), each named for its color."""
    pixels = np.full((height, width, 3), GRAY, np.uint8)
    for color, (left, top, right, bottom) in squares.items():
        pixels[top:bottom, left:right] = COLORS[color]
    return write_picture(pixels, "PNG")


@pytest.fixture
def own_model(home: Path) -> WriteModel:
    """Describes the model `mine` and gives the path at which its graph is expected."""

    def write(entry: str = "", labels: Sequence[str] = LABELS) -> Path:
        folder = home / "models" / "mine"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mine.names").write_text("\n".join(labels) + "\n")
        (folder / "model.toml").write_text(
            f'name = "mine"\nlabels = "mine.names"\n{entry}\n'
            '[files]\ngraph = { name = "mine.onnx" }\n'
        )
        return folder / "mine.onnx"

    return write


@pytest.fixture(params=["openvino", "onnxruntime"])
def engine(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        pytest.skip(f"needs {name}, which is not installed")
    return name


@pytest.fixture
def predict(home: Path, engine: str) -> Predict:
    """What the model `mine` finds in a picture."""

    def run(data: bytes, confidence: float = 0.9) -> Prediction:
        pipeline = Pipeline(Settings(home=home), engine=engine)
        return pipeline.predict(data, PredictOptions(model="mine", confidence=confidence))

    return run
