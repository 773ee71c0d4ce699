"""Real pictures with a few bytes changed: an answer or a clear no, never a failure or a flood."""

from __future__ import annotations

import io
from typing import Any

import requests
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as some
from PIL import Image

from tests.conftest import ROOT
from tests.promises.hostile.conftest import Running

PHOTOS = ROOT / "images"
FINE = {"broken_picture", "not_a_picture", "too_many_pixels", "too_many_parts", "empty_file"}
MOST_MB = 100  # these are small: far less than SECURITY.md promises for any picture


def small(name: str, format: str, **options: Any) -> bytes:
    """A rendered photograph, so small that a change meets its structure and not just noise."""
    target, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    with Image.open(PHOTOS / name) as photo:
        photo.resize((160, 120)).save(target, format, exif=exif, **options)
    return target.getvalue()


REAL = {
    "jpeg": small("fruits.jpg", "JPEG"),
    "progressive": small("oranges_3.jpg", "JPEG", progressive=True),
    "png": small("fruits.jpg", "PNG"),
}


@some.composite
def mutated(draw: some.DrawFn) -> bytes:
    """Bytes set, cut out, doubled, swapped between files: broken on the way, or worse."""
    data = bytearray(REAL[draw(some.sampled_from(sorted(REAL)))])
    for _ in range(draw(some.integers(1, 6))):
        # Half of the changes meet the first bytes, where a file says what it is.
        reach = draw(some.sampled_from([700, len(data)]))
        at = draw(some.integers(0, min(reach, len(data)) - 1))
        length = draw(some.integers(1, 64))
        kind = draw(some.sampled_from(["set", "cut", "double", "swap", "end"]))
        if kind == "set":
            data[at : at + length] = draw(some.binary(min_size=1, max_size=8))
        elif kind == "cut":
            del data[at : at + length]
        elif kind == "double":
            data[at:at] = data[at : at + length] * draw(some.integers(1, 50))
        elif kind == "swap":
            other = REAL[draw(some.sampled_from(sorted(REAL)))]
            data[at : at + length] = other[at : at + length]
        else:
            del data[max(at, 16) :]
        data = data or bytearray(b"\0")
    return bytes(data)


def test_mutated_photographs_never_break_the_server(running: Running) -> None:
    told: dict[str, int] = {}

    with requests.Session() as session:

        @seed(20261120)
        @settings(
            max_examples=250, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(data=mutated())
        def send(data: bytes) -> None:
            answer = session.post(running.url + "/predict", files={"file": data}, timeout=60)
            code = answer.json()["code"] if answer.status_code != 200 else "counted"
            assert answer.status_code < 500, (code, data[:60])
            assert code in FINE | {"counted"}, code
            told[code] = told.get(code, 0) + 1

        grown = running.peak_mb(send)
    assert told["counted"] > 20, told
    assert told["broken_picture"] > 20, told
    assert grown < MOST_MB, f"{grown:.0f} MB more"
    assert requests.get(running.url + "/health", timeout=5).ok
