"""Generated samples: boxes are where the fruit is, and hidden fruit is not counted."""

from __future__ import annotations

import numpy as np
import pytest

from recipes.fruits.geometric_augmentation import random_view, rotate_quarter_turn, transform_boxes
from recipes.fruits.labels import IGNORED
from recipes.fruits.pasted_scene import PastedScene
from recipes.fruits.photometric_augmentation import degrade
from recipes.fruits.samples import SampleGenerator
from recipes.fruits.training_data import Cutout, Photo, TrainingData

NO_PARTS = np.zeros((0, 4), np.float32)


def square(side: int = 40) -> np.ndarray:
    """A solid red cut-out."""
    cutout = np.zeros((side, side, 4), np.uint8)
    cutout[:] = (0, 0, 200, 255)
    return cutout


@pytest.fixture
def scene() -> PastedScene:
    return PastedScene(np.full((200, 200, 3), 128, np.uint8))


def test_pasted_fruit_has_its_box(scene: PastedScene) -> None:
    scene.paste(square(), NO_PARTS, 2, 50, 60)
    pixels, rows = scene.result()
    assert rows.tolist() == [[2, 50, 60, 90, 100]]
    assert pixels[80, 70].tolist() == [0, 0, 200]


def test_box_surrounds_the_visible_part(scene: PastedScene) -> None:
    scene.paste(square(), NO_PARTS, 0, 50, 50)
    scene.paste(square(), NO_PARTS, 1, 70, 40)
    assert scene.result()[1][0].tolist() == [0, 50, 50, 90, 90]
    scene.paste(square(), NO_PARTS, None, 70, 70)
    assert scene.result()[1][0].tolist() == [0, 50, 50, 70, 90]


def test_mostly_hidden_fruit_is_ignored_and_fully_hidden_fruit_dropped(scene: PastedScene) -> None:
    scene.paste(square(), NO_PARTS, 0, 50, 50)
    scene.paste(square(40), NO_PARTS, None, 58, 50)
    assert scene.result()[1][0][0] == IGNORED
    scene.paste(square(60), NO_PARTS, None, 45, 45)
    assert len(scene.result()[1]) == 0


def test_fruits_of_a_bunch_are_counted_individually(scene: PastedScene) -> None:
    parts = np.array([[0, 0, 20, 40], [20, 0, 40, 40]], np.float32)
    scene.paste(square(), parts, 1, 10, 10)
    assert scene.result()[1].tolist() == [[1, 10, 10, 30, 50], [1, 30, 10, 50, 50]]


@pytest.mark.parametrize("seed", range(12))
def test_boxes_follow_the_fruit_in_a_random_view(seed: int) -> None:
    """The red disc is where the transformed box says, whatever the warp."""
    y, x = np.mgrid[:120, :160]
    disc = (x - 70) ** 2 + (y - 60) ** 2 < 30**2
    pixels = np.full((120, 160, 3), 90, np.uint8)
    pixels[disc] = (0, 0, 255)
    photo = Photo("disc", pixels, np.array([[0, 40, 30, 100, 90]], np.float32), 1.0)
    shown, rows = random_view(photo, 208, 208, np.random.default_rng(seed))
    red = (shown[:, :, 2] > 200) & (shown[:, :, 0] < 60)
    if not len(rows) or rows[0, 0] == IGNORED:
        pytest.skip("this view leaves too little of the disc")
    columns, lines = np.flatnonzero(red.any(0)), np.flatnonzero(red.any(1))
    expected = [columns[0], lines[0], columns[-1] + 1, lines[-1] + 1]
    assert rows[0, 1:] == pytest.approx(expected, abs=9)


def test_rotated_photo_keeps_tight_boxes() -> None:
    pixels = np.zeros((50, 80, 3), np.uint8)
    pixels[10:20, 30:70] = 255
    photo = Photo("bar", pixels, np.array([[1, 30, 10, 70, 20]], np.float32), 1.0)
    turned = rotate_quarter_turn(photo)
    assert turned.pixels.shape == (80, 50, 3)
    lines, columns = turned.pixels[:, :, 0].nonzero()
    expected = [columns.min(), lines.min(), columns.max() + 1, lines.max() + 1]
    assert turned.rows.tolist() == [[1, *expected]]
    assert photo.rows.tolist() == [[1, 30, 10, 70, 20]]


def test_fruit_leaving_the_picture_is_ignored_then_dropped() -> None:
    rows = np.array([[0, 0, 0, 100, 100]], np.float32)
    shift = np.array([[1.0, 0, -50], [0, 1.0, 0]])
    assert transform_boxes(rows, shift, 200, 200)[0].tolist() == [0, 0, 0, 50, 100]
    assert transform_boxes(rows, shift - [[0, 0, 30], [0, 0, 0]], 200, 200)[0, 0] == IGNORED
    assert len(transform_boxes(rows, shift - [[0, 0, 45], [0, 0, 0]], 200, 200)) == 0


@pytest.fixture
def data() -> TrainingData:
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)
    photo = Photo("a", noise, np.array([[0, 20, 20, 80, 70]], np.float32), 1.0)
    ground = Photo("b", noise, np.zeros((0, 5), np.float32), 1.0)
    cutouts = (Cutout(0, square(), NO_PARTS, 1.0), Cutout(None, square(), NO_PARTS, 1.0))
    return TrainingData((photo,), cutouts, (ground,))


def test_same_seed_generates_the_same_samples(data: TrainingData) -> None:
    for size in (64, 96):
        first_generator, second_generator = (
            SampleGenerator(data, seed=4),
            SampleGenerator(data, seed=4),
        )
        for _ in range(10):
            (first_pixels, first_rows), (second_pixels, second_rows) = (
                first_generator.generate(size),
                second_generator.generate(size),
            )
            assert np.array_equal(first_pixels, second_pixels)
            assert np.array_equal(first_rows, second_rows)


def test_samples_have_the_requested_size_and_boxes_inside(data: TrainingData) -> None:
    generator = SampleGenerator(data, seed=9, green_labels=frozenset({0}))
    for _ in range(80):
        pixels, rows = generator.generate(128)
        assert pixels.shape == (128, 128, 3)
        assert pixels.dtype == np.uint8
        assert ((rows[:, 1:] >= 0) & (rows[:, 1:] <= 128)).all()
        assert set(rows[:, 0].tolist()) <= {0.0, float(IGNORED)}


def test_calm_views_are_framed_like_the_photo() -> None:
    """The size of a disc varies less in calm views than in others."""
    photo = Photo("disc", np.zeros((100, 100, 3), np.uint8), np.array([[0, 25, 25, 75, 75]]), 1.0)

    def size_spread(*, calm: bool) -> float:
        rng = np.random.default_rng(3)
        log_sizes = []
        for _ in range(200):
            rows = random_view(photo, 100, 100, rng, calm=calm)[1]
            log_sizes += [np.log((row[3] - row[1]) / 50) for row in rows if row[0] != IGNORED]
        return float(np.std(log_sizes))

    assert size_spread(calm=True) < 0.75 * size_spread(calm=False)


def test_calm_generator_makes_no_mosaics(data: TrainingData) -> None:
    generator = SampleGenerator(data, seed=2, calm=True)
    generator._mosaic = pytest.fail  # type: ignore[method-assign, assignment]
    for _ in range(60):
        generator.generate(64)


def test_degrade_keeps_the_shape_and_the_original() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 70, 3), dtype=np.uint8)
    before = pixels.copy()
    rng = np.random.default_rng(2)
    for _ in range(40):
        result = degrade(pixels, rng)
        assert result.shape == pixels.shape
        assert result.dtype == np.uint8
    assert np.array_equal(before, pixels)
