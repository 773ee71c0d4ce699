"""The client notebook in a sandbox, with a recorder where it expects its server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from countlab.grading.judging.client_checks import ClientRun
from countlab.grading.pictures.recognition import KnownPictures
from countlab.grading.pictures.reference import Reference
from countlab.grading.rubric import Rubric
from countlab.grading.running.cell_failures import failed_cells
from countlab.grading.running.recorder import Recorder, Upstream
from countlab.grading.sandbox.notebook_run import Limits, NotebookRun
from countlab.grading.sandbox.sandbox import Sandbox, SandboxEnded
from countlab.grading.submissions.archive import Submission
from countlab.grading.submissions.notebook import Notebook

USUAL_PORT = 8000
_CHECK = re.compile(r"check\(['\"][\d.]+['\"]\)")
_PORT = re.compile(
    r"(?:127\.0\.0\.1|localhost|0\.0\.0\.0|port|puerto)\W{1,6}(\d{4,5})\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Grader:
    """What all submissions have in common."""

    rubric: Rubric
    seed: str
    pictures: KnownPictures
    models: Path | None = None
    assignment: Path | None = None
    limits: Limits = field(default_factory=Limits)
    protected: bool = True
    place: int = 0
    reference: Reference = field(default_factory=Reference)


def open_box(submission: Submission, grader: Grader) -> Sandbox:
    return Sandbox(
        submission.folder,
        models=grader.models,
        limits=grader.limits,
        protected=grader.protected,
        place=grader.place,
    )


def run_client(
    submission: Submission, notebook: Notebook, grader: Grader, upstream: Upstream, port: int
) -> ClientRun:
    ports = {port, USUAL_PORT, *_ports_in(notebook)}
    recorder: Recorder | None = None
    try:
        with open_box(submission, grader) as box:
            recorder = Recorder(upstream, [box.listen(each) for each in sorted(ports)])
            run = box.run("client", cells_to_run(notebook))
            run.done.wait(grader.limits.notebook_s + 30)
            failed = [str(each) for each in failed_cells(run, notebook)]
            failed += [box.ended_because or run.error or "timeout"] if _cut(box, run) else []
            shown = "\n".join(str(cell.get("text", "")) for cell in run.cells.values())
            return ClientRun(tuple(recorder.requests), tuple(failed), shown)
    except (SandboxEnded, OSError) as reason:
        recorded = tuple(recorder.requests) if recorder else ()
        return ClientRun(recorded, (str(reason) or type(reason).__name__,))
    finally:
        if recorder is not None:
            recorder.stop()


def _cut(box: Sandbox, run: NotebookRun) -> bool:
    """It did not come to its end."""
    return bool(box.ended_because or run.error) or not run.done.is_set()


def cells_to_run(notebook: Notebook) -> list[tuple[int, str]]:
    """All code but the public checks: the grader has its own."""
    return [
        (index, source) for index, source in notebook.code if not _CHECK.fullmatch(source.strip())
    ]


def _ports_in(notebook: Notebook) -> set[int]:
    text = "\n".join(source for _, source in notebook.code)
    found = sorted({int(number) for number in _PORT.findall(text)})
    return {number for number in found[:6] if 1024 < number < 65536}
