"""HEIC, as iPhones write it: read with the extra `heic`, and refused by its name without."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.imaging.picture import read_picture

PHOTO = Path(__file__).with_name("photo.heic").read_bytes()
"""`images/fruits.jpg`, 320 pixels wide, written by libheif."""


def test_a_heic_photo_is_read_with_its_extra() -> None:
    pytest.importorskip("pillow_heif", reason="needs the extra heic")
    picture = read_picture(PHOTO, max_bytes=10**6, max_pixels=10**6)
    assert (picture.format, picture.width, picture.height) == ("HEIF", 320, 240)
    assert picture.answer_format == "JPEG"
    assert picture.pixels.std() > 20, "it shows something"


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(CountlabError) as refused:
        read_picture(PHOTO, max_bytes=10**6, max_pixels=10**6)
    assert refused.value.code == "heic_not_read_here"
    assert "countlab[heic]" in str(refused.value)


def test_a_picture_too_large_is_told_in_the_languages_numbers() -> None:
    with pytest.raises(CountlabError) as refused:
        read_picture(PHOTO, max_bytes=10**6, max_pixels=70_000)
    assert "320 × 240 = 0.0768 megapixels; at most 0.07" in refused.value.text("en").detail
    assert "320 × 240 = 0,0768 megapíxeles" in refused.value.text("es").detail
