"""Evaluation pictures: boxes stay on their fruit in every view, and no photo is in both sets."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from recipes.fruits.evaluation_set import (
    VIEWS,
    EvaluationPicture,
    View,
    held_back_photos,
    trained_photos,
)
from recipes.fruits.settings import read_settings


@pytest.fixture
def picture(tmp_path: Path) -> EvaluationPicture:
    """A red rectangle, off center on a gray photo."""
    pixels = np.full((120, 160, 3), 90, np.uint8)
    pixels[20:60, 30:110] = (0, 0, 250)
    path = tmp_path / "one.png"
    cv2.imwrite(str(path), pixels)
    rows = np.array([[0, 30, 20, 110, 60]], np.float32)
    return EvaluationPicture("one", path, {"apple": 1}, rows)


def test_boxes_follow_the_picture_in_every_view(picture: EvaluationPicture) -> None:
    views = list(picture.views())
    assert len(views) == len(VIEWS) == 16
    for variant in views:
        pixels = variant.pixels()
        red = (pixels[:, :, 2] > 2 * pixels[:, :, 1].astype(int)).nonzero()
        box = [red[1].min(), red[0].min(), red[1].max() + 1, red[0].max() + 1]
        assert variant.rows[0, 1:].tolist() == box, variant.view
    assert picture.rows.tolist() == [[0, 30, 20, 110, 60]], "the original is unchanged"


def test_frame_has_the_edge_color_and_lower_brightness_darkens(picture: EvaluationPicture) -> None:
    dark = View(width_factor=1.3, height_factor=1.1, brightness=0.5)
    pixels, _ = dark.transformed(picture.pixels(), picture.rows)
    assert pixels.shape == (132, 208, 3)
    assert set(pixels[:, :20].flatten().tolist()) == {45}
    assert pixels.max() == 125


def test_first_view_is_the_unchanged_photo(picture: EvaluationPicture) -> None:
    stored = cv2.imread(str(picture.path))
    assert stored is not None
    assert (next(picture.views()).pixels() == stored).all()
    assert (picture.pixels() == stored).all()


def test_photo_is_either_held_back_or_trained_on(tmp_path: Path) -> None:
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
    held_back, trained = held_back_photos(settings), trained_photos(settings)
    assert [photo.path.stem for photo in held_back] == ["b"]
    assert [photo.path for photo in trained] == [tmp_path / "photos" / f"{x}.png" for x in "ac"]
    assert trained[0].counts == {"apple": 0, "pear": 1}
