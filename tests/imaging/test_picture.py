"""Decoding: formats, size limits, orientation, colors."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from countlab.errors import CountlabError
from countlab.imaging.picture import FORMATS, Picture, Pixels, read_picture, write_picture


def read(data: bytes, *, max_bytes: int = 10**7, max_pixels: int = 10**7) -> Picture:
    return read_picture(data, max_bytes=max_bytes, max_pixels=max_pixels)


def error_code(data: bytes, **limits: int) -> str:
    with pytest.raises(CountlabError) as caught:
        read(data, **limits)
    return caught.value.code


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A valid PNG of one color, which decodes to 3,000 times its own size."""
    compressor = zlib.compressobj(9)
    row = bytes(1 + width * 3)
    rows = b"".join(compressor.compress(row) for _ in range(height)) + compressor.flush()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_survives_decoding_and_encoding(format: str, drawing: Pixels) -> None:
    picture = read(encoded(Image.fromarray(drawing[:, :, ::-1]), format))
    assert picture.format == format
    decoded_again = read(write_picture(picture.pixels, picture.format))
    assert decoded_again.format == format
    difference = np.abs(decoded_again.pixels.astype(int) - drawing.astype(int)).mean()
    assert difference < 6, "colors or positions changed"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_gives_the_same_upright_picture(orientation: int) -> None:
    upright = Image.new("RGB", (90, 60), "white")
    upright.paste("red", (0, 0, 30, 20))
    to_stored = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for step in to_stored.get(orientation, []):
        stored = stored.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for format in ("JPEG", "PNG", "WEBP"):
        picture = read(encoded(stored, format, exif=exif))
        assert (picture.width, picture.height) == (90, 60), format
        red = picture.pixels[5:15, 5:25].mean(axis=(0, 1))
        assert red[2] > 200, format
        assert red[0] < 60, format
        assert picture.pixels[45, 75].min() > 200, format
        turned = [warning.code for warning in picture.warnings] == ["turned_upright"]
        assert turned == (orientation > 1), format


def test_truncated_pictures_are_error_code(photo: bytes) -> None:
    assert error_code(photo[: len(photo) // 2]) == "broken_picture"
    for format in ("PNG", "WEBP", "BMP", "GIF", "TIFF"):
        data = encoded(Image.effect_noise((200, 200), 80).convert("RGB"), format)
        assert error_code(data[: len(data) // 2]) in ("broken_picture", "not_a_picture"), format


def test_a_text_file_is_refused_and_its_start_shown() -> None:
    with pytest.raises(CountlabError) as caught:
        read(b"I am not a picture")
    assert caught.value.code == "not_a_picture"
    assert "I am not a picture" in str(caught.value)


def test_an_empty_file_is_error_code() -> None:
    assert error_code(b"") == "empty_file"


def test_too_many_bytes_are_error_code(jpeg: bytes) -> None:
    assert error_code(jpeg, max_bytes=len(jpeg) - 1) == "too_many_bytes"
    assert read(jpeg, max_bytes=len(jpeg)).width == 90


def test_a_decompression_bomb_is_refused_before_decoding() -> None:
    resource = pytest.importorskip("resource", reason="measures memory with a Unix module")
    bomb = png_of(12_000, 12_000)
    assert len(bomb) < 1_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert error_code(bomb, max_pixels=40_000_000, max_bytes=10**7) == "too_many_pixels"
    growth_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert growth_kb < 100_000, "the picture was decoded"


def test_transparent_parts_become_white_with_a_warning() -> None:
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (10, 10, 30, 30))
    picture = read(encoded(image, "PNG"))
    assert picture.pixels[0, 0].tolist() == [255, 255, 255]
    assert picture.pixels[20, 20].tolist() == [255, 0, 0]
    assert [warning.code for warning in picture.warnings] == ["colours_converted"]


def test_sixteen_bit_gray_keeps_its_shades() -> None:
    steps = np.linspace(0, 65535, 256).astype(np.uint16)
    picture = read(encoded(Image.fromarray(np.tile(steps, (20, 1))), "PNG"))
    assert picture.pixels[10, 0, 0] < 3
    assert 120 < picture.pixels[10, 128, 0] < 135
    assert picture.pixels[10, 255, 0] > 252


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "LA"])
def test_unusual_color_modes_are_decoded(mode: str) -> None:
    image = Image.new("RGB", (40, 40), "white")
    image.paste("black", (0, 0, 20, 40))
    format = "JPEG" if mode == "CMYK" else "PNG"
    picture = read(encoded(image.convert(mode), format))
    assert picture.pixels[20, 5].max() < 40
    assert picture.pixels[20, 35].min() > 215


def test_only_the_first_frame_of_an_animation_is_read() -> None:
    frames = [Image.new("RGB", (30, 30), color) for color in ("red", "blue")]
    picture = read(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert picture.pixels[15, 15, 2] > 200
    assert "first_frame_only" in [warning.code for warning in picture.warnings]


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_extreme_shapes_are_decoded(size: tuple[int, int]) -> None:
    picture = read(encoded(Image.new("RGB", size, "red"), "JPEG"))
    assert (picture.width, picture.height) == size
