"""A held-back photo seen again, in a wider frame, in less light: its boxes stay on its fruit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from training.exam import VIEWS, Question, View


@pytest.fixture
def question(tmp_path: Path) -> Question:
    """A red rectangle, not in the middle of a grey photo."""
    picture = np.full((120, 160, 3), 90, np.uint8)
    picture[20:60, 30:110] = (0, 0, 250)
    path = tmp_path / "one.png"
    cv2.imwrite(str(path), picture)
    rows = np.array([[0, 30, 20, 110, 60]], np.float32)
    return Question("one", path, {"apple": 1}, rows)


def test_boxes_go_with_the_picture(question: Question) -> None:
    seen = list(question.views())
    assert len(seen) == len(VIEWS) == 16
    for view in seen:
        pixels = view.pixels()
        red = (pixels[:, :, 2] > 2 * pixels[:, :, 1].astype(int)).nonzero()
        box = [red[1].min(), red[0].min(), red[1].max() + 1, red[0].max() + 1]
        assert view.rows[0, 1:].tolist() == box, view.view
    assert question.rows.tolist() == [[0, 30, 20, 110, 60]], "untouched"


def test_a_frame_has_the_edge_s_colour_and_less_light_is_darker(question: Question) -> None:
    dark = View(across=1.3, down=1.1, light=0.5)
    pixels, _ = dark.of(question.pixels(), question.rows)
    assert pixels.shape == (132, 208, 3)
    assert set(pixels[:, :20].flatten().tolist()) == {45}
    assert pixels.max() == 125


def test_the_first_view_is_the_photo_itself(question: Question) -> None:
    stored = cv2.imread(str(question.path))
    assert stored is not None
    assert (next(question.views()).pixels() == stored).all()
    assert (question.pixels() == stored).all()
