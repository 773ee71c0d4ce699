"""Odd pictures that are none the less pictures: a right answer, and what was done is told."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.conftest import ROOT
from tests.promises.hostile import pictures as odd
from tests.promises.hostile.conftest import Running

IMAGES = ROOT / "images"
CONVERTED, FIRST, TURNED = "colours_converted", "first_frame_only", "turned_upright"


def counted(server: Running, data: bytes, name: str = "x.jpg", asked: str = "") -> dict[str, Any]:
    answer = server.post(f"/countObjects?{asked}", data, name=name)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def about_the_file(told: dict[str, Any]) -> list[str]:
    """The warnings that come from the file, not from what was found in it."""
    codes = [warning["code"] for warning in told["warnings"]]
    return [code for code in codes if code in (CONVERTED, FIRST, TURNED)]


@pytest.fixture(scope="module")
def scene(photo: bytes) -> Image.Image:
    return Image.open(io.BytesIO(photo)).convert("RGB")


@pytest.fixture(scope="module")
def truth(running: Running, scene: Image.Image) -> dict[str, Any]:
    told = counted(running, odd.encoded(scene, "PNG"), asked="confidence=0.3")
    assert told["count"] >= 3
    return told


def sixteen_bit(scene: Image.Image) -> bytes:
    """RGB of 16 bits, which Pillow reads but does not write: rows of big-endian numbers."""
    wide = np.asarray(scene).astype(">u2") * 257
    return odd.png_of_wide_numbers(wide)


SAME_SCENE: dict[str, tuple[Callable[[Image.Image], bytes], list[str]]] = {
    "grey JPEG": (lambda scene: odd.encoded(scene.convert("L"), "JPEG", quality=95), [CONVERTED]),
    "CMYK JPEG": (
        lambda scene: odd.encoded(scene.convert("CMYK"), "JPEG", quality=95),
        [CONVERTED],
    ),
    "CMYK TIFF": (lambda scene: odd.encoded(scene.convert("CMYK"), "TIFF"), [CONVERTED]),
    "16-bit RGB PNG": (sixteen_bit, [CONVERTED]),
    "opaque RGBA PNG": (lambda scene: odd.encoded(scene.convert("RGBA"), "PNG"), [CONVERTED]),
    "grey PNG with alpha": (lambda scene: odd.encoded(scene.convert("LA"), "PNG"), [CONVERTED]),
    "palette GIF": (lambda scene: odd.encoded(scene.quantize(256), "GIF"), [CONVERTED]),
    "animated GIF": (
        lambda scene: odd.encoded(scene, "GIF", save_all=True, append_images=[odd.SCENE]),
        [FIRST, CONVERTED],
    ),
    "animated WebP": (
        lambda scene: odd.encoded(
            scene, "WEBP", quality=95, save_all=True, append_images=[scene.rotate(180)]
        ),
        [FIRST],
    ),
    "animated PNG": (
        lambda scene: odd.encoded(
            scene, "PNG", compress_level=1, save_all=True, append_images=[scene.rotate(180)]
        ),
        [FIRST],
    ),
    "TIFF of two pages": (
        lambda scene: odd.encoded(scene, "TIFF", save_all=True, append_images=[odd.SCENE]),
        [FIRST],
    ),
    "camera's JPEG of two": (
        lambda scene: odd.encoded(
            scene, "MPO", quality=95, save_all=True, append_images=[scene.rotate(180)]
        ),
        [FIRST],
    ),
    "JPEG in steps": (
        lambda scene: odd.encoded(scene, "JPEG", quality=95, progressive=True),
        [],
    ),
    "JPEG that is an archive too": (
        lambda scene: odd.encoded(scene, "JPEG", quality=95) + odd.zipped(),
        [],
    ),
    "PNG with a program behind": (lambda scene: odd.encoded(scene, "PNG") + b"<?php x();", []),
}


@pytest.mark.parametrize("kind", SAME_SCENE)
def test_the_same_scene_stored_in_an_odd_way_is_counted_and_told(
    running: Running, scene: Image.Image, truth: dict[str, Any], kind: str
) -> None:
    store, warnings = SAME_SCENE[kind]
    told = counted(running, store(scene), asked="confidence=0.3")
    assert about_the_file(told) == warnings
    assert (told["width"], told["height"]) == scene.size
    if "grey" in kind:
        assert told["count"] > 0, "the scene cannot be seen any more"
    else:
        assert abs(told["count"] - truth["count"]) <= 1


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_all_eight_orientations_give_the_same_boxes(running: Running, format: str) -> None:
    """Five oranges that are found without a doubt, stored turned in eight ways."""
    upright = Image.open(IMAGES / "oranges_5.jpg").convert("RGB")
    options: dict[str, Any] = {"JPEG": {"quality": 95}, "PNG": {"compress_level": 1}}.get(
        format, {}
    )
    boxes = []
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = odd.turned_away(upright, orientation)
        told = counted(running, odd.encoded(stored, format, exif=exif, **options), "x.HEIC")
        assert (told["width"], told["height"]) == upright.size
        assert about_the_file(told) == ([TURNED] if orientation > 1 else [])
        boxes.append([(finding["label"], finding["box"]) for finding in told["findings"]])
    assert len(boxes[0]) == 5
    first = sorted(boxes[0])  # by place: how sure each is may change their order
    for other in map(sorted, boxes[1:]):
        assert [label for label, _ in other] == [label for label, _ in first]
        drift = np.array([box for _, box in other]) - np.array([box for _, box in first])
        # A JPEG's blocks are rounded anew when they are turned; the others are exact.
        assert np.abs(drift).max() <= (2 if format == "JPEG" else 0)


@pytest.mark.parametrize("ending", ["jpg", "JPG", "PnG", "txt", "exe", ""])
def test_content_decides_and_not_the_name(running: Running, ending: str) -> None:
    for format in odd.WHOLE:
        answer = running.post("/predict", odd.WHOLE[format], name=f"x.{ending}")
        assert answer.headers["content-type"] == f"image/{format.lower()}"


SHAPES = [(1, 1), (1, 65_000), (65_000, 1), (20_000, 300), (3, 300_000)]


@pytest.mark.parametrize("size", SHAPES)
def test_odd_shapes_are_counted(running: Running, size: tuple[int, int]) -> None:
    told = counted(running, odd.png(*size))
    assert (told["width"], told["height"]) == size
    for answer in (
        running.post("/predict", odd.png(*size)),
        running.post("/sweep", odd.png(*size)),
    ):
        assert answer.status_code == 200


def test_wide_numbers_keep_their_shades(running: Running) -> None:
    """Whole numbers and fractions, of 16 and 32 bits: the same grey comes back."""
    steps = np.tile(np.linspace(0, 1, 256), (32, 1))
    kinds = {"I;16": steps * 65535, "I": steps * 65535, "F": steps, "8": steps * 255}
    for kind, values in kinds.items():
        dtype = {"I;16": np.uint16, "I": np.int32, "F": np.float32, "8": np.float32}[kind]
        data = odd.encoded(Image.fromarray(values.astype(dtype)), "TIFF")
        answer = running.post("/predict", data)
        back = np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"))[16]
        assert np.abs(back.astype(int) - np.arange(256)).max() <= 1, kind


def test_numbers_that_are_none_do_not_break_it(running: Running) -> None:
    values = np.full((20, 20), np.nan, np.float32)
    values[5:, 5:] = np.inf
    assert running.post("/countObjects", odd.encoded(Image.fromarray(values), "TIFF")).ok


def test_a_file_whose_next_page_is_its_first_has_an_end(running: Running) -> None:
    answer = running.post("/countObjects", odd.tiff_that_points_at_itself())
    assert (answer.status_code, answer.json()["width"]) == (200, 1)


def test_names_are_told_back_as_data(running: Running) -> None:
    name = "'><script>alert(1)</script>\u202etxt.gpj"
    files = [("files", (name, odd.PNG))]
    answer = requests.post(running.url + "/predict/batch", files=files, timeout=30)
    assert answer.json()["results"][0]["name"] == name
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
