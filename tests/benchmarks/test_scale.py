"""The plan from one machine to many: what it must say, whatever the numbers are."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

pytest.importorskip("simpy", reason="needs SimPy: make test-ray")

from benchmarks.scale_plan import add_plan_arguments, plan, simulate


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_plan_arguments(parser)
    return parser.parse_args([*given, "--seconds", "5"])


def test_the_plan_keeps_the_p99_that_was_asked_for() -> None:
    found: dict[str, Any] = plan(arguments("--rate", "200", "--p99-ms", "100"))
    assert found["serving"]["p99_ms"] <= 100
    assert found["serving"]["refused_share"] == 0
    assert found["at_twice_the_rate"]["refused_share"] > 0.1


def test_requests_that_never_wait_take_what_was_measured() -> None:
    asked = arguments(
        "--service-ms", "20", "--overhead-ms", "4", "--hop-ms", "1", "--write-ms", "3"
    )
    alone = simulate(asked, replicas=50, fronts=50, rate=10)
    mean = sum(alone.latencies_ms) / len(alone.latencies_ms)
    assert mean == pytest.approx(28, rel=0.1)


def test_a_full_queue_refuses_and_keeps_the_others_from_waiting_longer() -> None:
    asked = arguments("--queue", "4", "--service-ms", "50")
    full = simulate(asked, replicas=1, fronts=1, rate=100)
    assert full.refused > len(full.latencies_ms)
    assert full.percentile(1) < 1000 * 6 * 0.05 * 2


def test_every_assumption_can_be_changed() -> None:
    less: dict[str, Any] = plan(arguments("--rate", "200", "--service-ms", "8"))
    more: dict[str, Any] = plan(arguments("--rate", "200", "--service-ms", "32"))
    assert more["serving"]["replicas"] > 2 * less["serving"]["replicas"]
    assert more["pictures_a_day"]["cores"] > less["pictures_a_day"]["cores"]
    limits = plan(arguments("--rate", "200", "--database-rows", "50"))[
        "limits_at_requests_a_second"
    ]
    assert next(iter(limits.items())) == ("database", 50)
