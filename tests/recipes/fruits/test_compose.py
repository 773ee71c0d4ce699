"""Composed pictures: their boxes are where the fruit is, and hidden fruit is not counted."""

from __future__ import annotations

import numpy as np
import pytest

from recipes.fruits.compose import Composer
from recipes.fruits.labels import IGNORED
from recipes.fruits.material import Cutout, Material, Photo
from recipes.fruits.paste import Scene
from recipes.fruits.views import moved, quarter_turned, view
from recipes.fruits.wear import worn

NO_PARTS = np.zeros((0, 4), np.float32)


def square(side: int = 40) -> np.ndarray:
    """A solid red cut-out."""
    cutout = np.zeros((side, side, 4), np.uint8)
    cutout[:] = (0, 0, 200, 255)
    return cutout


@pytest.fixture
def scene() -> Scene:
    return Scene(np.full((200, 200, 3), 128, np.uint8))


def test_a_pasted_fruit_has_its_box(scene: Scene) -> None:
    scene.lay(square(), NO_PARTS, 2, 50, 60)
    pixels, rows = scene.result()
    assert rows.tolist() == [[2, 50, 60, 90, 100]]
    assert pixels[80, 70].tolist() == [0, 0, 200]


def test_the_box_is_around_what_is_left_to_see(scene: Scene) -> None:
    scene.lay(square(), NO_PARTS, 0, 50, 50)
    scene.lay(square(), NO_PARTS, 1, 70, 40)
    assert scene.result()[1][0].tolist() == [0, 50, 50, 90, 90]
    scene.lay(square(), NO_PARTS, None, 70, 70)
    assert scene.result()[1][0].tolist() == [0, 50, 50, 70, 90]


def test_mostly_hidden_is_ignored_and_wholly_hidden_is_gone(scene: Scene) -> None:
    scene.lay(square(), NO_PARTS, 0, 50, 50)
    scene.lay(square(40), NO_PARTS, None, 58, 50)
    assert scene.result()[1][0][0] == IGNORED
    scene.lay(square(60), NO_PARTS, None, 45, 45)
    assert len(scene.result()[1]) == 0


def test_the_fruits_of_a_bunch_are_counted_one_by_one(scene: Scene) -> None:
    parts = np.array([[0, 0, 20, 40], [20, 0, 40, 40]], np.float32)
    scene.lay(square(), parts, 1, 10, 10)
    assert scene.result()[1].tolist() == [[1, 10, 10, 30, 50], [1, 30, 10, 50, 50]]


@pytest.mark.parametrize("seed", range(12))
def test_boxes_follow_the_fruit_through_a_view(seed: int) -> None:
    """The red disc is found where the moved box says, whatever the warp."""
    y, x = np.mgrid[:120, :160]
    disc = (x - 70) ** 2 + (y - 60) ** 2 < 30**2
    pixels = np.full((120, 160, 3), 90, np.uint8)
    pixels[disc] = (0, 0, 255)
    photo = Photo("disc", pixels, np.array([[0, 40, 30, 100, 90]], np.float32), 1.0)
    seen, rows = view(photo, 208, 208, np.random.default_rng(seed))
    red = (seen[:, :, 2] > 200) & (seen[:, :, 0] < 60)
    if not len(rows) or rows[0, 0] == IGNORED:
        pytest.skip("this view leaves too little of the disc")
    columns, lines = np.flatnonzero(red.any(0)), np.flatnonzero(red.any(1))
    around = [columns[0], lines[0], columns[-1] + 1, lines[-1] + 1]
    assert rows[0, 1:] == pytest.approx(around, abs=9)


def test_a_photo_on_its_side_keeps_its_boxes() -> None:
    pixels = np.zeros((50, 80, 3), np.uint8)
    pixels[10:20, 30:70] = 255
    photo = Photo("bar", pixels, np.array([[1, 30, 10, 70, 20]], np.float32), 1.0)
    turned = quarter_turned(photo)
    assert turned.pixels.shape == (80, 50, 3)
    lines, columns = turned.pixels[:, :, 0].nonzero()
    around = [columns.min(), lines.min(), columns.max() + 1, lines.max() + 1]
    assert turned.rows.tolist() == [[1, *around]]
    assert photo.rows.tolist() == [[1, 30, 10, 70, 20]]


def test_what_leaves_the_picture_is_ignored_then_dropped() -> None:
    rows = np.array([[0, 0, 0, 100, 100]], np.float32)
    shift = np.array([[1.0, 0, -50], [0, 1.0, 0]])
    assert moved(rows, shift, 200, 200)[0].tolist() == [0, 0, 0, 50, 100]
    assert moved(rows, shift - [[0, 0, 30], [0, 0, 0]], 200, 200)[0, 0] == IGNORED
    assert len(moved(rows, shift - [[0, 0, 45], [0, 0, 0]], 200, 200)) == 0


@pytest.fixture
def material() -> Material:
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)
    photo = Photo("a", noise, np.array([[0, 20, 20, 80, 70]], np.float32), 1.0)
    ground = Photo("b", noise, np.zeros((0, 5), np.float32), 1.0)
    cutouts = (Cutout(0, square(), NO_PARTS, 1.0), Cutout(None, square(), NO_PARTS, 1.0))
    return Material((photo,), cutouts, (ground,))


def test_the_same_seed_makes_the_same_pictures(material: Material) -> None:
    for size in (64, 96):
        one, other = Composer(material, seed=4), Composer(material, seed=4)
        for _ in range(10):
            (first, rows), (second, others) = one.picture(size), other.picture(size)
            assert np.array_equal(first, second)
            assert np.array_equal(rows, others)


def test_every_picture_has_its_size_and_boxes_inside(material: Material) -> None:
    composer = Composer(material, seed=9, green=frozenset({0}))
    for _ in range(80):
        pixels, rows = composer.picture(128)
        assert pixels.shape == (128, 128, 3)
        assert pixels.dtype == np.uint8
        assert ((rows[:, 1:] >= 0) & (rows[:, 1:] <= 128)).all()
        assert set(rows[:, 0].tolist()) <= {0.0, float(IGNORED)}


def test_a_calm_picture_is_framed_much_as_its_photo() -> None:
    """A disc that fills half of the photo fills about half of what is shown."""
    photo = Photo("disc", np.zeros((100, 100, 3), np.uint8), np.array([[0, 25, 25, 75, 75]]), 1.0)

    def off(*, calm: bool) -> float:
        rng = np.random.default_rng(3)
        sides = []
        for _ in range(200):
            rows = view(photo, 100, 100, rng, calm=calm)[1]
            sides += [np.log((row[3] - row[1]) / 50) for row in rows if row[0] != IGNORED]
        return float(np.std(sides))

    assert off(calm=True) < 0.75 * off(calm=False)


def test_a_calm_composer_makes_no_mosaics(material: Material) -> None:
    composer = Composer(material, seed=2, calm=True)
    composer._mosaic = pytest.fail  # type: ignore[method-assign, assignment]
    for _ in range(60):
        composer.picture(64)


def test_wear_keeps_shape_and_does_not_touch_the_original() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 70, 3), dtype=np.uint8)
    before = pixels.copy()
    rng = np.random.default_rng(2)
    for _ in range(40):
        out = worn(pixels, rng)
        assert out.shape == pixels.shape
        assert out.dtype == np.uint8
    assert np.array_equal(before, pixels)
