"""What decoding in a process of its own costs: the same picture here and there, in turns.

python -m benchmarks.decoding_processes
"""

from __future__ import annotations

import io
import time
from statistics import median
from typing import Any

import cv2
import numpy as np
from PIL import Image

from countlab.imaging.decoding import decode
from countlab.imaging.headers import read_header
from countlab.imaging.limited import LimitedReader
from countlab.system.heap import settle_heap

_ROUNDS = 61  # the first one warms up
_SIZE = (1280, 960)
_LIMITS = {"max_bytes": 25_000_000, "max_pixels": 51_000_000, "memory": 500_000_000}


def main() -> None:
    settle_heap()  # as a server does
    reader = LimitedReader(**_LIMITS)
    reader.start()
    cv2.setNumThreads(1)
    photo = Image.effect_noise((320, 240), 60).convert("RGB").resize(_SIZE)
    pictures = {
        "JPEG in steps": _encoded(photo, "JPEG", progressive=True),
        "WebP": _encoded(photo, "WEBP"),
        "PNG": _encoded(photo, "PNG"),
        "PNG of 8 × 8": _encoded(photo.resize((8, 8)), "PNG"),
    }
    print("| picture | here | in a process | cost |\n|---|---|---|---|")
    for name, data in pictures.items():
        here, there = [], []
        for _ in range(_ROUNDS):
            here.append(_duration_ms(lambda data=data: decode(read_header(data))))
            there.append(_duration_ms(lambda data=data: reader.read(data)))
        assert np.array_equal(decode(read_header(data))[0], reader.read(data).pixels)
        at_home, away = median(here[1:]), median(there[1:])
        print(f"| {name} | {at_home:.2f} ms | {away:.2f} ms | {away - at_home:.2f} ms |")


def _encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()


def _duration_ms(work: Any) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
