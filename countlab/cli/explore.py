"""The command `explore`: one page about a dataset before anything learns from it."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.terminal import progress_bar, stdout_console
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.settings import terminal_language


def explore(
    folder: Annotated[Path, typer.Argument(help=say("explore_folder"))],
    out: Annotated[Path | None, typer.Option(help=say("explore_out"))] = None,
    split: Annotated[Path | None, typer.Option(help=say("explore_split"))] = None,
    json: Annotated[bool, typer.Option("--json", help=say("explore_json"))] = False,
) -> None:
    """Look at a whole dataset: balance, sizes, copies, leakage, brightness, examples."""
    from countlab.datasets.explore.findings import findings_of
    from countlab.datasets.explore.page import dataset_page, page_words
    from countlab.datasets.explore.survey import survey

    language = terminal_language()
    with progress_bar() as bar:
        task = bar.add_task(say("explore_progress"), total=None)
        surveyed = survey(
            folder,
            split=split,
            each=lambda: bar.advance(task),
            number=lambda total: bar.update(task, total=total),
        )
    findings = findings_of(surveyed)
    page = out or folder / "explore.html"
    try:
        page.write_text(dataset_page(surveyed, findings, language=language), encoding="utf-8")
    except OSError as reason:
        raise CountlabError("cannot_write", path=page, reason=reason.strerror) from reason
    if json:
        print(json_format.dumps(findings.as_json(), ensure_ascii=False, indent=1))
        return
    console = stdout_console()
    counts = ", ".join(f"{label} {number}" for label, number in findings.by_label.items())
    console.print(say("explored", pictures=findings.pictures, counts=counts or "–"))
    for line in findings.sentences(page_words(language)):
        console.print(f"- {line}", soft_wrap=True)
    console.print(str(page), soft_wrap=True)
