"""Cells that did not end well: the line of the student's own code, and what Python said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from countlab.grading.judging.verdict import Verdict
from countlab.grading.sandbox.notebook_run import NotebookRun
from countlab.grading.submissions.notebook import Notebook

_CODES = {"timeout": "grade_cell_timeout", "output": "grade_cell_output", "dead": "grade_cell_dead"}


@dataclass(frozen=True)
class FailedCell:
    """`status` is `error`, `timeout`, `output`, `dead` or `skipped`."""

    status: str
    line: str
    said: str = ""

    def verdict(self, notebook: str) -> Verdict:
        code = _CODES.get(self.status)
        if code is None:
            return Verdict(notebook, 0, "grade_cell_failed", {"said": str(self)})
        return Verdict(notebook, 0, code, {"line": self.line})

    def __str__(self) -> str:
        return f"{self.said} ({self.line})" if self.said else f"{self.line} ({self.status})"


def failed_cells(run: NotebookRun, notebook: Notebook) -> list[FailedCell]:
    """In the order in which they ran."""
    sources = dict(notebook.code)
    failed = []
    for number, cell in run.cells.items():
        error = cell.get("error") or {}
        first = next((line for line in sources.get(number, "").splitlines() if line.strip()), "")
        if cell["status"] == "error":
            said = f"{error.get('name')}: {error.get('value')}"
            failed.append(FailedCell("error", str(error.get("line") or first), said))
        elif cell["status"] not in ("ok", "serving"):
            why = str(cell.get("why") or cell["status"])
            failed.append(FailedCell(why if why in _CODES else cell["status"], first[:120]))
    return failed


def not_served(failed: Sequence[FailedCell], ended: str) -> Verdict:
    if ended:
        return sandbox_ended(ended)
    if not failed:
        return Verdict("server", 0, "grade_no_app")
    if failed[0].status == "error":
        return Verdict("server", 0, "grade_server_not_up", {"said": str(failed[0])})
    return failed[0].verdict("server")


def sandbox_ended(reason: str) -> Verdict:
    known = reason if reason in ("memory", "processes", "time") else "ended"
    return Verdict("sandbox", 0, f"grade_sandbox_{known}")
