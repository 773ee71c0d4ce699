"""The hostile smoke test: a few files that have brought servers down, asked of a model.

Each must be answered, or refused as what it is; nothing else may come of it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from countlab.errors import CountlabError
from countlab.imaging.picture import write_picture
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions


def smoke_test(pipeline: Pipeline, model: str) -> list[tuple[str, str]]:
    """The files that went wrong, each with what happened; empty when all is well."""
    failures = []
    for name, data in hostile_files():
        try:
            prediction = pipeline.predict(data, PredictOptions(model=model))
            if not all(0 <= finding.confidence <= 1 for finding in prediction.findings):
                failures.append((name, "confidence"))
        except CountlabError as error:
            if not error.is_about_picture:
                failures.append((name, error.code))
        except Exception as error:  # whatever it is, it would have been a 500
            failures.append((name, type(error).__name__))
    return failures


def hostile_files() -> Iterator[tuple[str, bytes]]:
    """Cut, damaged, dishonest, tiny, narrow, black, white, and no picture at all."""
    random = np.random.default_rng(4)
    noise = random.integers(0, 255, (64, 64, 3)).astype(np.uint8)
    jpeg, png = write_picture(noise, "JPEG"), write_picture(noise, "PNG")
    yield "empty", b""
    yield "text", b"<html>" * 100
    yield "cut.jpg", jpeg[: len(jpeg) // 2]
    yield "damaged.png", png[:200] + bytes(200) + png[400:]
    yield "cut.png", png[: len(png) // 2]
    yield "huge.png", _png_of_size(60_000, 60_000)
    yield "zero.png", _png_of_size(0, 0)
    for width, height in ((1, 1), (1, 2000), (2000, 1)):
        yield f"{width}x{height}.png", write_picture(np.zeros((height, width, 3), np.uint8), "PNG")
    yield "white.png", write_picture(np.full((64, 64, 3), 255, np.uint8), "PNG")


def _png_of_size(width: int, height: int) -> bytes:
    """A header that promises far more than follows."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", b"") + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
