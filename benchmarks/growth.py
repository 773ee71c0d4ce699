"""Scaling: speed and memory with more clients, larger pictures and fuller folders.

Every bend of a curve must have a known reason; the reasons are listed here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.models import BenchmarkModel
from benchmarks.pictures import picture_with_megapixels
from benchmarks.rounds import MeasuredServer, Plan, Progress, Question
from benchmarks.servers import ROOT, countlab_server, running_server

_ENGINE = "openvino"
_CLIENTS = (1, 2, 4, 8, 16, 32, 64)
_MEGAPIXELS = (0.1, 0.3, 1.2, 3, 6, 12, 24)
_FOLDERS = (10, 100, 1_000, 10_000)
_MAX_FOLDER_S = 300
_MEASURE_S = 3.0
_REASONS = {
    "clients": "With two clients the second core no longer waits for decoding and encoding; from "
    "then on all cores are busy, and more clients only wait longer. With the second client the "
    "network is compiled once more, for concurrent requests; then memory grows with the pictures "
    "in progress, whose number the server limits.",
    "megapixels": "Inference always sees 416 × 416, so small pictures cost what inference costs; "
    "above about one megapixel decoding and encoding, in proportion to the pixels, cost more. The "
    "heap does not keep the memory of a picture above ten megapixels for the next, so its pages "
    "are new each time. Memory follows the decoded pictures: 3 bytes a pixel, and a copy to draw.",
    "pictures in a folder": "The first second is spent on loading Python, the libraries and the "
    "model, so a short folder looks slow. Memory grows by the results kept for the table, a few "
    "kilobytes per picture; no picture is kept.",
}
_Point = dict[str, Any]


def measure(
    server_model: BenchmarkModel,
    count_model: BenchmarkModel,
    *,
    console: Console,
    progress: Progress,
) -> dict[str, Any]:
    series = {
        "clients": (server_model, "requests/s", _with_clients(server_model)),
        "megapixels": (server_model, "requests/s, 2 clients", _with_megapixels(server_model)),
        "pictures in a folder": (count_model, "pictures/s", _with_folders(count_model, progress)),
    }
    results = {}
    for title, (model, rate, points) in series.items():
        measured = []
        for point in points:
            progress(f"{title}: {point['size']}, {point['per_second']:.1f} {rate}")
            measured.append(point)
        subject = f"{model.name}, {_ENGINE}, {model.weights}"
        results[title] = {
            "of": subject,
            "rate": rate,
            "points": measured,
            "reason": _REASONS[title],
        }
        console.print(f"\n[bold]{title}[/] · {subject}")
        console.print(_table(title, rate, measured))
        console.print(_REASONS[title])
    return results


def _with_clients(model: BenchmarkModel) -> Iterator[_Point]:
    """One server per number of clients, so that its peak memory belongs to that number."""
    for clients in _CLIENTS:
        with running_server(countlab_server(model, _ENGINE)) as running:
            server = MeasuredServer(
                running, Plan(1, _MEASURE_S, clients=(clients,), answers=("jpeg",))
            )
            yield _point(server, clients, clients)


def _with_megapixels(model: BenchmarkModel) -> Iterator[_Point]:
    for megapixels in _MEGAPIXELS:
        with running_server(countlab_server(model, _ENGINE)) as running:
            plan = Plan(1, _MEASURE_S, clients=(2,), answers=("jpeg",))
            yield _point(
                MeasuredServer(running, plan, Question((picture_with_megapixels(megapixels),))),
                megapixels,
                2,
            )


def _point(server: MeasuredServer, size: float, clients: int) -> _Point:
    measurement = server.measure("jpeg", clients, _MEASURE_S)
    return {
        "size": size,
        "per_second": measurement.per_second,
        "p50_ms": measurement.p50_ms,
        "p95_ms": measurement.p95_ms,
        "cpu_ms": measurement.cpu_ms,
        "memory_mb": server.running.peak_bytes / 2**20,
        "wrong": measurement.wrong,
        "failed": measurement.failed,
    }


def _with_folders(model: BenchmarkModel, progress: Progress) -> Iterator[_Point]:
    """`countlab count` over folders; those that would take too long are reported and left out."""
    expected_s = 0.0
    images = sorted((ROOT / "images").glob("*.jpg"))
    for count in _FOLDERS:
        if expected_s > _MAX_FOLDER_S:
            progress(f"a folder of {count} would take {expected_s:.0f} s and is left out")
            return
        with tempfile.TemporaryDirectory(prefix="countlab-bench-") as folder:
            for number, image in enumerate(islice(cycle(images), count)):
                (Path(folder) / f"{number:05}.jpg").symlink_to(image)
            seconds, cpu_s, peak = _count(Path(folder), model)
        expected_s = seconds * 10
        yield {
            "size": count,
            "per_second": count / seconds,
            "cpu_ms": cpu_s / count * 1000,
            "memory_mb": peak / 2**20,
        }


def _count(folder: Path, model: BenchmarkModel) -> tuple[float, float, int]:
    """Seconds, CPU seconds and peak memory of one run of the command."""
    command = [sys.executable, "-c", "from countlab.cli import main; main()", "count"]
    command += [str(folder), "--model", model.name, "--engine", _ENGINE, "--csv"]
    started, cpu_s, peak = time.perf_counter(), 0.0, 0
    process = psutil.Popen(
        command,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COUNTLAB_HOME": str(model.home)},
    )
    try:
        while process.poll() is None:
            try:
                cpu_s, peak = sum(process.cpu_times()[:2]), max(peak, process.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.05)
        if process.wait():
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
        return time.perf_counter() - started, cpu_s, peak
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _table(title: str, rate: str, points: list[_Point]) -> Table:
    table = Table(title, rate, "p50 ms", "p95 ms", "CPU ms each", "memory MB", "wrong", "errors")
    table.box, table.pad_edge = None, False
    for point in points:
        figures = [f"{point.get(name, float('nan')):.1f}" for name in ("p50_ms", "p95_ms")]
        table.add_row(
            str(point["size"]),
            f"{point['per_second']:.1f}",
            *("–" if figure == "nan" else figure for figure in figures),
            f"{point['cpu_ms']:.1f}",
            f"{point['memory_mb']:.0f}",
            str(point.get("wrong", "–")),
            str(point.get("failed", "–")),
        )
    return table
