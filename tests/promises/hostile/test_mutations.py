"""Mutated photographs are counted or refused, without a 5xx and within the memory limit."""

from __future__ import annotations

import io
from typing import Any

import requests
from hypothesis import HealthCheck, given, seed, settings, strategies
from PIL import Image

from tests.conftest import ROOT
from tests.promises.hostile.conftest import ServerProcess

PHOTOS = ROOT / "images"
EXPECTED_CODES = {
    "broken_picture",
    "not_a_picture",
    "too_many_pixels",
    "too_many_parts",
    "empty_file",
}
MAX_INCREASE_MB = 100  # small pictures take far less than the limit in SECURITY.md


def small_photo(name: str, format: str, **options: Any) -> bytes:
    """So small that a mutation often hits its structure and not only its pixels."""
    target, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    with Image.open(PHOTOS / name) as photo:
        photo.resize((160, 120)).save(target, format, exif=exif, **options)
    return target.getvalue()


ORIGINALS = {
    "jpeg": small_photo("fruits.jpg", "JPEG"),
    "progressive": small_photo("oranges_3.jpg", "JPEG", progressive=True),
    "png": small_photo("fruits.jpg", "PNG"),
}


@strategies.composite
def mutated_photo(draw: strategies.DrawFn) -> bytes:
    """With bytes overwritten, removed, repeated or copied from another file."""
    data = bytearray(ORIGINALS[draw(strategies.sampled_from(sorted(ORIGINALS)))])
    for _ in range(draw(strategies.integers(1, 6))):
        # Half of the mutations hit the first bytes, where the headers are.
        reach = draw(strategies.sampled_from([700, len(data)]))
        at = draw(strategies.integers(0, min(reach, len(data)) - 1))
        length = draw(strategies.integers(1, 64))
        kind = draw(strategies.sampled_from(["overwrite", "remove", "repeat", "copy", "truncate"]))
        if kind == "overwrite":
            data[at : at + length] = draw(strategies.binary(min_size=1, max_size=8))
        elif kind == "remove":
            del data[at : at + length]
        elif kind == "repeat":
            data[at:at] = data[at : at + length] * draw(strategies.integers(1, 50))
        elif kind == "copy":
            other = ORIGINALS[draw(strategies.sampled_from(sorted(ORIGINALS)))]
            data[at : at + length] = other[at : at + length]
        else:
            del data[max(at, 16) :]
        data = data or bytearray(b"\0")
    return bytes(data)


def test_mutated_photographs_do_not_break_the_server(server_process: ServerProcess) -> None:
    codes: dict[str, int] = {}

    with requests.Session() as session:

        @seed(20261120)
        @settings(
            max_examples=250, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(data=mutated_photo())
        def send(data: bytes) -> None:
            response = session.post(
                server_process.url + "/predict", files={"file": data}, timeout=60
            )
            code = response.json()["code"] if response.status_code != 200 else "counted"
            assert response.status_code < 500, (code, data[:60])
            assert code in EXPECTED_CODES | {"counted"}, code
            codes[code] = codes.get(code, 0) + 1

        increase_mb = server_process.peak_increase_mb(send)
    assert codes["counted"] > 20, codes
    assert codes["broken_picture"] > 20, codes
    assert increase_mb < MAX_INCREASE_MB, f"{increase_mb:.0f} MB more"
    assert requests.get(server_process.url + "/health", timeout=5).ok
