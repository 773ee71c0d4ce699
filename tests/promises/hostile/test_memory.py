"""The memory limit of one request that SECURITY.md states."""

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
from tests.promises.hostile import pictures
from tests.promises.hostile.conftest import ServerProcess

SECURITY = ROOT / "SECURITY.md"
SIDE_PX = 6_300  # just below forty million pixels


def documented_limit_mb() -> int:
    match = re.search(r"at most \*\*(\d+) MB\*\*", SECURITY.read_text())
    assert match, "SECURITY.md states no limit"
    return int(match[1])


def plain_picture(mode: str, format: str, **options: Any) -> bytes:
    return pictures.encoded(Image.new(mode, (SIDE_PX, SIDE_PX)), format, **options)


WORST_CASES: dict[str, Callable[[], bytes]] = {
    "progressive CMYK JPEG": lambda: plain_picture("CMYK", "JPEG", progressive=True),
    "WebP with alpha": lambda: plain_picture("RGBA", "WEBP", method=0),
    "GIF": lambda: plain_picture("P", "GIF"),
    "25 megabytes of zeros": lambda: bytes(25_000_000),
}


@pytest.mark.parametrize("kind", WORST_CASES)
def test_memory_of_a_request_is_below_the_documented_limit(
    server_process: ServerProcess, kind: str
) -> None:
    server_process.post("/predict", pictures.PNG)  # loads the model, which is not counted
    data = WORST_CASES[kind]()
    increase_mb = server_process.peak_increase_mb(lambda: server_process.post("/predict", data))
    print(f"{kind}: {increase_mb:.0f} MB")
    assert increase_mb < documented_limit_mb()


def test_health_responds_while_all_slots_decode_the_worst_pictures(
    server_process: ServerProcess,
) -> None:
    worst = [
        plain_picture("RGB", "PNG"),
        pictures.gif_with_comment(4_900),
        pictures.jpeg_with_scans(90),
    ]
    waits_s: list[float] = []
    with ThreadPoolExecutor(8) as pool:
        responses = [pool.submit(server_process.post, "/countObjects", data) for data in worst * 3]
        while not all(response.done() for response in responses):
            start = time.monotonic()
            assert requests.get(server_process.url + "/health", timeout=10).ok
            waits_s.append(time.monotonic() - start)
            time.sleep(0.02)
    assert {response.result().status_code for response in responses} == {200}
    assert len(waits_s) > 5
    assert sorted(waits_s)[len(waits_s) // 2] < 0.5, waits_s
    assert max(waits_s) < 3, waits_s
