"""Worker processes whose end is sure: each has a time, a log and a folder that goes with it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path

from countlab.grading.running.worker import Job
from countlab.grading.sandbox.limits import python_command
from countlab.grading.sandbox.watch import kill_tree


class WorkerProcesses:
    """Those at work, so that all of them end when the batch is stopped."""

    def __init__(self) -> None:
        self.stopped = False
        self._running: set[int] = set()

    def stop(self) -> None:
        self.stopped = True
        for pid in list(self._running):
            kill_tree(pid)

    def run(self, job: Job, log: Path, limit_s: float) -> str:
        """Comes back when the worker has ended, and says how."""
        if self.stopped:
            return "stopped"
        # Only its owner may look in; a worker that is killed leaves nothing behind elsewhere.
        with tempfile.TemporaryDirectory(prefix="countlab-") as scratch, log.open("wb") as errors:
            process = subprocess.Popen(
                python_command("countlab.grading.running.worker", json.dumps(asdict(job))),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, "TMPDIR": scratch, "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
            self._running.add(process.pid)
            try:
                reason = f"exit status {process.wait(limit_s)}"
            except subprocess.TimeoutExpired:
                reason = "time"
            finally:
                self._running.discard(process.pid)
                kill_tree(process.pid)
                process.wait()
        if not log.stat().st_size:
            log.unlink()
        return reason
