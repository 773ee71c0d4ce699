"""The figure of SECURITY.md: what one request may take, whatever is sent."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from PIL import Image

from tests.conftest import ROOT
from tests.promises.hostile import pictures as bad
from tests.promises.hostile.conftest import Running

STATED = ROOT / "SECURITY.md"
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


def test_the_server_answers_that_it_lives_while_the_worst_is_at_work(running: Running) -> None:
    """More of it than there are workplaces, so that all of them are taken."""
    worst = [flat("RGB", "PNG"), bad.gif_with_comment(4_900), bad.jpeg_of_many_scans(90)]
    waits: list[float] = []
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(running.post, "/countObjects", data) for data in worst * 3]
        while not all(answer.done() for answer in asked):
            start = time.monotonic()
            assert requests.get(running.url + "/health", timeout=10).ok
            waits.append(time.monotonic() - start)
            time.sleep(0.02)
    assert {answer.result().status_code for answer in asked} == {200}
    assert len(waits) > 5
    assert sorted(waits)[len(waits) // 2] < 0.5, waits
    assert max(waits) < 3, waits
