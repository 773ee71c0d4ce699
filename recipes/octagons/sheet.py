"""The README's picture, what the detector finds in the sample: python -m recipes.octagons.sheet"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2

from countlab.datasets.labels import labels_that_hold
from countlab.imaging.picture import read_picture
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from countlab.settings import Settings
from countlab.training.plots import sheet
from recipes.octagons.explain import LABEL
from recipes.octagons.model import NAME

LAB = Path("labs/octagons")


def main() -> None:
    pipeline = Pipeline(replace(Settings(), engine="onnxruntime"))
    options = PredictOptions(model=NAME)
    sample = LAB / "sample"
    files = [r.file for r in labels_that_hold(sample).values() if r.label == LABEL]
    drawn = [
        read_picture(
            pipeline.predict((sample / file).read_bytes(), options).drawn,
            max_bytes=10**7, max_pixels=10**7,
        ).pixels
        for file in sorted(files)
    ]  # fmt: skip
    cv2.imwrite(
        str(LAB / "octagons.jpg"),
        sheet(drawn, columns=4, side=320),
        [cv2.IMWRITE_JPEG_QUALITY, 85],
    )


if __name__ == "__main__":
    main()
