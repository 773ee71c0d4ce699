"""Tracking of a training: parameters, figures of each epoch, evaluation, data, environment.

Training knows nothing of it; what it reports and leaves on disk is enough.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.training.environment import environment
from countlab.training.run_log import RunHead, RunLog, waiting_folder
from countlab.training.run_stores import TRACKED, send

if TYPE_CHECKING:
    from countlab.training.lab import Lab
    from countlab.training.loop import Progress, Report

_SECTIONS = ("input", "network", "augment", "schedule", "pretext")
_PLOTS = (".svg", ".png", ".jpg")

log = logging.getLogger("countlab.tracking")


@dataclass
class Tracking:
    """One training that is tracked; `away` says why the store does not have all of it yet."""

    settings: Settings
    run: RunLog
    head: RunHead
    away: CountlabError | None = None

    @property
    def store(self) -> str:
        return self.head.store

    @property
    def name(self) -> str:
        return self.head.name

    @property
    def folder(self) -> Path:
        """Where the run waits until its store has all of it."""
        return self.run.folder

    def report(self, inner: Report) -> Report:
        """The same report, and the figures of every epoch in the log."""

        def tell(progress: Progress) -> None:
            if progress.stage == "train" and progress.figures:
                for figures in progress.history[self.run.steps() :]:
                    values = {name: value for name, value in figures.items() if name != "epoch"}
                    self.run.add_metrics(int(figures["epoch"]), values)
                self._send()
            inner(progress)

        return tell

    def finish(self, evaluation: Mapping[str, Any], seconds: float) -> None:
        """The judgment, the data's version, the files; then all of it is sent."""
        folder = Path(self.head.model_folder)
        values = {f"{name}.{key}": value for name, figures in evaluation["sets"].items()
                  for key, value in figures.items() if isinstance(value, int | float)}  # fmt: skip
        self.run.add_metrics(self.run.steps(), {"seconds": seconds, **_allowed_names(values)})
        parts = evaluation.get("training", {}).get("parts", {})
        self.run.add_parameters({f"data.{part}": str(number) for part, number in parts.items()})
        self.run.add_parameters({"data.version": data_version(folder)})
        self.run.add_files(_files(folder))
        self.end("FINISHED")

    def end(self, status: str) -> None:
        self.run.end(status)
        self.away = None
        self._send()

    @contextlib.contextmanager
    def ended_with(self) -> Iterator[None]:
        """No run stays open in the store: a training that fails or is stopped is said to be."""
        try:
            yield
        except KeyboardInterrupt:
            self.run.stop()
            self._send()
            raise
        except BaseException:
            self.end("FAILED")
            raise

    def _send(self) -> None:
        """Once the store was away it is asked again at the end alone: training does not wait."""
        if self.away is None:
            try:
                send(self.run, self.settings)
            except CountlabError as error:
                self.away = error
                log.warning("%s", error)


def begin(
    settings: Settings,
    *,
    store: str,
    lab: Lab,
    out: Path,
    seed: int,
    resume: bool,
    parent: str | None = None,
    name: str | None = None,
) -> Tracking:
    """A new run, or the one under way in this folder."""
    (out / "training").mkdir(parents=True, exist_ok=True)
    under_way = _under_way(settings, out) if resume else None
    if under_way is not None:
        under_way.go_on()
        return Tracking(settings, under_way, under_way.head)
    run = RunLog.begin(
        settings,
        store=store,
        experiment=lab.name,
        name=name or f"{lab.name} seed {seed}",
        model_folder=out,
        parameters={"seed": str(seed), **parameters(lab)},
        tags=environment(),
        parent=parent,
    )
    (out / "training" / TRACKED).write_text(json.dumps({"log": run.head.id, "run": ""}))
    return Tracking(settings, run, run.head)


def _under_way(settings: Settings, out: Path) -> RunLog | None:
    with contextlib.suppress(OSError, ValueError, KeyError):
        log_id = json.loads((out / "training" / TRACKED).read_text(encoding="utf-8"))["log"]
        run = RunLog(waiting_folder(settings) / log_id)
        if run.head.model_folder == str(out.resolve()) and run.status is None:
            return run
    return None


def tracked_run(folder: Path) -> str | None:
    """The store's id of the run that trained a model; None if there is none, or it still waits."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        text = (folder / "training" / TRACKED).read_text(encoding="utf-8")
        return str(json.loads(text)["run"]) or None
    return None


def parameters(lab: Lab) -> dict[str, str]:
    """Every setting of the lab under its name in `lab.toml`, such as `schedule.rate`."""
    found = {"classes": ", ".join(lab.classes)}
    for section in _SECTIONS:
        for name, value in asdict(getattr(lab, section)).items():
            if name != "sources":
                found[f"{section}.{name}"] = str(value)
    return found


def data_version(folder: Path) -> str:
    """The SHA-256 of the split: which pictures there were, and the part of each."""
    path = folder / "training" / "split.csv"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _files(folder: Path) -> list[Path]:
    """What a person wants to see of a run; the graph itself goes to the registry."""
    named = [folder / name for name in ("card.md", "evaluation.json", "model.toml")]
    plots = [path for place in (folder, folder / "training") if place.is_dir()
             for path in sorted(place.iterdir()) if path.suffix in _PLOTS]  # fmt: skip
    return [path for path in [*named, *plots, folder / "training" / "split.csv"] if path.is_file()]


def _allowed_names(values: Mapping[str, float]) -> dict[str, float]:
    """MLflow takes letters, digits and a few signs in the name of a figure."""
    allowed = set("_-./ ")
    return {
        "".join(c if (c.isascii() and c.isalnum()) or c in allowed else "-" for c in name): value
        for name, value in values.items()
    }
