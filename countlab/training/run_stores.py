"""Where runs are tracked: MLflow and Weights & Biases, each told from a run's log.

A sender goes on where an earlier one broke off: it marks after each step what the store has.
"""

from __future__ import annotations

import json
import logging
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from countlab.errors import CountlabError
from countlab.models.mlflow_store import away, open_store
from countlab.settings import Settings
from countlab.system.file_lock import locked
from countlab.system.whole_file import write_whole
from countlab.training.run_log import RunHead, RunLog, Sent, waiting

STORES = ("mlflow", "wandb")
TRACKED = "tracking.json"
_AT_ONCE = 500  # values in one request

log = logging.getLogger("countlab.tracking")


class RunStore(Protocol):
    """Sends what a store does not have yet of a log; raises `tracking_away`."""

    def send(self, run: RunLog, sent: Sent) -> None: ...


def check_store(name: str) -> None:
    """Before hours of training: a store that there is, and its library."""
    if name not in STORES:
        raise CountlabError("unknown_tracking", arrived=name, known=list(STORES))
    import_module(name)


def store_of(name: str, settings: Settings) -> RunStore:
    return WandbRuns(settings) if name == "wandb" else MlflowRuns(settings)


def send(run: RunLog, settings: Settings) -> bool:
    """Whether all of the log is in its store now; a log that is sent and has ended is removed."""
    with locked(run.folder.parent / ".lock"):
        if not run.folder.is_dir():
            return True  # another process was faster
        head, sent = run.head, run.sent
        store_of(head.store, settings).send(run, sent)
        run.mark(sent)
        if head.parent is None:
            _remember(Path(head.model_folder), head.id, sent.remote)
        if run.status is not None:
            shutil.rmtree(run.folder)
    return True


def send_waiting(settings: Settings) -> tuple[int, CountlabError | None]:
    """Sends every log that has ended and waits; how many went, and what stopped the rest."""
    number = 0
    for run in waiting(settings):
        if run.status is None:
            continue  # at work, or stopped and to be gone on with
        try:
            send(run, settings)
        except CountlabError as error:
            return number, error
        number += 1
    return number, None


def _remember(model_folder: Path, log_id: str, remote: str) -> None:
    """So that publishing the model names the run that trained it."""
    if (model_folder / "training").is_dir():
        text = json.dumps({"log": log_id, "run": remote}).encode()
        write_whole(model_folder / "training" / TRACKED, text)


class MlflowRuns:
    """Runs of an MLflow store."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, run: RunLog, sent: Sent) -> None:
        address = self._settings.tracking or "mlflow.sqlite"
        try:
            self._send(open_store(self._settings).client, run, sent)
        except ModuleNotFoundError:
            raise  # the error names the extra
        except Exception as reason:  # of MLflow, of databases, of stores of files
            if sent.remote:
                run.mark(sent)
            raise away(address, reason) from reason

    def _send(self, client: Any, run: RunLog, sent: Sent) -> None:
        if not sent.remote:
            sent.remote = self._made(client, run)
            run.mark(sent)
        for event in run.events[sent.events :]:
            self._tell(client, sent.remote, event)
            sent.events += 1
            if "end" not in event:
                run.mark(sent)
        for path in run.files:
            if path.name not in sent.files:
                client.log_artifact(sent.remote, str(path))
                sent.files.append(path.name)
                run.mark(sent)
        if run.status is not None:
            client.set_terminated(sent.remote, run.status)

    def _made(self, client: Any, run: RunLog) -> str:
        """The run, found again if an earlier sender broke off right after making it."""
        from mlflow.entities import Param

        head = run.head
        store = open_store(self._settings)
        experiment = store.experiment(head.experiment)
        found = client.search_runs([experiment], f"tags.`countlab.log` = '{head.id}'")
        run_id = str(found[0].info.run_id) if found else self._create(client, experiment, head)
        params = [Param(name, value[:6000]) for name, value in head.parameters.items()]
        client.log_batch(run_id, params=params)
        return run_id

    def _create(self, client: Any, experiment: str, head: RunHead) -> str:
        tags = {**head.tags, "countlab.log": head.id}
        if head.parent:
            parents = client.search_runs([experiment], f"tags.`countlab.log` = '{head.parent}'")
            tags |= {"mlflow.parentRunId": parents[0].info.run_id} if parents else {}
        started = int(head.begun_at * 1000)
        made = client.create_run(experiment, started, tags=tags, run_name=head.name)
        return str(made.info.run_id)

    def _tell(self, client: Any, remote: str, event: dict[str, Any]) -> None:
        from mlflow.entities import Metric, Param

        moment = int(event["time"] * 1000)
        metrics = [
            Metric(name, float(value), moment, event.get("step", 0))
            for name, value in event.get("metrics", {}).items()
        ]
        params = [Param(name, value[:6000]) for name, value in event.get("parameters", {}).items()]
        for at in range(0, len(metrics), _AT_ONCE):
            client.log_batch(remote, metrics=metrics[at : at + _AT_ONCE])
        if params:
            client.log_batch(remote, params=params)
        if "stopped" in event:
            client.update_run(remote, status="KILLED" if event["stopped"] else "RUNNING")


class WandbRuns:
    """Runs of Weights & Biases; offline unless WANDB_MODE says otherwise."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, run: RunLog, sent: Sent) -> None:
        """Whole, when the run has ended: its own folder on disk is what stays there offline."""
        if run.status is None:
            return
        import wandb

        head = run.head
        folder = self._settings.home / "wandb"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            remote = wandb.init(
                project=f"countlab-{head.experiment}",
                id=head.id,
                name=head.name,
                group=head.parent,
                dir=str(folder),
                mode=self._settings.wandb_mode,
                config=dict(head.parameters),
                tags=[f"{name}={value}"[:60] for name, value in head.tags.items()],
                resume="allow" if self._settings.wandb_mode == "online" else None,
                settings=wandb.Settings(console="off", silent=True, disable_git=True),
            )
            for event in run.events:
                if "metrics" in event:
                    remote.log(event["metrics"], step=event["step"])
                remote.config.update(event.get("parameters", {}), allow_val_change=True)
            for path in run.files:
                remote.save(str(path), base_path=str(path.parent), policy="now")
            remote.finish(exit_code=0 if run.status == "FINISHED" else 1)
        except Exception as reason:  # of wandb, of its service process
            raise away("wandb", reason) from reason
        sent.remote, sent.events = head.id, len(run.events)
