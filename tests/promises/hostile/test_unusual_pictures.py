"""Unusual but valid pictures are counted correctly, with a warning about conversions."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.conftest import ROOT
from tests.promises.hostile import pictures
from tests.promises.hostile.conftest import ServerProcess

IMAGES = ROOT / "images"
CONVERTED, FIRST_FRAME, ROTATED = "colours_converted", "first_frame_only", "turned_upright"


def count(
    server: ServerProcess, data: bytes, name: str = "x.jpg", query: str = ""
) -> dict[str, Any]:
    response = server.post(f"/countObjects?{query}", data, name=name)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def file_warnings(body: dict[str, Any]) -> list[str]:
    """The codes of the warnings about the file, not about the findings."""
    codes = [warning["code"] for warning in body["warnings"]]
    return [code for code in codes if code in (CONVERTED, FIRST_FRAME, ROTATED)]


@pytest.fixture(scope="module")
def scene(photo: bytes) -> Image.Image:
    return Image.open(io.BytesIO(photo)).convert("RGB")


@pytest.fixture(scope="module")
def expected(server_process: ServerProcess, scene: Image.Image) -> dict[str, Any]:
    body = count(server_process, pictures.encoded(scene, "PNG"), query="confidence=0.3")
    assert body["count"] >= 3
    return body


def sixteen_bit(scene: Image.Image) -> bytes:
    """A 16-bit RGB PNG, which Pillow reads but does not write; PNG is big-endian."""
    values = np.asarray(scene).astype(">u2") * 257
    return pictures.png_16_bit(values)


SAME_SCENE: dict[str, tuple[Callable[[Image.Image], bytes], list[str]]] = {
    "gray JPEG": (
        lambda scene: pictures.encoded(scene.convert("L"), "JPEG", quality=95),
        [CONVERTED],
    ),
    "CMYK JPEG": (
        lambda scene: pictures.encoded(scene.convert("CMYK"), "JPEG", quality=95),
        [CONVERTED],
    ),
    "CMYK TIFF": (lambda scene: pictures.encoded(scene.convert("CMYK"), "TIFF"), [CONVERTED]),
    "16-bit RGB PNG": (sixteen_bit, [CONVERTED]),
    "opaque RGBA PNG": (lambda scene: pictures.encoded(scene.convert("RGBA"), "PNG"), [CONVERTED]),
    "gray PNG with alpha": (
        lambda scene: pictures.encoded(scene.convert("LA"), "PNG"),
        [CONVERTED],
    ),
    "palette GIF": (lambda scene: pictures.encoded(scene.quantize(256), "GIF"), [CONVERTED]),
    "animated GIF": (
        lambda scene: pictures.encoded(scene, "GIF", save_all=True, append_images=[pictures.SCENE]),
        [FIRST_FRAME, CONVERTED],
    ),
    "animated WebP": (
        lambda scene: pictures.encoded(
            scene, "WEBP", quality=95, save_all=True, append_images=[scene.rotate(180)]
        ),
        [FIRST_FRAME],
    ),
    "animated PNG": (
        lambda scene: pictures.encoded(
            scene, "PNG", compress_level=1, save_all=True, append_images=[scene.rotate(180)]
        ),
        [FIRST_FRAME],
    ),
    "TIFF with two pages": (
        lambda scene: pictures.encoded(
            scene, "TIFF", save_all=True, append_images=[pictures.SCENE.copy()]
        ),
        [FIRST_FRAME],
    ),
    "MPO with two pictures": (
        lambda scene: pictures.encoded(
            scene, "MPO", quality=95, save_all=True, append_images=[scene.rotate(180)]
        ),
        [FIRST_FRAME],
    ),
    "progressive JPEG": (
        lambda scene: pictures.encoded(scene, "JPEG", quality=95, progressive=True),
        [],
    ),
    "JPEG with a zip archive appended": (
        lambda scene: pictures.encoded(scene, "JPEG", quality=95) + pictures.zipped(),
        [],
    ),
    "PNG with PHP code appended": (
        lambda scene: pictures.encoded(scene, "PNG") + b"<?php x();",
        [],
    ),
}


@pytest.mark.parametrize("kind", SAME_SCENE)
def test_unusual_encoding_of_a_scene_gives_the_same_count_with_a_warning(
    server_process: ServerProcess, scene: Image.Image, expected: dict[str, Any], kind: str
) -> None:
    encode, warnings = SAME_SCENE[kind]
    body = count(server_process, encode(scene), query="confidence=0.3")
    assert file_warnings(body) == warnings
    assert (body["width"], body["height"]) == scene.size
    if "gray" in kind:
        assert body["count"] > 0, "nothing is found in the gray scene"
    else:
        assert abs(body["count"] - expected["count"]) <= 1


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_all_eight_orientations_give_the_same_boxes(
    server_process: ServerProcess, format: str
) -> None:
    """For five oranges that are found with a high confidence."""
    upright = Image.open(IMAGES / "oranges_5.jpg").convert("RGB")
    options: dict[str, Any] = {"JPEG": {"quality": 95}, "PNG": {"compress_level": 1}}.get(
        format, {}
    )
    boxes = []
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = pictures.stored_with_orientation(upright, orientation)
        body = count(
            server_process, pictures.encoded(stored, format, exif=exif, **options), "x.HEIC"
        )
        assert (body["width"], body["height"]) == upright.size
        assert file_warnings(body) == ([ROTATED] if orientation > 1 else [])
        boxes.append([(finding["label"], finding["box"]) for finding in body["findings"]])
    assert len(boxes[0]) == 5
    first = sorted(boxes[0])  # by position, as small changes of confidence change their order
    for other in map(sorted, boxes[1:]):
        assert [label for label, _ in other] == [label for label, _ in first]
        drift = np.array([box for _, box in other]) - np.array([box for _, box in first])
        # The blocks of a rotated JPEG are rounded differently; other formats are exact.
        assert np.abs(drift).max() <= (2 if format == "JPEG" else 0)


@pytest.mark.parametrize("suffix", ["jpg", "JPG", "PnG", "txt", "exe", ""])
def test_format_is_detected_from_the_content(server_process: ServerProcess, suffix: str) -> None:
    for format in pictures.VALID:
        response = server_process.post("/predict", pictures.VALID[format], name=f"x.{suffix}")
        assert response.headers["content-type"] == f"image/{format.lower()}"


EXTREME_SIZES = [(1, 1), (1, 65_000), (65_000, 1), (20_000, 300), (3, 300_000)]


@pytest.mark.parametrize("size", EXTREME_SIZES)
def test_extreme_sizes_are_counted(server_process: ServerProcess, size: tuple[int, int]) -> None:
    body = count(server_process, pictures.png(*size))
    assert (body["width"], body["height"]) == size
    for path in ("/predict", "/sweep"):
        assert server_process.post(path, pictures.png(*size)).status_code == 200


def test_16_and_32_bit_values_keep_their_shades(server_process: ServerProcess) -> None:
    gradient = np.tile(np.linspace(0, 1, 256), (32, 1))
    modes = {"I;16": gradient * 65535, "I": gradient * 65535, "F": gradient, "8": gradient * 255}
    for mode, values in modes.items():
        dtype = {"I;16": np.uint16, "I": np.int32, "F": np.float32, "8": np.float32}[mode]
        data = pictures.encoded(Image.fromarray(values.astype(dtype)), "TIFF")
        response = server_process.post("/predict", data)
        shades = np.asarray(Image.open(io.BytesIO(response.content)).convert("L"))[16]
        assert np.abs(shades.astype(int) - np.arange(256)).max() <= 1, mode


def test_nan_and_infinite_values_are_accepted(server_process: ServerProcess) -> None:
    values = np.full((20, 20), np.nan, np.float32)
    values[5:, 5:] = np.inf
    assert server_process.post(
        "/countObjects", pictures.encoded(Image.fromarray(values), "TIFF")
    ).ok


def test_tiff_with_a_directory_loop_is_read(server_process: ServerProcess) -> None:
    response = server_process.post("/countObjects", pictures.tiff_with_directory_loop())
    assert (response.status_code, response.json()["width"]) == (200, 1)


def test_file_name_with_a_script_is_returned_as_json(server_process: ServerProcess) -> None:
    name = "'><script>alert(1)</script>\u202etxt.gpj"
    files = [("files", (name, pictures.PNG))]
    response = requests.post(server_process.url + "/predict/batch", files=files, timeout=30)
    assert response.json()["results"][0]["name"] == name
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-security-policy"].startswith("default-src 'none'")


def test_png_with_a_text_of_40_mb_is_read_without_the_text(server_process: ServerProcess) -> None:
    response = server_process.post("/countObjects", pictures.png_with_text_bomb())
    assert (response.status_code, response.json()["width"]) == (200, 8)
