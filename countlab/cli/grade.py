"""The command `grade`: submissions in; a table, CSV, pages and a Gradescope ZIP out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import note, stderr_console, stdout_console
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.settings import terminal_language

if TYPE_CHECKING:
    from countlab.grading.course import Course
    from countlab.grading.result import Result
    from countlab.grading.running.batch import Batch


def grade(
    submissions: Annotated[list[Path] | None, typer.Argument(help=say("grade_submissions"))] = None,
    out: Annotated[Path, typer.Option(help=say("grade_out"))] = Path("grades"),
    config: Annotated[Path | None, typer.Option(help=say("grade_config"))] = None,
    pictures: Annotated[Path, typer.Option(help=say("grade_pictures"))] = Path("images"),
    rubric: Annotated[Path | None, typer.Option(help=say("grade_rubric"))] = None,
    jobs: Annotated[int, typer.Option(min=1, max=32, help=say("grade_jobs"))] = 2,
    seed: Annotated[str, typer.Option(help=say("grade_seed"))] = "",
    again: Annotated[bool, typer.Option("--again", help=say("grade_again"))] = False,
    unprotected: Annotated[
        bool, typer.Option("--unprotected", help=say("grade_unprotected"))
    ] = False,
    similar: Annotated[bool, typer.Option("--similar", help=say("grade_similar"))] = False,
    mark: Annotated[bool, typer.Option("--mark", help=say("grade_mark"))] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help=say("grade_port"))] = 8020,
    gradescope: Annotated[Path | None, typer.Option(help=say("grade_gradescope"))] = None,
    results_json: Annotated[Path | None, typer.Option(help=say("grade_results_json"))] = None,
) -> None:
    """Grade submissions by what their servers and clients do."""
    from countlab.grading.course import read_course
    from countlab.grading.running.batch import Batch
    from countlab.grading.submissions.starter import assignment_folder

    course = read_course(config)
    language = course.language if config else terminal_language()
    if gradescope:
        from countlab.grading.reports.gradescope import write_autograder

        note(say("grade_autograder_ready", path=write_autograder(gradescope, pictures, config)))
    elif mark:
        from countlab.grading.reports.marking_page import mark_in_browser

        mark_in_browser(out, language=language, port=port)
    else:
        if not (pictures / "truth.csv").is_file():
            raise CountlabError("no_such_file", path=pictures / "truth.csv")
        batch = Batch(
            out, pictures, assignment_folder(), rubric, language, not unprotected, jobs, seed
        )
        _grade(submissions or [], batch, course, again, similar, results_json)


def _grade(
    paths: list[Path],
    batch: Batch,
    course: Course,
    again: bool,
    similar: bool,
    results_json: Path | None,
) -> None:
    from countlab.grading.reports.marking import with_marks
    from countlab.grading.reports.pages import write_reports
    from countlab.grading.reports.tables import table, write_tables
    from countlab.grading.running.batch import find_submissions

    found = find_submissions(paths)
    graded = with_marks(_graded(found, batch, again), batch.out)
    write_tables(graded, course, batch.out)
    write_reports(graded, course, batch.out, batch.rubric)
    if results_json:
        from countlab.grading.reports.gradescope import write_results

        write_results(results_json, graded[0])
    console = stdout_console()
    console.print(table(graded, course, batch.language, width=console.width))
    if similar:
        _print_similar(found, batch)
    if not batch.protected:
        note(say("grade_open"))
    note(say("grade_reports", path=batch.out / "class.html"))


def _graded(found: dict[str, Path], batch: Batch, again: bool) -> list[Result]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from countlab.grading.running.batch import grade_all

    console = stderr_console()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("…", total=len(found))

        def tick(result: Result) -> None:
            bar.update(task, advance=1, description=result.name[:24])

        try:
            return grade_all(found, batch, again=again, tick=tick)
        except KeyboardInterrupt:
            bar.stop()
            note(say("grade_stopped"))
            raise typer.Exit(130) from None


def _print_similar(found: dict[str, Path], batch: Batch) -> None:
    from countlab.grading.submissions.similarity import similar_pairs, write_page

    pairs = similar_pairs(found, batch.assignment)
    for pair in pairs:
        stdout_console().print(f"{pair.share:.0%}  {pair.first}  {pair.second}")
    page = batch.out / "similar.html"
    write_page(pairs, page, batch.language)
    note(say("grade_pairs", number=len(pairs), path=page))
