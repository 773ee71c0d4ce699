"""The process that grades one submission: `batch` starts it, and ends it when it is late."""

from __future__ import annotations

import contextlib
import ctypes
import json
import resource
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.grading.judging.verdict import Verdict
from countlab.grading.pictures.recognition import KnownPictures
from countlab.grading.result import Result
from countlab.grading.rubric import Rubric, read_rubric, score
from countlab.grading.running.client_run import Grader
from countlab.grading.running.sandbox_models import make_models
from countlab.grading.running.submission_run import grade
from countlab.grading.sandbox.bubblewrap import bubblewrap
from countlab.grading.sandbox.notebook_run import Limits
from countlab.grading.submissions.archive import open_submission
from countlab.messages import Language

_PR_SET_PDEATHSIG = 1
_MEMORY_BYTES = 16 << 30  # address space of the grader itself, whatever a server answers


@dataclass(frozen=True)
class Job:
    """What a worker is told, as JSON on its standard input."""

    path: str
    name: str
    seed: str
    pictures: str
    assignment: str
    language: Language
    protected: bool
    place: int
    limits: dict[str, Any]
    output: str
    rubric: str = ""


def main(arguments: list[str]) -> None:
    job = Job(**json.loads(arguments[0]))
    _end_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    result = work(job)
    draft = Path(job.output + ".draft")
    draft.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(job.output)


def _end_with_parent() -> None:
    """When the batch is killed, nothing of it stays; bubblewrap does the same below."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def work(job: Job) -> Result:
    rubric = read_rubric(Path(job.rubric) if job.rubric else None)
    scratch = Path(tempfile.mkdtemp(prefix="countlab-grade-"))
    try:
        scratch.chmod(0o755)
        submission = open_submission(
            Path(job.path), scratch / "files", name=job.name, language=job.language
        )
        pictures = Path(job.pictures)
        shutil.copytree(pictures, submission.folder / "images", dirs_exist_ok=True)
        for path in submission.folder.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        grader = Grader(
            rubric=rubric,
            seed=job.seed,
            pictures=KnownPictures(pictures),
            models=make_models(scratch / "models"),
            assignment=Path(job.assignment) if job.assignment else None,
            limits=Limits(**job.limits),
            protected=job.protected and bubblewrap() is not None,
            place=job.place,
        )
        return grade(submission, grader)
    except CountlabError as error:
        facts = {name: _plain(value) for name, value in error.facts.items()}
        return nothing(job.name, rubric, Verdict("", 0, error.code, facts), job.language)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _plain(fact: object) -> object:
    """As JSON keeps it."""
    if isinstance(fact, list | tuple):
        return [str(each) for each in fact]
    return fact if isinstance(fact, int | float) else str(fact)


def nothing(name: str, rubric: Rubric, reason: Verdict, language: Language) -> Result:
    """A row without points that says why."""
    questions = tuple(
        replace(score(question, (), reason), points=0.0) for question in rubric.questions
    )
    return Result(name=name, language=language, questions=questions, remarks=(reason,))


if __name__ == "__main__":
    main(sys.argv[1:])
