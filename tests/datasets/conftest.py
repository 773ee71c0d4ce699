"""Small datasets made on the spot: packages with and without a dark octagon."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from countlab.imaging.picture import Pixels

WITH, WITHOUT = "con_octogono", "sin_octogono"


def package(number: int, corners: int, *, side: int = 70) -> Pixels:
    """A coloured package with one dark shape of so many corners; 0 draws a disc."""
    random = np.random.default_rng(number)
    picture = np.full((260, 200, 3), 255, np.uint8)
    color = [int(value) for value in random.integers(130, 240, 3)]
    cv2.rectangle(picture, (20, 15), (180, 245), color, -1)
    x, y = (int(value) for value in random.integers((75, 80), (125, 180)))
    if corners:
        around = (np.arange(corners) + 0.5) * 2 * np.pi / corners
        points = np.stack([x + side / 2 * np.cos(around), y + side / 2 * np.sin(around)], 1)
        cv2.fillPoly(picture, [points.round().astype(np.int32)], (25, 25, 25), cv2.LINE_AA)
    else:
        cv2.circle(picture, (x, y), side // 2, (25, 25, 25), -1, cv2.LINE_AA)
    noise = random.normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def add_picture(folder: Path, pixels: Pixels) -> str:
    data = cv2.imencode(".png", pixels)[1].tobytes()
    file = f"pictures/{hashlib.sha256(data).hexdigest()[:20]}.png"
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(data)
    return file


@pytest.fixture
def packages(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A folder of twelve pictures, and the true label of each."""
    folder, truth = tmp_path / "photos", {}
    for number in range(12):
        corners = 8 if number % 3 == 0 else (0, 4)[number % 2]
        file = add_picture(folder, package(number, corners))
        truth[file] = WITH if corners == 8 else WITHOUT
    return folder, truth
