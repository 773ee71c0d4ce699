"""From checkpoint to the model's folder: python -m recipes.octagons.export

Sets how sure the detector must be so that 0.5 counts best on the validation part, which taught
nothing, and writes graph, labels and model.toml.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from countlab.settings import Settings
from recipes.octagons.model import LABELS, NAME, TO
from recipes.octagons.network import OctagonDetector, export_detector
from recipes.octagons.train import WORK
from recipes.octagons.truth import Picture, read_part

SIDE = 512
MAX_BYTES = 4_000_000
_MODEL = """name = "{name}"
task = "detect"
title = "Warning octagons on food packages, counted and read (trained on renderings)"
title_es = "Octógonos de advertencia en envases, contados y leídos (entrenado con simulaciones)"
input = [{side}, {side}]
labels = "labels.txt"
decoder = "yolov8"
nms = 0.45
licence = "MIT, as the project"

[files]
graph = {{ name = "graph.onnx", bytes = {bytes}, sha256 = "{sha256}" }}
names = {{ name = "labels.txt", bytes = {label_bytes}, sha256 = "{label_sha256}" }}

[names.es]
"sugar octagon" = "alto en azúcares"
"sodium octagon" = "alto en sodio"
"fat octagon" = "alto en grasas"
"calorie octagon" = "alto en calorías"
"unread octagon" = "octógono ilegible/octógonos ilegibles"
"""


def load(checkpoint: Path) -> OctagonDetector:
    """The moving average of the weights."""
    network = OctagonDetector()
    network.load_state_dict(
        torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
    )
    return network.eval()


def write_model(network: OctagonDetector, folder: Path) -> int:
    """Graph, labels, model.toml; returns the graph's bytes."""
    graph = export_detector(network, SIDE)
    if len(graph) > MAX_BYTES:
        raise ValueError(f"the graph has {len(graph):,} bytes; at most {MAX_BYTES:,} are allowed")
    folder.mkdir(parents=True, exist_ok=True)
    labels = "".join(f"{label}\n" for label in LABELS).encode()
    (folder / "graph.onnx").write_bytes(graph)
    (folder / "labels.txt").write_bytes(labels)
    text = _MODEL.format(
        name=NAME, side=SIDE, bytes=len(graph), sha256=hashlib.sha256(graph).hexdigest(),
        label_bytes=len(labels), label_sha256=hashlib.sha256(labels).hexdigest(),
    )  # fmt: skip
    (folder / "model.toml").write_text(text, encoding="utf-8")
    return len(graph)


def best_confidence(folder: Path, pictures: list[Picture]) -> float:
    """The confidence with the most exact counts; the middle of the best stretch."""
    settings = replace(Settings(), home=folder, engine="onnxruntime")
    pipeline = Pipeline(settings)
    options = PredictOptions(model=NAME, confidence=0.05)
    steps = np.linspace(0.1, 0.9, 81)
    exact = np.zeros(len(steps))
    for picture in pictures:
        scores = [
            f.confidence for f in pipeline.predict(picture.path.read_bytes(), options).findings
        ]
        counts = (np.array(scores)[:, None] > steps).sum(0)
        exact += counts == len(picture.octagons)
    best = np.flatnonzero(exact >= exact.max() - 1)
    return float(steps[best].mean())


def main() -> None:
    data = Settings.from_environment().home / "data" / "octagons"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=WORK / "detector.pt")
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--to", type=Path, default=TO)
    arguments = parser.parse_args()
    network = load(arguments.checkpoint)
    with tempfile.TemporaryDirectory() as home:
        write_model(network, Path(home) / "models" / NAME)
        pictures = read_part(arguments.data, "validation")
        confidence = best_confidence(Path(home), pictures)
    with torch.no_grad():
        network.head.bias[4] -= float(np.log(confidence / (1 - confidence)))
    size = write_model(network, arguments.to)
    print(
        f"{arguments.to}: {size:,} bytes; {confidence:.2f} counted best on {len(pictures)} "
        "pictures, and is 0.5 now"
    )


if __name__ == "__main__":
    main()
