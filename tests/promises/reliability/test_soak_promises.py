"""The soak's check of the response time tolerates other load on the machine."""

from __future__ import annotations

import pytest

from tests.promises.soak.promises import Sample, Thirds, check_p95

THIRDS = Thirds(0, 150)  # 30 s of warm-up, then thirds of 40 s


def p95_is_stable(slow: tuple[float, float], *, machine_slowdown: float = 1.0) -> bool:
    """For ten responses per second of 0.1 s each, three times slower between two moments."""

    def factor(time: float) -> float:
        return 3.0 if slow[0] <= time < slow[1] else 1.0

    responses = [(n / 10, 0.1 * factor(n / 10) + n % 7 * 1e-3) for n in range(1500)]
    slowdowns = [machine_slowdown if factor(n) > 1 else 1.0 for n in range(150)]
    samples = [Sample(n, 300, 20, 0.04 * slowdown) for n, slowdown in enumerate(slowdowns)]
    return check_p95(responses, samples, THIRDS).kept


@pytest.mark.parametrize("slow", [(110, 150), (120, 150)])
def test_slow_server_breaks_the_promise(slow: tuple[float, float]) -> None:
    assert not p95_is_stable(slow)


def test_slow_machine_does_not_break_the_promise() -> None:
    assert p95_is_stable((110, 150), machine_slowdown=2.5)
    assert not p95_is_stable((110, 150), machine_slowdown=1.2), "slower than the machine"


@pytest.mark.parametrize("slow", [(0, 0), (120, 132), (0, 30), (35, 50)])
def test_short_burst_does_not_break_the_promise(slow: tuple[float, float]) -> None:
    assert p95_is_stable(slow)


def test_warm_up_is_not_compared() -> None:
    assert [Thirds(0, duration_s).warm for duration_s in (30, 90, 600)] == [15, 30, 120]
