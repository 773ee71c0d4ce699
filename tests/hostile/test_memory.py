"""The figure of SECURITY.md: what one request may take, whatever is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.hostile import pictures as bad
from tests.hostile.conftest import Running

STATED = Path(__file__).parents[2] / "SECURITY.md"
SIDE = 6_300  # just below forty million pixels


def stated_mb() -> int:
    found = re.search(r"at most \*\*(\d+) MB\*\*", STATED.read_text())
    assert found, "SECURITY.md states no figure"
    return int(found[1])


def flat(mode: str, format: str, **options: Any) -> bytes:
    return bad.encoded(Image.new(mode, (SIDE, SIDE)), format, **options)


WORST: dict[str, Callable[[], bytes]] = {
    "JPEG in steps, four inks": lambda: flat("CMYK", "JPEG", progressive=True),
    "WebP with alpha": lambda: flat("RGBA", "WEBP", method=0),
    "GIF": lambda: flat("P", "GIF"),
    "ten megabytes of nothing": lambda: bytes(10_000_000),
}


@pytest.mark.parametrize("kind", WORST)
def test_no_request_takes_more_memory_than_is_stated(running: Running, kind: str) -> None:
    running.post("/predict", bad.PNG)  # what is loaded once is no request's own
    data = WORST[kind]()
    taken = running.peak_mb(lambda: running.post("/predict", data))
    print(f"{kind}: {taken:.0f} MB")
    assert taken < stated_mb()
