"""A small lab made on the spot: three kinds of coloured shapes that a tiny network tells apart."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed here (pip install countlab[train])")

LAB = """
name = "shapes"
title = "Discs, bars and checks"
[input]
size = [24, 24]
stored = [28, 28]
[split]
shares = [0.6, 0.2, 0.2]
[network]
name = "resnet"
widths = [8, 16, 24]
depths = [1, 1]
stem_stride = 1
[augment]
crop = [0.7, 1.0]
erase = 0.2
mixup = 0.2
blur = 0.1
[schedule]
epochs = 4
batch = 16
rate = 0.004
average = 0.9
precision = "float32"
"""


def draw(kind: str, seed: int) -> np.ndarray:
    """One picture of 40 × 40: the shape on a plain, slightly noisy ground."""
    random = np.random.default_rng((seed, len(kind)))
    picture = np.full((40, 40, 3), random.integers(120, 255, 3), np.uint8)
    ink = tuple(int(value) for value in random.integers(0, 90, 3))
    x, y, size = (int(value) for value in random.integers((12, 12, 6), (28, 28, 11)))
    if kind == "discs":
        cv2.circle(picture, (x, y), size, ink, -1)
    elif kind == "bars":
        cv2.rectangle(picture, (x - size, y - 2), (x + size, y + 2), ink, -1)
    else:
        for row in range(0, 2 * size, 4):
            for column in range(row % 8 // 4 * 4, 2 * size, 8):
                at = (x - size + column, y - size + row)
                cv2.rectangle(picture, at, (at[0] + 3, at[1] + 3), ink, -1)
    noise = random.normal(0, 4, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a class, thirty pictures each."""
    folder = tmp_path_factory.mktemp("shapes")
    for kind in ("discs", "bars", "checks"):
        (folder / kind).mkdir()
        for number in range(30):
            cv2.imwrite(str(folder / kind / f"{number:02}.png"), draw(kind, number))
    return folder


@pytest.fixture(scope="session")
def shapes_lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "lab.toml").write_text(LAB, encoding="utf-8")
    return folder
