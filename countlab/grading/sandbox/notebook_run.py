"""What one submission may use, and what comes back of a notebook while it runs."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

Message = dict[str, Any]
_MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    cell_s: float = 60
    notebook_s: float = 150
    sandbox_s: float = 300
    memory_mb: int = 2000
    file_mb: int = 50
    processes: int = 300
    cpu_s: int = 240
    output_bytes: int = 2_000_000

    def on_a_busy_machine(self, load_per_core: float) -> Limits:
        """Up to four times as long where others want the processor too: not the student's fault."""
        factor = min(4.0, max(1.0, load_per_core / 2))
        return replace(
            self,
            cell_s=self.cell_s * factor,
            notebook_s=self.notebook_s * factor,
            sandbox_s=self.sandbox_s * factor,
        )

    def as_rlimits(self) -> dict[str, int]:
        return {
            "RLIMIT_CPU": self.cpu_s,
            "RLIMIT_FSIZE": self.file_mb * _MB,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_NOFILE": 1024,
            "RLIMIT_CORE": 0,
            # Address space, not memory in use: libraries reserve several times what they touch.
            "RLIMIT_AS": self.memory_mb * 6 * _MB,
        }


@dataclass
class NotebookRun:
    """What came back of a notebook while it runs; remarks, not evidence."""

    cells: dict[int, Message] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)
    error: str = ""

    @property
    def serving(self) -> bool:
        """A cell is still at work because it serves."""
        return any(cell["status"] == "serving" for cell in self.cells.values())
