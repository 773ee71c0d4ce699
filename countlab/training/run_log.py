"""A run's log on disk: what is to be told a tracking store, told when the store is there.

    HOME/tracking/RUN/run.json         name, parameters, tags, which store
    HOME/tracking/RUN/events.ndjson    a line for each epoch, stop and end; only ever added to
    HOME/tracking/RUN/files/           card, evaluation, curve
    HOME/tracking/RUN/sent.json        what the store has already

Everything is written here first: a store that is down loses nothing, and a run that was killed goes
on in the same log. A log that was sent whole is removed.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from countlab.datasets.lines import append_line, read_lines
from countlab.settings import Settings
from countlab.system.whole_file import write_whole

RUN, EVENTS, FILES, SENT = "run.json", "events.ndjson", "files", "sent.json"
ENDED = ("FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True)
class RunHead:
    """What is known of a run when it begins."""

    id: str
    store: str
    """`mlflow` or `wandb`."""
    experiment: str
    name: str
    model_folder: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    parent: str | None = None
    """The log id of the sweep that it belongs to."""
    begun_at: float = 0.0


@dataclass
class Sent:
    """How far a log was sent; `remote` is the run's id in the store."""

    remote: str = ""
    events: int = 0
    files: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RunLog:
    """One run's folder."""

    folder: Path

    @classmethod
    def begin(
        cls,
        settings: Settings,
        *,
        store: str,
        experiment: str,
        name: str,
        model_folder: Path,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        parent: str | None = None,
    ) -> RunLog:
        head = RunHead(
            f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}", store, experiment, name,
            str(model_folder.resolve()), dict(parameters), dict(tags), parent, time.time(),
        )  # fmt: skip
        log = cls(waiting_folder(settings) / head.id)
        write_whole(log.folder / RUN, json.dumps(asdict(head), indent=1).encode())
        return log

    @property
    def head(self) -> RunHead:
        return RunHead(**json.loads((self.folder / RUN).read_text(encoding="utf-8")))

    @property
    def events(self) -> list[dict[str, Any]]:
        return read_lines(self.folder / EVENTS)

    @property
    def sent(self) -> Sent:
        path = self.folder / SENT
        return Sent(**json.loads(path.read_text())) if path.is_file() else Sent()

    @property
    def status(self) -> str | None:
        """How the run ended; None while it goes on, or can be gone on with."""
        ends = [event["end"] for event in self.events if "end" in event]
        return ends[-1] if ends else None

    @property
    def files(self) -> list[Path]:
        folder = self.folder / FILES
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def add_metrics(self, step: int, values: Mapping[str, float]) -> None:
        self._add({"step": step, "time": time.time(), "metrics": dict(values)})

    def add_parameters(self, values: Mapping[str, str]) -> None:
        self._add({"time": time.time(), "parameters": dict(values)})

    def add_files(self, paths: Sequence[Path]) -> None:
        """Copied: the model's folder may be trained anew before the store is back."""
        (self.folder / FILES).mkdir(exist_ok=True)
        for path in paths:
            shutil.copyfile(path, self.folder / FILES / path.name)

    def end(self, status: str) -> None:
        self._add({"time": time.time(), "end": status})

    def stop(self) -> None:
        """It does not go on by itself, and may be gone on with."""
        self._add({"time": time.time(), "stopped": True})

    def go_on(self) -> None:
        """After a stop the store is told so; a run that was killed had no time to tell."""
        events = self.events
        if events and events[-1].get("stopped"):
            self._add({"time": time.time(), "stopped": False})

    def mark(self, sent: Sent) -> None:
        write_whole(self.folder / SENT, json.dumps(asdict(sent)).encode())

    def steps(self) -> int:
        """How many epochs are in the log."""
        return sum("metrics" in event for event in self.events)

    def _add(self, event: Mapping[str, Any]) -> None:
        append_line(self.folder / EVENTS, event)


def waiting_folder(settings: Settings) -> Path:
    return settings.home / "tracking"


def waiting(settings: Settings) -> list[RunLog]:
    """The logs that were not sent whole, the oldest first."""
    folder = waiting_folder(settings)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [RunLog(path) for path in found if (path / RUN).is_file()]
