"""The command `submit`: a folder in; what to mend, and one ZIP to hand in, out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import print_error, stderr_console, stdout_console
from countlab.cli.texts import say, words
from countlab.errors import CountlabError

if TYPE_CHECKING:
    from countlab.grading.rubric import QuestionResult
    from countlab.grading.student.submit import Handed
    from countlab.messages import Language


def submit(
    folder: Annotated[Path, typer.Argument(help=say("submit_folder"))] = Path(),
    name: Annotated[str, typer.Option(help=say("submit_name"))] = "",
    email: Annotated[str, typer.Option(help=say("submit_email"))] = "",
    id: Annotated[str, typer.Option(help=say("submit_id"))] = "",
    out: Annotated[Path | None, typer.Option(help=say("submit_out"))] = None,
    run: Annotated[bool, typer.Option("--run/--no-run", help=say("submit_run"))] = True,
) -> None:
    """Check your work and put it into one ZIP to hand in."""
    from countlab.grading.student.submit import hand_in

    if not folder.is_dir():
        raise CountlabError("no_such_file", path=folder)
    stem = "".join(char if char.isalnum() else "_" for char in name.lower()) or "submission"
    student = {"name": name, "email": email, "id": id}
    with stderr_console().status("…"):
        handed = hand_in(folder, out or folder / f"{stem}.zip", student, run=run)
    _print(handed)
    raise typer.Exit(1 if handed.problems else 0)


def _print(handed: Handed) -> None:
    from rich.table import Table

    if handed.rehearsal is not None:
        shown = Table(*words("submit_columns"), box=None, pad_edge=False)
        for question in handed.rehearsal.questions:
            points = f"{question.points or 0:.2f} / {question.of:g}"
            shown.add_row(question.id, points, _to_mend(question, handed.language))
        stdout_console().print(shown)
    for problem in handed.problems:
        print_error(problem)
    stdout_console().print(say("submit_written", path=handed.path), soft_wrap=True)
    stdout_console().print(say("submit_nothing_sent"))


def _to_mend(question: QuestionResult, language: Language) -> str:
    """The first reason for a loss; a check that only waits for another one says nothing."""
    lost = [verdict for verdict in question.verdicts if verdict.credit < 1]
    own = [verdict for verdict in lost if verdict.code != "grade_depends"] or lost
    return " ".join(own[0].text(language)) if own else "✓"
