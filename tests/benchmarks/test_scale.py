"""The plan from one machine to many: what it must say, whatever the numbers are."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

pytest.importorskip("simpy", reason="needs SimPy: make test-ray")

from benchmarks.scale_plan import add_plan_arguments, plan, simulate
from tests.conftest import ROOT


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


def test_the_document_shows_what_the_command_prints() -> None:
    """The plan is the same on every machine; its numbers are those of docs/scale.md."""
    parser = argparse.ArgumentParser()
    add_plan_arguments(parser)
    found: dict[str, Any] = plan(parser.parse_args([]))
    document = (ROOT / "docs" / "scale.md").read_text()
    text = " ".join(document[document.index("## A plan") :].split())
    assumed, serving, lost = found["assumptions"], found["serving"], found["with_one_machine_lost"]
    for milliseconds in (assumed["service-ms"], assumed["overhead-ms"]):
        assert f"{milliseconds:g} ms" in text
    assert serving["machines"].replace(" x ", " × ") in text
    rows = (
        (f"{serving['replicas']} | {serving['fronts']}", serving),
        (f"{lost['replicas']} | {lost['fronts']}", lost),
        (f"{serving['replicas']} | {serving['fronts']}", found["at_twice_the_rate"]),
    )
    for size, row in rows:
        times = f"{row['p50_ms']:,.0f} ms | {row['p99_ms']:,.0f} ms"
        assert f"| {size} | {times} | {100 * row['refused_share']:.0f} % |" in text
    for name, costs in found["costs"].items():
        serve, count = costs["serving_machines"], costs["pictures_a_day_machines"]
        dollars = costs["serving_dollars_a_million"], costs["pictures_a_day_dollars_a_million"]
        assert f"| `{name}` | {serve} | {dollars[0]:.2f} | {count} | {dollars[1]:.2f} |" in text
    for limit in found["limits_at_requests_a_second"].values():
        assert f"{limit:,}" in text
