"""The cost of growth: pictures a second, memory and start-up of processes and of Ray; a plan.

    python -m benchmarks.scale count --pictures FOLDER [--before CHECKOUT]
    python -m benchmarks.scale memory --rows 10000 100000 1000000
    python -m benchmarks.scale batching
    python -m benchmarks.scale workers
    python -m benchmarks.scale ray
    python -m benchmarks.scale plan --help

`count` has one process beside several, `workers` is `serve --workers 1` and `2`, `ray` is `serve
--ray` with 1 and 2 replicas; `plan` simulates many machines from times that are parameters. Each
prints what it found and keeps it in benchmarks/results/scale-COMMAND.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks.scale_batching import batching
from benchmarks.scale_memory import memory_by_rows
from benchmarks.scale_plan import add_plan_arguments, plan
from benchmarks.scale_servers import ray_replicas, serve_workers

ROOT = Path(__file__).parent.parent
_PROGRAM = "from countlab.cli import main; main()"


def count(arguments: argparse.Namespace) -> dict[str, Any]:
    """`countlab count` as it was in another checkout, as it is, and into Parquet, in turns."""
    pictures = Path(arguments.pictures).resolve()
    names = {
        "count --ndjson": partial(_printed, ROOT, pictures),
        **{f"--workers {number}": partial(_kept, pictures, number) for number in arguments.workers},
    }
    if arguments.before:
        before = partial(_printed, Path(arguments.before).resolve(), pictures)
        names = {"before: count --ndjson": before, **names}
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for number in range(arguments.rounds):
        for name, run in names.items() if number % 2 == 0 else reversed(names.items()):
            rounds[name].append(run())
            print(name, rounds[name][-1], flush=True)
    base = next(iter(rounds.values()))
    return {
        "pictures": len(list(pictures.iterdir())),
        "rounds": rounds,
        "times_faster": {
            name: round(
                statistics.median(
                    old["wall_s"] / new["wall_s"] for old, new in zip(base, measured, strict=True)
                ),
                2,
            )
            for name, measured in rounds.items()
        },
        "cpu_ms_a_picture": {
            name: round(statistics.median(one["cpu_ms"] for one in measured), 2)
            for name, measured in rounds.items()
        },
    }


def _printed(checkout: Path, pictures: Path) -> dict[str, float]:
    command = [sys.executable, "-c", _PROGRAM, "count", str(pictures), "--ndjson"]
    return _measured(command, checkout, pictures)


def _kept(pictures: Path, workers: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        output = ["--output", folder + "/counts", "--workers", str(workers)]
        return _measured(
            [sys.executable, "-c", _PROGRAM, "count", str(pictures), *output], ROOT, pictures
        )


def _measured(command: Sequence[str], checkout: Path, pictures: Path) -> dict[str, float]:
    """Start-up included: it is what people wait for."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    usage = _children_cpu()
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    memory = 0
    while process.poll() is None:
        memory = max(memory, _memory(process.pid))
        time.sleep(0.5)
    seconds, cpu = time.perf_counter() - started, _children_cpu() - usage
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    number = len(list(pictures.iterdir()))
    return {
        "wall_s": round(seconds, 2),
        "pictures_a_second": round(number / seconds, 1),
        "cpu_ms": round(1000 * cpu / number, 2),
        "memory_mb": round(memory / 1e6),
    }


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _memory(pid: int) -> int:
    """Of a process and all below it; what they share is counted once."""
    total = 0
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            total += one.memory_full_info().pss
    except psutil.Error:
        pass
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_RAW)
    commands = parser.add_subparsers(dest="command", required=True)
    counting = commands.add_parser("count")
    counting.add_argument("--pictures", required=True, help="a folder of pictures")
    counting.add_argument("--before", help="a checkout whose `countlab count` is the measure")
    counting.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    counting.add_argument("--rounds", type=int, default=5)
    memory = commands.add_parser("memory")
    memory.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    batches = commands.add_parser("batching")
    batches.add_argument("--model", default="fruits")
    batches.add_argument("--rounds", type=int, default=8)
    for name in ("workers", "ray"):
        serving = commands.add_parser(name)
        serving.add_argument("--numbers", type=int, nargs="+", default=[1, 2])
        serving.add_argument("--clients", type=int, default=8)
        serving.add_argument("--seconds", type=float, default=10)
    add_plan_arguments(commands.add_parser("plan"))
    arguments = parser.parse_args()
    run = {
        "count": count,
        "memory": memory_by_rows,
        "batching": batching,
        "workers": serve_workers,
        "ray": ray_replicas,
        "plan": plan,
    }[arguments.command]
    results = {"load_before": os.getloadavg()[0], "cores": os.cpu_count(), **run(arguments)}
    text = json.dumps(results, indent=2)
    print(text)
    kept = ROOT / "benchmarks" / "results" / f"scale-{arguments.command}.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(text)


_RAW = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    main()
