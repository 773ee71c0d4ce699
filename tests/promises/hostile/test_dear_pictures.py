"""Pictures that are dear to unpack: bounded memory and time, `/health` answers, never a 5xx.

With `-s` each case prints its line of the table in docs/reliability.md.
"""

from __future__ import annotations

import time

import pytest

from tests.promises.hostile import pictures
from tests.promises.hostile.conftest import ServerProcess
from tests.promises.hostile.dear_pictures import CASES
from tests.promises.hostile.service import watched

MAX_MB = 750
MAX_S = 61
MAX_USUAL_WAIT_S = 0.2
REFUSED = {
    "JPEG in steps, four inks": (413, "too_much_memory"),
    "TIFF, tags of one block": (413, "too_many_parts"),
    "TIFF, known tags of one block": (400, "broken_picture"),
    "TIFF of 1,000,000 strips": (413, "too_many_parts"),
    "TIFF of 60,000 samples": (400, "broken_picture"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_dear_picture_is_counted_or_refused_within_bounds(
    server_process: ServerProcess, name: str
) -> None:
    server_process.post("/predict", pictures.PNG)  # opens the model, which is not counted
    data = CASES[name]()
    with watched(server_process.url, server_process.pid) as seen:
        start = time.monotonic()
        response = server_process.post("/predict", data)
        seconds = time.monotonic() - start
    code = "" if response.status_code == 200 else response.json()["code"]
    print(
        f"\n| {name} | {len(data) / 1e6:.2f} MB | {response.status_code} {code} | "
        f"{seconds:.1f} s | {max(seen.increase_mb, 0):.0f} MB |"
    )
    assert (response.status_code, code) in {REFUSED.get(name, (200, "")), (503, "took_too_long")}
    assert seen.increase_mb < MAX_MB
    assert seconds < MAX_S
    assert seen.usual_wait_s < MAX_USUAL_WAIT_S
