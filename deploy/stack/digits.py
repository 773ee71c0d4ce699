"""Pictures for the stack: scikit-learn's digits, which need no network, a folder a class."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

_TAUGHT = 1497
"""Of 1,797; the others judge."""


def write_digits(folder: Path) -> tuple[Path, Path]:
    """The folders to train from and to judge with; 8 × 8 pictures, enlarged, ink on paper."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    for at, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        part = folder / ("teach" if at < _TAUGHT else "judge") / str(label)
        part.mkdir(parents=True, exist_ok=True)
        path = part / f"{at}.png"
        if not path.is_file():
            ink = cv2.resize((pixels * 15.9).astype(np.uint8), (112, 112),
                             interpolation=cv2.INTER_CUBIC)  # fmt: skip
            framed = cv2.copyMakeBorder(ink, 24, 24, 24, 24, cv2.BORDER_CONSTANT, value=0)
            cv2.imwrite(str(path), 255 - framed)
    return folder / "teach", folder / "judge"
