"""What the soak holds a server to is the server's doing, not that of others on the machine."""

from __future__ import annotations

import pytest

from tests.promises.soak.promises import Sample, Thirds, about_p95

LONG = Thirds(0, 150)  # the first 30 s are warm-up, then thirds of 40 s


def kept(slow: tuple[float, float], *, pace: float = 1.0) -> bool:
    """Ten answers a second of 0.1 s, tripled between two moments; the machine's pace with them."""

    def factor(when: float) -> float:
        return 3.0 if slow[0] <= when < slow[1] else 1.0

    good = [(n / 10, 0.1 * factor(n / 10) + n % 7 * 1e-3) for n in range(1500)]
    late = [pace if factor(n) > 1 else 1.0 for n in range(150)]
    samples = [Sample(n, 300, 20, 0.04 * one) for n, one in enumerate(late)]
    return about_p95(good, samples, LONG).kept


@pytest.mark.parametrize("slow", [(110, 150), (120, 150)])
def test_a_server_that_slows_down_breaks_its_promise(slow: tuple[float, float]) -> None:
    assert not kept(slow)


def test_a_machine_that_slows_down_does_not() -> None:
    assert kept((110, 150), pace=2.5)
    assert not kept((110, 150), pace=1.2), "but only by so much"


@pytest.mark.parametrize("slow", [(0, 0), (120, 132), (0, 30), (35, 50)])
def test_a_burst_of_something_else_does_not(slow: tuple[float, float]) -> None:
    assert kept(slow)


def test_nothing_is_compared_before_the_server_is_warm() -> None:
    assert [Thirds(0, whole).warm for whole in (30, 90, 600)] == [15, 30, 120]
