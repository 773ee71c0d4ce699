"""What a plan costs on machines of named sizes: how many it needs, and dollars a million counts."""

from __future__ import annotations

import argparse
import math
from typing import NamedTuple


class Machine(NamedTuple):
    cores: float
    gb: float
    dollars_an_hour: float
    """A list price, to be replaced by one's own."""


MACHINES = {
    "c7a.large": Machine(2, 4, 0.1026),
    "c7a.2xlarge": Machine(8, 16, 0.4106),
    "c7a.8xlarge": Machine(32, 64, 1.6424),
}


def costs_by_machine(
    arguments: argparse.Namespace, *, serving: int, counting: int
) -> dict[str, dict[str, float]]:
    """For so many processes that serve, and so many that count a day's pictures."""
    return {
        name: _costs(arguments, machine, serving=serving, counting=counting)
        for name, machine in _machines(arguments).items()
    }


def _machines(arguments: argparse.Namespace) -> dict[str, Machine]:
    """Those that are listed; the one that is planned with as it was described."""
    chosen = Machine(
        arguments.machine_cores or MACHINES[arguments.machine].cores,
        arguments.machine_gb or MACHINES[arguments.machine].gb,
        arguments.dollars_an_hour or MACHINES[arguments.machine].dollars_an_hour,
    )
    return {**MACHINES, arguments.machine: chosen}


def _costs(
    arguments: argparse.Namespace, machine: Machine, *, serving: int, counting: int
) -> dict[str, float]:
    """Of a million counts; the cores of a machine that is not full are paid too."""
    needed = {
        kind: max(
            math.ceil(processes / machine.cores),
            math.ceil(processes * arguments.replica_gb / machine.gb),
        )
        for kind, processes in (("serving", serving), ("pictures_a_day", counting))
    }
    a_day = {"serving": arguments.rate * 86_400, "pictures_a_day": arguments.pictures_a_day}
    costs: dict[str, float] = {}
    for kind, machines in needed.items():
        costs[f"{kind}_machines"] = machines
        dollars = machines * machine.dollars_an_hour * 24 / a_day[kind] * 1e6
        costs[f"{kind}_dollars_a_million"] = round(dollars, 2)
    return costs
