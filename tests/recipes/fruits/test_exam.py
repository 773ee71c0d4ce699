"""A held-back photo seen again, in a wider frame, in less light: its boxes stay on its fruit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from recipes.fruits.exam import VIEWS, Question, View, held_back_photos, trained_photos
from recipes.fruits.settings import read_settings


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


def test_a_photo_judges_or_was_trained_on(tmp_path: Path) -> None:
    for folder in ("photos", "scenes"):
        (tmp_path / folder).mkdir()
        for name in "abc":
            cv2.imwrite(str(tmp_path / folder / f"{name}.png"), np.zeros((20, 20, 3), np.uint8))
            (tmp_path / folder / f"{name}.txt").write_text("1 0.5 0.5 0.4 0.5\n")
    file = tmp_path / "small.toml"
    file.write_text(
        'name = "small"\nlabels = ["apple", "pear"]\nto = "made"\nheld_back = "held_back.txt"\n'
        "anchors = [[10,10],[20,20],[30,30],[40,40],[50,50],[60,60]]\n"
        '[[photos]]\nfolder = "photos"\nhold_back = 1\n[[photos]]\nfolder = "scenes"\n'
        "[schedule]\npictures = 10\nphases = [{ share = 1.0, sizes = [64] }]\n"
    )
    (tmp_path / "held_back.txt").write_text(f"{tmp_path.name}/photos/b.png\n")
    settings = read_settings(file, root=tmp_path)
    judging, learnt = held_back_photos(settings), trained_photos(settings)
    assert [one.path.stem for one in judging] == ["b"]
    assert [one.path for one in learnt] == [tmp_path / "photos" / f"{x}.png" for x in "ac"]
    assert learnt[0].counts == {"apple": 0, "pear": 1}
