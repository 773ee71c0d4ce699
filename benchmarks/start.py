"""Start-up of the commands: how long until `countlab …` is done, beside Python and OpenVINO alone.

`countlab bench --only start`. The rounds take turns, so that other load on the machine falls on
all alike; the least of each is kept, and ratios to what any program here pays are printed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from countlab.settings import Settings

RESULTS = Path(__file__).parent / "results"
_ROOT = Path(__file__).parents[1]
_ROUNDS = 7
_QUICK_ROUNDS = 3
_MAIN = "from countlab.cli import main; main()"
_HISTORY_ROWS = 50

PYTHON, OPENVINO = "python -c pass", "import openvino"
_SCRIPTS: dict[str, Sequence[str]] = {
    PYTHON: ("pass",),
    OPENVINO: ("import openvino",),
    "import countlab.client": ("import countlab.client",),
    "countlab --help": (_MAIN, "--help"),
    "countlab count --help": (_MAIN, "count", "--help"),
    "countlab history": (_MAIN, "history"),
    "countlab count fruits.jpg": (_MAIN, "count", str(_ROOT / "images" / "fruits.jpg")),
    "countlab count --json": (_MAIN, "count", str(_ROOT / "images" / "fruits.jpg"), "--json"),
}


@dataclass
class Start:
    """The least seconds of all rounds: by the clock, and of processor time."""

    name: str
    wall_s: float = float("inf")
    cpu_s: float = float("inf")

    def add(self, wall_s: float, cpu_s: float) -> None:
        self.wall_s, self.cpu_s = min(self.wall_s, wall_s), min(self.cpu_s, cpu_s)


def run(
    console: Console,
    stderr_console: Console,
    *,
    quick: bool = False,
    results: Path = RESULTS,
) -> dict[str, Start]:
    from benchmarks.machine import machine_info
    from benchmarks.report import save

    machine = machine_info()
    starts = measure(_QUICK_ROUNDS if quick else _ROUNDS, stderr_console)
    console.print(starts_table(starts))
    console.print(f"{machine['processor']}, {machine['cores']} cores; least of the rounds")
    data: dict[str, Any] = {
        "at": time.strftime("%Y-%m-%d %H:%M:%S"),
        "machine": machine,
        "start": [asdict(start) for start in starts.values()],
    }
    stderr_console.print(f"written: {save(results, 'start', data)}", soft_wrap=True)
    return starts


def measure(rounds: int, stderr_console: Console) -> dict[str, Start]:
    """One round more than asked warms the disk's cache and compiles what is compiled once."""
    starts = {name: Start(name) for name in _SCRIPTS}
    with tempfile.TemporaryDirectory() as home:
        _write_history(Path(home))
        for number in range(rounds + 1):
            stderr_console.print(f"round {number} of {rounds}", style="dim")
            for name, (script, *arguments) in _SCRIPTS.items():
                spent = _spent([sys.executable, "-c", script, *arguments], Path(home))
                if number:
                    starts[name].add(*spent)
    return starts


def starts_table(starts: dict[str, Start]) -> Table:
    table = Table("", "wall ms", "CPU ms", "× python", "× import openvino", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for start in starts.values():
        table.add_row(
            start.name,
            f"{start.wall_s * 1000:.0f}",
            f"{start.cpu_s * 1000:.0f}",
            f"{start.cpu_s / starts[PYTHON].cpu_s:.1f}",
            f"{start.cpu_s / starts[OPENVINO].cpu_s:.2f}",
        )
    return table


def _spent(command: Sequence[str], home: Path) -> tuple[float, float]:
    """Seconds by the clock, and of the child's processor time."""
    environment = {**os.environ, "COUNTLAB_HOME": str(home), "PYTHONPATH": str(_ROOT)}
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=_ROOT)
    wall_s, after = time.perf_counter() - began, os.times()
    children = after.children_user + after.children_system
    return wall_s, children - before.children_user - before.children_system


def _write_history(home: Path) -> None:
    """As many rows as a short afternoon leaves."""
    from countlab.history import Database, new_row

    database = Database.from_settings(Settings(home=home))
    database.prepare()
    values: dict[str, Any] = {
        "request_id": None, "key_name": None, "picture_sha256": "0" * 64, "model": "fruits",
        "engine": "openvino", "precision": "f32", "parameters": {"confidence": 0.5},
        "object": None, "count": 3, "counts": {"orange": 3}, "milliseconds": {"find": 20.0},
        "warnings": [], "receipt": {},
    }  # fmt: skip
    database.write([new_row(**values) for _ in range(_HISTORY_ROWS)])
    database.close()
