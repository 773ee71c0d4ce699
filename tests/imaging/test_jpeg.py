"""JPEG strips encoded in parallel decode to what a single encoder would have given."""

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
def test_strips_decode_to_the_pixels_of_a_single_encoder(
    width: int, height: int, cores: int, seed: int
) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
    pixels = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jpeg, "cores", lambda: cores)
        patch.setattr(jpeg, "_MIN_PIXELS", 0)
        strips = jpeg.write_jpeg(pixels)
        patch.setattr(jpeg, "is_concurrent", lambda: True)
        assert jpeg.write_jpeg(pixels) == strips
    _, single = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert np.array_equal(decoded(strips), decoded(single.tobytes()))


def test_pillow_and_opencv_both_decode_the_strips(pixels: Pixels) -> None:
    large = cv2.resize(pixels, (1280, 960)).astype(np.uint8)
    data = jpeg.write_jpeg(large)
    with inference_running(), inference_running():
        assert is_concurrent()
        assert data == jpeg.write_jpeg(large), "the bytes do not depend on the load"
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.size == (1280, 960)
    difference = np.abs(np.asarray(image)[:, :, ::-1].astype(int) - decoded(data))
    assert difference.max() <= 4  # the decoders round colors differently


def test_strips_longer_than_the_restart_interval_allows_are_not_used() -> None:
    """The restart interval is a 16-bit field."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jpeg, "_MAX_RESTART_INTERVAL", 100)
        patch.setattr(jpeg, "cores", lambda: 2)
        data = jpeg.write_jpeg(np.zeros((640, 640, 3), np.uint8))
    assert data.startswith(b"\xff\xd8")
    assert b"\xff\xdd" not in data[: data.index(b"\xff\xda")]
