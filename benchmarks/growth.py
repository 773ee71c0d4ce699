"""Growth: what becomes of speed and memory with more clients, larger pictures, fuller folders.

No curve may bend without a reason: the reasons stand here, beside what is measured.
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

from benchmarks.models import Measured
from benchmarks.pictures import picture_of
from benchmarks.rounds import Asked, Plan, Tell
from benchmarks.servers import ROOT, countlab, started

_ENGINE = "openvino"
_CLIENTS = (1, 2, 4, 8, 16, 32, 64)
_MEGAPIXELS = (0.1, 0.3, 1.2, 3, 6, 12, 24)
_FOLDERS = (10, 100, 1_000, 10_000)
_FOLDER_AT_MOST_S = 300
_STRETCH_S = 3.0
_REASONS = {
    "clients": "From one client to two the second core stops waiting for decoding and encoding; "
    "from then on all cores are busy, and more clients only wait longer. With the second client "
    "the network is compiled once more, for a crowd; then memory grows with the pictures that are "
    "worked on at once, which the server bounds.",
    "megapixels": "Inference sees 416 × 416 whatever comes, so small pictures cost what inference "
    "costs; above about one megapixel decoding and encoding, in proportion to the pixels, "
    "outweigh it. One of more than ten is more than the heap keeps for the next, and its pages are "
    "new each time. Memory follows the decoded pictures: 3 bytes a pixel and a copy to draw on.",
    "pictures in a folder": "The first second goes into Python, the libraries and the model, so "
    "a short folder looks slow. Memory grows by the results that are kept for the table, a few "
    "kilobytes a picture; no picture is kept.",
}
_Point = dict[str, Any]


def measure(served: Measured, counted: Measured, *, console: Console, tell: Tell) -> dict[str, Any]:
    series = {
        "clients": (served, "requests/s", _with_clients(served)),
        "megapixels": (served, "requests/s, 2 clients", _with_megapixels(served)),
        "pictures in a folder": (counted, "pictures/s", _with_folders(counted, tell)),
    }
    done = {}
    for what, (model, rate, points) in series.items():
        found = []
        for point in points:
            tell(f"{what}: {point['size']}, {point['per_second']:.1f} {rate}")
            found.append(point)
        of = f"{model.name}, {_ENGINE}, {model.weights}"
        done[what] = {"of": of, "rate": rate, "points": found, "reason": _REASONS[what]}
        console.print(f"\n[bold]{what}[/] · {of}")
        console.print(_table(what, rate, found))
        console.print(_REASONS[what])
    return done


def _with_clients(model: Measured) -> Iterator[_Point]:
    """One server for each number, so that memory is that number's own."""
    for clients in _CLIENTS:
        with started(countlab(model, _ENGINE)) as running:
            server = Asked(running, Plan(1, _STRETCH_S, clients=(clients,), answers=("jpeg",)))
            yield _point(server, clients, clients)


def _with_megapixels(model: Measured) -> Iterator[_Point]:
    for megapixels in _MEGAPIXELS:
        with started(countlab(model, _ENGINE)) as running:
            plan = Plan(1, _STRETCH_S, clients=(2,), answers=("jpeg",))
            yield _point(Asked(running, plan, (picture_of(megapixels),)), megapixels, 2)


def _point(server: Asked, size: float, clients: int) -> _Point:
    stretch = server.stretch("jpeg", clients, _STRETCH_S)
    return {
        "size": size,
        "per_second": stretch.per_second,
        "p50_ms": stretch.p50_ms,
        "p95_ms": stretch.p95_ms,
        "cpu_ms": stretch.cpu_ms,
        "memory_mb": server.running.peak_bytes / 2**20,
        "wrong": stretch.wrong,
        "failed": stretch.failed,
    }


def _with_folders(model: Measured, tell: Tell) -> Iterator[_Point]:
    """`countlab count` over a folder; one that would take too long is left out, and said so."""
    expected_s = 0.0
    images = sorted((ROOT / "images").glob("*.jpg"))
    for many in _FOLDERS:
        if expected_s > _FOLDER_AT_MOST_S:
            tell(f"a folder of {many} would take {expected_s:.0f} s and is left out")
            return
        with tempfile.TemporaryDirectory(prefix="countlab-bench-") as named:
            for number, image in enumerate(islice(cycle(images), many)):
                (Path(named) / f"{number:05}.jpg").symlink_to(image)
            seconds, cpu_s, peak = _count(Path(named), model)
        expected_s = seconds * 10
        yield {
            "size": many,
            "per_second": many / seconds,
            "cpu_ms": cpu_s / many * 1000,
            "memory_mb": peak / 2**20,
        }


def _count(folder: Path, model: Measured) -> tuple[float, float, int]:
    """Seconds, CPU seconds and the most memory of one run of the command."""
    command = [sys.executable, "-c", "from countlab.cli import main; main()", "count"]
    command += [str(folder), "--model", model.name, "--engine", _ENGINE, "--csv"]
    begun, cpu_s, peak = time.perf_counter(), 0.0, 0
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
        return time.perf_counter() - begun, cpu_s, peak
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _table(what: str, rate: str, points: list[_Point]) -> Table:
    table = Table(what, rate, "p50 ms", "p95 ms", "CPU ms each", "memory MB", "wrong", "errors")
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
