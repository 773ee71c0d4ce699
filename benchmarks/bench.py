"""The benchmark run: its parts, what each measures and for how long.

`run` implements `countlab bench`. Every process it starts ends with it, also on Ctrl-C.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import growth, labs, limit, peers, plots, report
from benchmarks.machine import has_bf16, machine_info
from benchmarks.models import BenchmarkModel, benchmark_model
from benchmarks.rounds import Plan, ServerResult, measure_side_by_side
from benchmarks.servers import ServerSpec, classic_server, countlab_server

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
    """Where results are written and where progress is printed."""

    results: Path
    console: Console
    stderr_console: Console

    def log_progress(self, message: str) -> None:
        self.stderr_console.print(f"[dim]{time.strftime('%H:%M:%S')} {message}", soft_wrap=True)

    def model(self, name: str) -> BenchmarkModel:
        return benchmark_model(name, self.results / "home")

    def compare(self, name: str, servers: list[ServerSpec], plan: Plan) -> list[ServerResult]:
        model = self.model(name)
        results = measure_side_by_side(servers, plan, self.log_progress)
        report.print_results(self.console, f"{name} ({model.weights})", results, plan)
        return results


def run(
    console: Console,
    stderr_console: Console,
    *,
    quick: bool = False,
    only: str | None = None,
    results: Path = RESULTS,
    plan: Plan | None = None,
) -> None:
    """Run all parts, one of them by name, or the quick comparison with one model."""
    bench = Bench(results, console, stderr_console)
    previous_handler = signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # so that servers are stopped
    try:
        data: dict[str, Any] = {"at": time.strftime("%Y-%m-%d %H:%M:%S"), "machine": machine_info()}
        if not data["machine"]["bf16"]:
            console.print("This processor has no bf16: what needs it is left out.")
        if quick:
            data["quick"] = _quick(bench, plan or _QUICK)
        else:
            for name, part in PARTS.items():
                if only in (None, name):
                    data[name] = part(bench)
        path = report.save(results, "quick" if quick else only or "bench", data)
        plot_files = plots.draw(data, results)
        bench.log_progress("written: " + ", ".join(str(file) for file in [path, *plot_files]))
        if quick:
            console.print(data["quick"]["line"], soft_wrap=True)
    finally:
        signal.signal(signal.SIGTERM, previous_handler)


def _engines() -> list[str]:
    return ["openvino", "openvino-bf16"] if has_bf16() else ["openvino"]


def _quick(bench: Bench, plan: Plan) -> dict[str, Any]:
    model = bench.model("yolov3-tiny")
    servers = [classic_server(model), *(countlab_server(model, engine) for engine in _engines())]
    results = bench.compare(model.name, servers, plan)
    return {"sides": report.as_dicts(results), "line": _summary_line(model.name, results, plan)}


def _summary_line(name: str, results: list[ServerResult], plan: Plan) -> str:
    ratios = [
        f"{result.server.rpartition('-')[2] if '-' in result.server else 'f32'} c{clients} "
        f"{report.ratio(results, result.server, 'jpeg', clients):.1f}x"
        for result in results[1:]
        for clients in plan.clients
    ]
    wrong, failed = (
        sum(result.wrong for result in results),
        sum(result.failed for result in results),
    )
    line = f"{name} jpeg vs classic: {', '.join(ratios)}, wrong answers {wrong}"
    return line + (f", errors {failed}" if failed else "")


def _servers(bench: Bench) -> dict[str, Any]:
    """Whole servers: the classic one, with and without fixed streaming, and countlab's engines."""
    results = {}
    for name, plan in _PLANS.items():
        model = bench.model(name)
        servers = [classic_server(model), classic_server(model, buffered=True)]
        servers += [countlab_server(model, engine) for engine in ("cvlib", *_engines())]
        results[name] = report.as_dicts(bench.compare(name, servers, plan))
    return results


def _peers(bench: Bench) -> dict[str, Any]:
    """Common alternatives with the same model: all in f32, bf16 for comparison."""
    model = bench.model("yolov3-tiny")
    servers = [countlab_server(model, engine) for engine in _engines()]
    peer_servers = peers.peer_servers(model, bench.results)
    if not peer_servers:
        bench.console.print("\nThe peers are not installed and left out: make bench installs them.")
        return {}
    servers[1:1] = peer_servers
    return {model.name: report.as_dicts(bench.compare(model.name, servers, _PEERS))}


def _limit(bench: Bench) -> list[dict[str, Any]]:
    return limit.measure(
        [bench.model(name) for name in _PLANS],
        _engines(),
        console=bench.console,
        progress=bench.log_progress,
    )


def _growth(bench: Bench) -> dict[str, Any]:
    return growth.measure(
        bench.model("yolov3-tiny"),
        bench.model("fruits"),
        console=bench.console,
        progress=bench.log_progress,
    )


def _labs(bench: Bench) -> dict[str, Any]:
    return labs.measure(bench.model, console=bench.console, progress=bench.log_progress)


PARTS: dict[str, Callable[[Bench], Any]] = {
    "servers": _servers,
    "limit": _limit,
    "growth": _growth,
    "peers": _peers,
    "labs": _labs,
}
