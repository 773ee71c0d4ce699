"""Does the classifier look at the octagon? python -m recipes.octagons.explain

The share of its heat map that lies within the octagons' boxes, on pictures that taught nothing. The
map is Grad-CAM: between it and the answer stands one linear layer.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from countlab.imaging.heatmap import normalize_map
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from countlab.settings import Settings
from recipes.octagons.truth import Picture, read_part

LABEL = "con_octogono"


def share_inside(values: object, picture: Picture, size: tuple[int, int]) -> float:
    """The map as it is drawn over the picture; `size` is the picture's width and height."""
    heat = cv2.resize(normalize_map(np.asarray(values)), size, interpolation=cv2.INTER_CUBIC)
    heat = np.maximum(heat, 0)
    inside = np.zeros(heat.shape, bool)
    for octagon in picture.octagons:
        left, top, right, bottom = (round(v) for v in octagon.box)
        inside[top:bottom, left:right] = True
    return float(heat[inside].sum() / max(float(heat.sum()), 1e-9))


def shares(pictures: Sequence[Picture], *, home: Path | None = None) -> list[float]:
    """One for each picture with octagons in which the classifier says so."""
    settings = replace(Settings(), engine="onnxruntime")
    pipeline = Pipeline(replace(settings, home=home) if home else settings)
    options = PredictOptions(model="octagons", object=LABEL)
    found = []
    for picture in pictures:
        if not picture.octagons:
            continue
        prediction = pipeline.predict(picture.path.read_bytes(), options)
        if prediction.probabilities[LABEL] > 0.5:
            high, wide = prediction.picture.pixels.shape[:2]
            found.append(share_inside(prediction.explain().values, picture, (wide, high)))
    return found


def main() -> None:
    data = Settings.from_environment().home / "data" / "octagons"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--part", default="test")
    arguments = parser.parse_args()
    found = np.array(shares(read_part(arguments.data, arguments.part)))
    print(f"{found.mean():.1%} of the map lies in the octagons' boxes, {len(found)} pictures "
          f"(half of them above {np.median(found):.1%})")  # fmt: skip


if __name__ == "__main__":
    main()
