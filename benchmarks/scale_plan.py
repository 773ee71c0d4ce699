"""The plan: a discrete-event simulation of requests on many machines, from measured times.

Nothing in it is measured here: every number is a parameter, whose default says where it is from.
Requests arrive at random, wait for a front and then for a replica of the model, write their row,
and leave; the network, the store and the database are checked as what a second allows.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from benchmarks.scale_costs import MACHINES, costs_by_machine

_DEFAULTS: dict[str, tuple[float, str]] = {
    "rate": (1000.0, "requests a second"),
    "pictures-a-day": (10_000_000.0, "for the night's run: pictures in a day"),
    "service-ms": (16.5, "processor time of one picture (640×480, fruits, f32): scale count"),
    "service-cv": (0.25, "its coefficient of variation"),
    "overhead-ms": (25.0, "processor time of front and proxy for one request: scale ray"),
    "hop-ms": (5.0, "from front to replica and back, beside processor time"),
    "replicas": (0.0, "replicas of the model; 0 finds the fewest for the p99 asked for"),
    "fronts": (0.0, "front processes; 0 finds as many as they need"),
    "at-once": (2.0, "requests at work in one replica"),
    "queue": (64.0, "requests that may wait at a front"),
    "p99-ms": (250.0, "the p99 that is asked for"),
    "picture-kb": (100.0, "bytes of a picture on its way"),
    "answer-kb": (3.0, "bytes of an answer"),
    "row-kb": (1.5, "bytes of a row in the history"),
    "database-rows": (5000.0, "rows a second that the database takes"),
    "network-mbit": (10_000.0, "of the machine in front"),
    "store-requests": (5500.0, "reads a second that a prefix of the bucket allows"),
    "write-ms": (3.0, "until the row is on disk"),
    "utilization": (0.75, "of a replica when replicas are to be found"),
    "seconds": (20.0, "simulated"),
    "replica-gb": (0.45, "memory of a replica: scale ray"),
    "busy": (0.9, "how much of a core a counting process gets out of it"),
    "machine-cores": (0.0, "of one machine; 0 is that of --machine"),
    "machine-gb": (0.0, "memory of one machine; 0 is that of --machine"),
    "dollars-an-hour": (0.0, "for one machine; 0 is that of --machine"),
}


@dataclass
class Outcome:
    latencies_ms: list[float]
    refused: int = 0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    for name, (default, meaning) in _DEFAULTS.items():
        parser.add_argument(f"--{name}", type=float, default=default, help=f"{meaning} [{default}]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--machine", choices=MACHINES, default="c7a.2xlarge", help="the one that is planned with"
    )


def plan(arguments: argparse.Namespace) -> dict[str, Any]:
    asked = vars(arguments)
    fronts = int(arguments.fronts) or _fewest_fronts(arguments)
    replicas = int(arguments.replicas) or _fewest_replicas(arguments, fronts)
    nightly = arguments.pictures_a_day / 86_400
    counting = math.ceil(nightly * arguments.service_ms / 1000 / arguments.busy)
    costs = costs_by_machine(arguments, serving=replicas + fronts, counting=counting)
    machines = costs[arguments.machine]["serving_machines"]
    left, fronts_left = (number - math.ceil(number / machines) for number in (replicas, fronts))
    rate = arguments.rate
    steady = simulate(arguments, replicas=replicas, fronts=fronts, rate=rate)
    doubled = simulate(arguments, replicas=replicas, fronts=fronts, rate=2 * rate)
    one_lost = (
        _described(simulate(arguments, replicas=left, fronts=fronts_left, rate=rate))
        if min(left, fronts_left) > 0
        else {"refused_share": 1.0}
    )
    return {
        "assumptions": {name: asked[name.replace("-", "_")] for name in _DEFAULTS},
        "serving": {
            "replicas": replicas,
            "fronts": fronts,
            "machines": f"{machines:.0f} x {arguments.machine}",
            **_described(steady),
            "history_gb_a_day": round(rate * arguments.row_kb * 86_400 / 1e6, 1),
        },
        "with_one_machine_lost": {"replicas": left, "fronts": fronts_left, **one_lost},
        "at_twice_the_rate": _described(doubled),
        "pictures_a_day": {
            "pictures_a_second": round(nightly, 1),
            "cores": counting,
            "read_mbit": round(nightly * arguments.picture_kb * 8.192 / 1000, 1),
        },
        "costs": costs,
        "limits_at_requests_a_second": limits(arguments, replicas, fronts),
    }


def _described(outcome: Outcome) -> dict[str, float]:
    asked = outcome.refused + len(outcome.latencies_ms)
    return {
        "p50_ms": round(outcome.percentile(0.5), 1),
        "p99_ms": round(outcome.percentile(0.99), 1),
        "refused_share": round(outcome.refused / max(1, asked), 3),
    }


def limits(arguments: argparse.Namespace, replicas: int, fronts: int) -> dict[str, int]:
    """The rate at which each part is full, the first to fail first."""
    bits = 8 * 1024 * (arguments.picture_kb + arguments.answer_kb)
    found = {
        "replicas": 1000 * replicas / arguments.service_ms,
        "fronts": 1000 * fronts / arguments.overhead_ms,
        "database": arguments.database_rows,
        "network": arguments.network_mbit * 1e6 / bits,
        "bucket": arguments.store_requests,
    }
    return {name: int(rate) for name, rate in sorted(found.items(), key=lambda item: item[1])}


def simulate(arguments: argparse.Namespace, *, replicas: int, fronts: int, rate: float) -> Outcome:
    """So many seconds of requests, arriving at random (Poisson)."""
    chance, outcome = random.Random(arguments.seed), Outcome([])
    world = simpy.Environment()
    front = simpy.Resource(world, fronts)
    model = simpy.Resource(world, replicas)
    most_inside = replicas * arguments.at_once + arguments.queue * fronts
    inside = [0]

    def request() -> Generator[Any, Any, None]:
        if inside[0] >= most_inside:
            outcome.refused += 1  # 503 with Retry-After
            return
        inside[0] += 1
        arrived = world.now
        with front.request() as turn:
            yield turn
            yield world.timeout(arguments.overhead_ms / 1000)
        with model.request() as turn:
            yield turn
            yield world.timeout(_service_s(arguments, chance))
        yield world.timeout((arguments.hop_ms + arguments.write_ms) / 1000)
        inside[0] -= 1
        outcome.latencies_ms.append(1000 * (world.now - arrived))

    def arrivals() -> Generator[Any, Any, None]:
        while True:
            yield world.timeout(chance.expovariate(rate))
            world.process(request())

    world.process(arrivals())
    world.run(until=arguments.seconds)
    return outcome


def _service_s(arguments: argparse.Namespace, chance: random.Random) -> float:
    """Gamma-distributed around the measured mean."""
    shape = 1 / arguments.service_cv**2
    return chance.gammavariate(shape, arguments.service_ms / 1000 / shape)


def _fewest_fronts(arguments: argparse.Namespace) -> int:
    fronts: int = math.ceil(arguments.rate * arguments.overhead_ms / 1000 / arguments.utilization)
    return fronts


def _fewest_replicas(arguments: argparse.Namespace, fronts: int) -> int:
    """As busy as `utilization` at most, and more while the p99 is above what is asked for."""
    replicas: int = math.ceil(arguments.rate * arguments.service_ms / 1000 / arguments.utilization)
    for _ in range(20):
        found = simulate(arguments, replicas=replicas, fronts=fronts, rate=arguments.rate)
        if found.percentile(0.99) <= arguments.p99_ms and not found.refused:
            break
        replicas = math.ceil(replicas * 1.05)
    return replicas
