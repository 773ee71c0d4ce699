"""A search that is tracked: one run for the whole, and one below it for each trial."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.system.whole_file import write_whole
from countlab.training.environment import environment
from countlab.training.lab import Lab
from countlab.training.run_log import RunLog
from countlab.training.run_stores import TRACKED, send
from countlab.training.tracking import parameters
from countlab.training.tuning import Trial


@dataclass
class SweepTracking:
    """Each trial is told when it has ended; `away` says why some still wait on disk."""

    settings: Settings
    store: str
    lab: Lab
    out: Path
    parent: str
    away: CountlabError | None = None

    def trial(self, trial: Trial) -> None:
        values = {name: str(value) for name, value in trial.values.items()}
        run = self._run(f"trial {trial.number}", values, parent=self.parent)
        if trial.result:
            figures = {name: float(value) for name, value in vars(trial.result).items()
                       if isinstance(value, int | float)}  # fmt: skip
            run.add_metrics(1, figures)
        run.end("FINISHED" if trial.result else "KILLED")  # the latter was ended early
        self._send(run)

    def _run(self, name: str, values: dict[str, str], *, parent: str | None) -> RunLog:
        return RunLog.begin(
            self.settings, store=self.store, experiment=self.lab.name, name=name,
            model_folder=self.out, parameters=values, tags=environment(), parent=parent,
        )  # fmt: skip

    def _send(self, run: RunLog) -> None:
        try:
            send(run, self.settings)
        except CountlabError as error:
            self.away = error


def begin_sweep(settings: Settings, *, store: str, lab: Lab, out: Path) -> SweepTracking:
    """The run of the whole search: made once for its folder, and gone on with."""
    mark = out / TRACKED
    with contextlib.suppress(OSError, ValueError, KeyError):
        known = json.loads(mark.read_text(encoding="utf-8"))["log"]
        return SweepTracking(settings, store, lab, out, str(known))
    sweep = SweepTracking(settings, store, lab, out, "")
    run = sweep._run(f"search {lab.name}", parameters(lab), parent=None)
    sweep.parent = run.head.id
    write_whole(mark, json.dumps({"log": sweep.parent}).encode())
    run.end("FINISHED")
    sweep._send(run)
    return sweep
