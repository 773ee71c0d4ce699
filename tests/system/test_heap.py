"""The heap of a server: what a peak has left goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PEAK = """
import time
from countlab.system import heap
heap._GIVE_BACK_EVERY_S = 0.1
if {settled}:
    heap.settle_heap()

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

blocks = [bytearray(b"x") * 100_000 for _ in range(500)]
last = bytearray(b"x") * 100_000  # above them all, so that the top of the heap stays
before = resident_mb()
del blocks
time.sleep(0.5)
print(before - resident_mb())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_memory_of_a_peak_goes_back_below_what_stays() -> None:
    given_back_mb, without_mb = [
        float(subprocess.check_output([sys.executable, "-c", _PEAK.format(settled=settled)]))
        for settled in (True, False)
    ]
    assert given_back_mb > 40 > 10 > without_mb
