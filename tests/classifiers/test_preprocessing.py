"""What training sees of a picture is what a server feeds, on odd pictures too."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from countlab.imaging.digit_crop import crop_digit
from countlab.imaging.picture import read_picture
from countlab.training.material import Form, read_file
from countlab.training.preprocessing import fit_picture

RANDOM = np.random.default_rng(6)


def _grey() -> bytes:
    return _png(Image.fromarray(RANDOM.integers(0, 255, (33, 50), np.uint8)))


def _alpha() -> bytes:
    return _png(Image.fromarray(RANDOM.integers(0, 255, (40, 30, 4), np.uint8)))


def _sixteen_bit() -> bytes:
    values = RANDOM.integers(0, 65535, (40, 40), np.uint16)
    return bytes(cv2.imencode(".png", values)[1])


def _one_pixel() -> bytes:
    return _png(Image.new("RGB", (1, 1), (200, 10, 90)))


def _turned() -> bytes:
    picture = Image.fromarray(RANDOM.integers(0, 255, (60, 90, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    picture.save(target, "JPEG", exif=exif, quality=95)
    return target.getvalue()


def _palette() -> bytes:
    return _png(Image.fromarray(RANDOM.integers(0, 255, (25, 25, 3), np.uint8)).convert("P"))


def _png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


ODD = [_grey, _alpha, _sixteen_bit, _one_pixel, _turned, _palette]


@pytest.mark.parametrize("crop", ["none", "digit"])
@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__.strip("_"))
def test_training_and_serving_see_the_same(
    make: Callable[[], bytes], crop: str, tmp_path: Path
) -> None:
    data = make()
    path = tmp_path / "odd.bin"
    path.write_bytes(data)
    size = (28, 28) if crop == "digit" else (48, 32)
    learnt = read_file(path, 0, Form(size, size, crop=crop), name="odd").fitted
    served = read_picture(data, max_bytes=10**7, max_pixels=10**7)
    fed = fit_picture(served.pixels, size=size, crop=crop)
    difference = np.abs(learnt.astype(np.float64) - fed.astype(np.float64)) / 255
    assert fed.shape == (size[1], size[0], 3)
    assert difference.max() <= 1e-6


def _opencv_alone(data: bytes, size: tuple[int, int]) -> np.ndarray:
    """As a program of one's own would do it, with OpenCV and nothing of this package."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    shrinks = pixels.shape[1] >= size[0] and pixels.shape[0] >= size[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = np.asarray(cv2.resize(pixels, size, interpolation=how))
    return resized[:, :, ::-1]


@pytest.mark.parametrize("make", [_grey, _one_pixel, _turned, _palette], ids=lambda f: f.__name__)
def test_opencv_alone_sees_the_same(make: Callable[[], bytes], tmp_path: Path) -> None:
    """Alpha and 16 bits are left out: OpenCV drops what the reader here blends or rounds."""
    data, size = make(), (24, 16)
    path = tmp_path / "odd.bin"
    path.write_bytes(data)
    learnt = read_file(path, 0, Form(size, size), name="odd").fitted
    difference = np.abs(learnt.astype(np.float64) - _opencv_alone(data, size)) / 255
    assert difference.max() <= 1e-6


def test_a_turned_photograph_is_fed_upright(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    path.write_bytes(_turned())
    stored = Image.open(path)
    upright = np.asarray(stored.transpose(Image.Transpose.ROTATE_270).convert("RGB"))
    fitted = read_file(path, 0, Form((60, 90), (60, 90)), name="turned").fitted
    assert np.abs(fitted.astype(int) - upright.astype(int)).mean() < 3


def _seven(paper: int, ink: int, *, size: int = 200) -> np.ndarray:
    picture = np.full((size, size, 3), paper, np.uint8)
    at, scale = size / 200, (ink,) * 3
    points = np.array([[70, 60], [130, 60], [95, 150]], np.float64) * at
    cv2.polylines(picture, [points.astype(np.int32)], False, scale, max(1, int(11 * at)), 16)
    return picture


def test_dark_ink_and_white_ink_come_out_alike() -> None:
    dark, white = crop_digit(_seven(230, 20)), crop_digit(_seven(20, 230))
    assert dark.shape == (28, 28)
    assert np.abs(dark.astype(int) - white.astype(int)).max() <= 2
    assert dark.max() == 255
    assert dark[0].max() == 0


def test_a_shadow_across_the_paper_changes_little() -> None:
    plain = _seven(220, 25)
    shadow = np.linspace(1.0, 0.45, 200)[None, :, None]
    shaded = (plain * shadow).astype(np.uint8)
    difference = np.abs(crop_digit(plain).astype(int) - crop_digit(shaded).astype(int))
    assert difference.mean() < 12


def test_size_and_place_of_the_digit_do_not_matter() -> None:
    small = _seven(225, 30)
    large = np.asarray(cv2.resize(small, (600, 600), interpolation=cv2.INTER_CUBIC), np.uint8)
    moved = np.roll(small, (-25, 30), (0, 1))
    plain = crop_digit(small).astype(int)
    assert np.abs(crop_digit(large).astype(int) - plain).mean() < 8
    assert np.abs(crop_digit(moved).astype(int) - plain).mean() < 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (28, 28), (300, 7)])
def test_paper_without_ink_is_black(shape: tuple[int, int]) -> None:
    assert crop_digit(np.full((*shape, 3), 210, np.uint8)).max() == 0


def test_mnist_passes_almost_unchanged() -> None:
    """A digit as MNIST lays it: 20 × 20 within 28 × 28, centred by mass."""
    digit = crop_digit(_seven(20, 230))
    again = crop_digit(np.repeat(digit[:, :, None], 3, axis=2))
    assert np.abs(again.astype(int) - digit.astype(int)).mean() < 3
