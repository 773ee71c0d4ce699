"""Segmentation of fruit in photos: cut-outs hold only fruit, and unreliable ones are rejected."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from recipes.fruits.segmentation import cut_bunch, cut_fruit, find_bunches
from recipes.fruits.training_data import Photo

UPPER, LOWER = [40, 60, 240, 120], [50, 95, 250, 155]
BACKGROUND = (90, 90, 90)


def bananas(*rows: list[int]) -> Photo:
    """Two touching yellow ellipses on gray with a little noise."""
    noise = np.random.default_rng(2).normal(0, 3, (220, 300, 3))
    pixels = np.full((220, 300, 3), BACKGROUND, np.float64) + noise
    for x1, y1, x2, y2 in (UPPER, LOWER):
        center, radii = ((x1 + x2) // 2, (y1 + y2) // 2), ((x2 - x1) // 2, (y2 - y1) // 2)
        cv2.ellipse(pixels, center, radii, 0, 0, 360, (30, 200, 230), cv2.FILLED)
    pixels = pixels.clip(0, 255).astype(np.uint8)
    return Photo("bananas", pixels, np.array(rows, np.float32).reshape(-1, 5), 1.0)


@pytest.fixture
def photo() -> Photo:
    return bananas([1, *UPPER], [1, *LOWER])


def test_overlapping_fruits_form_a_bunch() -> None:
    apart = [1, 270, 190, 290, 210]
    photo = bananas([1, *UPPER], [0, 0, 0, 50, 80], [1, *LOWER], apart)
    assert find_bunches(photo, 1) == [[0, 2]]
    assert find_bunches(photo, 0) == []


def test_bunch_is_cut_in_one_piece_with_the_box_of_each_fruit(photo: Photo) -> None:
    bunch = cut_bunch(photo, [0, 1])
    assert bunch is not None
    pixels, boxes = bunch
    assert pixels.shape == pytest.approx((95, 210, 4), abs=3)
    assert np.ravel(boxes) == pytest.approx([0, 0, 200, 60, 10, 35, 210, 95], abs=3)
    solid = pixels[:, :, 3] > 200
    assert np.abs(pixels[solid, :3].astype(int) - BACKGROUND).max(axis=1).min() > 40, (
        "background in the cut-out"
    )
    assert not solid[0, 0]


def test_single_fruit_is_not_cut_from_a_bunch(photo: Photo) -> None:
    assert cut_fruit(photo, 0, is_round=False) is None


def test_bunch_behind_another_fruit_or_at_the_edge_is_rejected(photo: Photo) -> None:
    assert cut_bunch(bananas([1, *UPPER], [1, *LOWER], [0, 100, 80, 150, 130]), [0, 1]) is None
    at_edge = Photo("a", photo.pixels[:, 50:], photo.rows - [0, 50, 0, 50, 0], 1.0)
    assert cut_bunch(at_edge, [0, 1]) is None
