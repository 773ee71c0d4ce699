"""What the client takes as a picture, and what it says about anything else."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from countlab.client import Client, Upload
from countlab.client.pictures import to_upload
from countlab.client.png import encode_png
from countlab.client.web_picture import fetch_picture
from countlab.errors import CountlabError
from countlab.imaging.picture import Pixels
from countlab.notebook import Server
from tests.cli.conftest import PictureServer
from tests.cli.conftest import picture_server as picture_server


def decoded(upload: Upload) -> Pixels:
    pixels = cv2.imdecode(np.frombuffer(upload.data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels.astype(np.uint8)


@pytest.fixture
def path(tmp_path: Path, photo: bytes) -> Path:
    target = tmp_path / "photo.jpg"
    target.write_bytes(photo)
    return target


def test_every_kind_of_picture_is_counted_alike(server: Server, path: Path, photo: bytes) -> None:
    client = Client(server.url)
    expected = client.count(photo).counts
    bgr = cv2.imread(str(path))
    assert bgr is not None
    with path.open("rb") as file:
        assert client.count(file).counts == expected
    for picture in (path, str(path), bytearray(photo), memoryview(photo), Image.open(path)):
        assert client.count(picture).counts == expected
    assert client.count(bgr, color="bgr").counts == expected
    assert client.count(bgr[:, :, ::-1], color="rgb").counts == expected
    assert client.count(bgr[:, :, ::-1], color="bgr").counts != expected, "said wrongly"


def test_pixels_arrive_as_they_are(drawing: Pixels) -> None:
    rgb = np.ascontiguousarray(drawing[:, :, ::-1])
    assert np.array_equal(decoded(to_upload(drawing, color="bgr")), drawing)
    assert np.array_equal(decoded(to_upload(rgb, color="rgb")), drawing)
    assert np.array_equal(decoded(to_upload(Image.fromarray(rgb))), drawing)
    assert np.array_equal(decoded(to_upload(drawing[::2, ::3], color="bgr")), drawing[::2, ::3])
    gray = drawing[:, :, 0]
    for array in (gray, gray[:, :, None]):
        assert np.array_equal(decoded(to_upload(array))[:, :, 0], gray)


def test_a_png_of_plain_pixels_is_read_by_other_programs() -> None:
    data = encode_png(bytes(range(18)), width=3, height=2, gray=False)
    with Image.open(io.BytesIO(data)) as image:
        assert (image.size, image.mode) == ((3, 2), "RGB")
        assert image.tobytes() == bytes(range(18))


def test_a_pil_image_is_turned_upright(drawing: Pixels) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(drawing).save(buffer, "JPEG", exif=exif.tobytes())
    assert decoded(to_upload(Image.open(buffer))).shape[:2] == drawing.shape[1::-1]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "F", "I;16"])
def test_every_mode_of_pil_can_be_sent(mode: str) -> None:
    assert decoded(to_upload(Image.new(mode, (8, 6)))).shape == (6, 8, 3)


def test_an_open_file_is_read_from_where_it_is_and_keeps_its_name(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(2)
        upload = to_upload(file)
    assert upload == Upload("photo.jpg", path.read_bytes()[2:])


def closed_file() -> io.BytesIO:
    file = io.BytesIO(b"x")
    file.close()
    return file


def closed_image() -> Image.Image:
    image = Image.new("RGB", (4, 4))
    image.close()
    return image


class Silent:
    """A stream that has nothing now, as a socket that does not wait."""

    def read(self) -> None:
        return None


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint16", "float16", "complex64", "object", "datetime64[s]", "U3"]
)
def test_arrays_of_other_numbers_are_refused(dtype: str) -> None:
    with pytest.raises(CountlabError) as refused:
        to_upload(np.empty((4, 4), dtype), color=None)
    assert refused.value.code == "client_array_shape"


def test_arrays_in_any_order_of_memory_are_sent_alike(drawing: Pixels) -> None:
    expected = decoded(to_upload(drawing, color="bgr"))
    big_endian = drawing.astype(">u1")
    for array in (np.asfortranarray(drawing), drawing[::-1][::-1], big_endian,
                  np.ma.masked_array(drawing)):  # fmt: skip
        assert np.array_equal(decoded(to_upload(array, color="bgr")), expected)


def test_an_address_is_fetched(picture_server: PictureServer, photo: bytes) -> None:
    assert to_upload(f"{picture_server.url}/photo.jpg?a=1") == Upload("photo.jpg", photo)
    with pytest.raises(CountlabError) as refused:
        fetch_picture(f"{picture_server.url}/big.jpg", max_bytes=1_000_000)
    assert refused.value.code == "too_many_bytes"
    with pytest.raises(CountlabError, match="404"):
        to_upload(f"{picture_server.url}/gone.jpg")


@pytest.mark.parametrize(
    ("picture", "color", "code", "words"),
    [
        (None, None, "client_not_a_picture", "None"),
        (["a.jpg"], None, "client_not_a_picture", "list"),
        (5, None, "client_not_a_picture", "int"),
        (io.StringIO("x"), None, "client_text_file", "as text"),
        (np.zeros((4, 4, 3), np.uint8), None, "client_color_not_said", "color="),
        (np.zeros((4, 4, 3), np.uint8), "bwr", "client_color_unknown", "bwr"),
        (np.zeros((4, 4, 3)), "rgb", "client_array_shape", "float64"),
        (np.zeros((4, 4, 5), np.uint8), "rgb", "client_array_shape", "4 × 4 × 5"),
        (np.zeros((0, 4), np.uint8), None, "client_array_shape", "0 × 4"),
        (b"abc", "rgb", "client_color_unused", "bytes"),
        ("a\0b.jpg", None, "no_such_file", "a"),
        (closed_file(), None, "client_unreadable", "closed file"),
        (closed_image(), None, "client_unreadable", "closed image"),
        (Image.new("RGB", (0, 4)), None, "client_unreadable", "Image"),
        (Silent(), None, "client_not_a_picture", "Silent"),
    ],
)
def test_a_wrong_picture_is_said_in_words(picture: Any, color: Any, code: str, words: str) -> None:
    with pytest.raises(CountlabError) as refused:
        Client("http://127.0.0.1:9").count(picture, color=color)
    assert refused.value.code == code
    assert words in str(refused.value)
    assert refused.value.text("es").detail != refused.value.text("en").detail
