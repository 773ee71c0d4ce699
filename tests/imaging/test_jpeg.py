"""Strips encoded side by side decode to what one encoder would have written."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from cv2.typing import MatLike
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from countlab.imaging import jpeg
from countlab.imaging.picture import Pixels
from countlab.system.load import inference_running, is_concurrent


def decoded(data: bytes) -> MatLike:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels


@settings(max_examples=25, deadline=None)
@given(
    width=st.integers(1, 900),
    height=st.integers(1, 900),
    cores=st.integers(2, 8),
    seed=st.integers(0, 99),
)
def test_the_pixels_are_those_of_one_encoder(
    width: int, height: int, cores: int, seed: int
) -> None:
    rough = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
    pixels = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    with pytest.MonkeyPatch.context() as here:
        here.setattr(jpeg, "cores", lambda: cores)
        here.setattr(jpeg, "_WORTHWHILE", 0)
        strips = jpeg.write_jpeg(pixels)
        here.setattr(jpeg, "is_concurrent", lambda: True)
        assert jpeg.write_jpeg(pixels) == strips
    _, whole = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert np.array_equal(decoded(strips), decoded(whole.tobytes()))


def test_every_reader_understands_the_strips(pixels: Pixels) -> None:
    large = cv2.resize(pixels, (1280, 960)).astype(np.uint8)
    data = jpeg.write_jpeg(large)
    with inference_running(), inference_running():
        assert is_concurrent()
        assert data == jpeg.write_jpeg(large), "the same bytes alone and in a crowd"
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.size == (1280, 960)
    apart = np.abs(np.asarray(image)[:, :, ::-1].astype(int) - decoded(data))
    assert apart.max() <= 4  # two readers round colours differently, no more


def test_one_strip_too_long_for_the_format_is_written_whole() -> None:
    """A JPEG counts the blocks of a strip in two bytes."""
    with pytest.MonkeyPatch.context() as here:
        here.setattr(jpeg, "_MOST_BLOCKS", 100)
        here.setattr(jpeg, "cores", lambda: 2)
        data = jpeg.write_jpeg(np.zeros((640, 640, 3), np.uint8))
    assert data.startswith(b"\xff\xd8")
    assert b"\xff\xdd" not in data[: data.index(b"\xff\xda")]
