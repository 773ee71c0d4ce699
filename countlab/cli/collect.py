"""The command `collect`: the products of a shop's pages as pictures in a folder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import note, print_error, progress_bar, stdout_console
from countlab.cli.texts import say
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.datasets.collect.run import Outcome


def collect(
    shop: Annotated[Path, typer.Argument(metavar="FILE", help=say("collect_shop"))],
    out: Annotated[str, typer.Argument(metavar="FOLDER", help=say("collect_out"))],
    limit: Annotated[int | None, typer.Option(min=1, help=say("collect_limit"))] = None,
    delay: Annotated[float | None, typer.Option(min=0, help=say("collect_delay"))] = None,
    again: Annotated[bool, typer.Option("--again", help=say("collect_again"))] = False,
) -> None:
    """Collect the products of a shop's pages, politely, as pictures in a folder."""
    from countlab.datasets.collect.mirror import Mirror, folder_for, is_address
    from countlab.datasets.collect.run import collect as run
    from countlab.datasets.collect.shop import read_shop

    described = read_shop(shop)
    polite = replace(
        described.polite,
        limit=limit or described.polite.limit,
        delay_s=described.polite.delay_s if delay is None else delay,
    )
    home = Settings.from_environment().home
    folder = folder_for(out, home) if is_address(out) else Path(out)
    mirror = Mirror(out, folder) if is_address(out) else None
    with _progress(polite.limit) as report:
        outcome = run(
            replace(described, polite=polite), folder, mirror=mirror, again=again, report=report
        )
    _tell(outcome, out)
    if outcome.ended == "stopped":
        raise typer.Exit(130)


@contextlib.contextmanager
def _progress(limit: int) -> Iterator[Callable[[Outcome, int], None]]:
    with progress_bar() as bar:
        task = bar.add_task(say("collect_progress"), total=limit)
        yield lambda _, number: bar.update(task, completed=number)


def _tell(outcome: Outcome, out: str) -> None:
    for name, error in outcome.failed[:_MOST_FAILURES]:
        print_error(error, about=name)
    if len(outcome.failed) > _MOST_FAILURES:
        note(say("collect_more_failed", number=len(outcome.failed) - _MOST_FAILURES))
    stdout_console().print(
        say(
            "collected",
            new=outcome.new,
            known=outcome.known,
            failed=len(outcome.failed),
            pages=outcome.pages,
            out=out,
        )
    )
    note(say(f"collect_ended_{outcome.ended}"))


_MOST_FAILURES = 10
