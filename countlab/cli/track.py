"""The command `track`: runs that wait because their tracking store was away are sent."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from countlab.cli.terminal import note, print_error, stderr_console
from countlab.cli.texts import say
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.training.lab import Lab
    from countlab.training.tracking import Tracking
    from countlab.training.tuning import Trial


def track() -> None:
    """Send the runs that wait on disk because the tracking store was away."""
    from countlab.training.run_log import waiting
    from countlab.training.run_stores import send_waiting

    settings = Settings.from_environment()
    number, error = send_waiting(settings)
    note(say("track_sent", number=number, left=len(waiting(settings))))
    if error:
        print_error(error)
        raise typer.Exit(1)


def begin_tracking(
    store: str, settings: Settings, lab: Lab, out: Path, *, seed: int, resume: bool
) -> Tracking:
    """A run that is tracked; those that still wait from earlier go first."""
    from countlab.training.run_stores import check_store, send_waiting
    from countlab.training.tracking import begin

    check_store(store)
    number, _ = send_waiting(settings)
    if number:
        note(say("track_sent", number=number, left=0))
    return begin(settings, store=store, lab=lab, out=out, seed=seed, resume=resume)


@contextlib.contextmanager
def tracked_sweep(
    store: str | None, settings: Settings, lab: Lab, out: Path
) -> Iterator[Callable[[Trial], None]]:
    """What to call with each trial that has ended; nothing happens without a store."""
    if store is None:
        yield lambda _: None
        return
    from countlab.training.run_stores import check_store, send_waiting
    from countlab.training.sweep_tracking import begin_sweep

    check_store(store)
    send_waiting(settings)
    out.mkdir(parents=True, exist_ok=True)
    sweep = begin_sweep(settings, store=store, lab=lab, out=out)
    try:
        yield sweep.trial
    finally:
        if sweep.away is not None:
            print_error(sweep.away)
            note(say("track_waits", folder=settings.home / "tracking"))


def end_tracking(tracking: Tracking, model: Any) -> None:
    tracking.finish(model.evaluation, model.seconds)
    if tracking.away is None:
        stderr_console().print(say("track_done", store=tracking.store, run=tracking.name))
        return
    print_error(tracking.away)
    note(say("track_waits", folder=tracking.folder))
