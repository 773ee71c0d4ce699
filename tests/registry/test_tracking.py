"""Runs are kept on disk first: a store that is away, or a process that is killed, loses none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from countlab.errors import CountlabError
from countlab.models.mlflow_store import open_store
from countlab.models.registry import Registry
from countlab.settings import Settings
from countlab.training.lab import read_lab
from countlab.training.run_log import RunLog, waiting
from countlab.training.run_stores import check_store, send, send_waiting
from countlab.training.tracking import Tracking, begin, tracked_run
from tests.conftest import ROOT, Run

AWAY = "http://127.0.0.1:9"
EVALUATION: dict[str, Any] = {
    "sets": {"test": {"accuracy": 0.9, "accuracy_interval": [0.8, 1.0], "pictures": 50},
             "scikit-learn's (UCI, 8 × 8)": {"accuracy": 0.8}},
    "training": {"parts": {"train": 40, "validation": 5}},
}  # fmt: skip


class Progress:
    """What training reports after an epoch."""

    stage = "train"

    def __init__(self, epochs: int) -> None:
        self.history = tuple(
            {"epoch": at + 1, "loss": 1 / (at + 1), "validation_loss": 2 / (at + 1)}
            for at in range(epochs)
        )
        self.figures = self.history[-1]


def trained(
    settings: Settings, out: Path, *, store: str = "mlflow", resume: bool = True
) -> Tracking:
    (out / "training").mkdir(parents=True, exist_ok=True)
    (out / "training" / "split.csv").write_text("digest,part,name\na,train,a.png\n")
    (out / "evaluation.json").write_text(json.dumps(EVALUATION))
    (out / "curve.svg").write_text("<svg/>")
    lab = read_lab(ROOT / "labs" / "digits")
    return begin(settings, store=store, lab=lab, out=out, seed=1, resume=resume)


def tell(tracking: Tracking, epochs: Sequence[int]) -> None:
    report = tracking.report(lambda _: None)
    for number in epochs:
        report(Progress(number))  # type: ignore[arg-type]


def remote(settings: Settings, run_id: str) -> Any:
    return open_store(settings).client.get_run(run_id)


def steps(settings: Settings, run_id: str, name: str = "loss") -> list[int]:
    return [m.step for m in open_store(settings).client.get_metric_history(run_id, name)]


def test_a_run_has_its_parameters_figures_files_data_and_environment(
    settings: Settings, tmp_path: Path
) -> None:
    tracking = trained(settings, tmp_path / "out")
    tell(tracking, [1, 2, 3])
    tracking.finish(EVALUATION, 12.5)
    assert tracking.away is None
    assert waiting(settings) == []
    run_id = tracked_run(tmp_path / "out")
    assert run_id is not None
    found = remote(settings, run_id)
    assert found.info.status == "FINISHED"
    assert found.data.params["schedule.epochs"] == "10"
    assert found.data.params["seed"] == "1"
    assert len(found.data.params["data.version"]) == 64
    assert found.data.params["data.train"] == "40"
    assert found.data.metrics["test.accuracy"] == 0.9
    assert found.data.metrics["scikit-learn-s -UCI- 8 - 8-.accuracy"] == 0.8
    assert {"python", "processor", "countlab.version"} <= set(found.data.tags)
    assert steps(settings, run_id) == [1, 2, 3]
    files = {entry.path for entry in open_store(settings).client.list_artifacts(run_id)}
    assert files == {"evaluation.json", "curve.svg", "split.csv"}


def test_a_store_that_is_away_costs_nothing_and_gets_the_run_later(
    settings: Settings, tmp_path: Path
) -> None:
    away = replace(settings, tracking=AWAY)
    tracking = trained(away, tmp_path / "out")
    tell(tracking, [1, 2])
    tracking.finish(EVALUATION, 1.0)
    assert tracking.away is not None
    assert tracking.away.code == "tracking_away"
    assert tracked_run(tmp_path / "out") is None
    assert [run.status for run in waiting(away)] == ["FINISHED"]
    number, error = send_waiting(away)
    assert (number, error and error.code) == (0, "tracking_away")
    (tmp_path / "out" / "curve.svg").unlink()  # what is sent is what was there then
    assert send_waiting(settings) == (1, None)
    assert waiting(settings) == []
    run_id = tracked_run(tmp_path / "out")
    assert run_id is not None
    assert steps(settings, run_id) == [1, 2]
    names = {entry.path for entry in open_store(settings).client.list_artifacts(run_id)}
    assert "curve.svg" in names


def test_a_killed_run_goes_on_in_the_same_log(settings: Settings, tmp_path: Path) -> None:
    first = trained(settings, tmp_path / "out")
    tell(first, [1, 2])
    with (first.run.folder / "events.ndjson").open("a") as file:
        file.write('{"step": 3, "metr')  # it was killed while it wrote
    again = trained(settings, tmp_path / "out")
    assert again.run.folder == first.run.folder
    tell(again, [4])  # the report after the third epoch was never made
    again.finish(EVALUATION, 1.0)
    run_id = tracked_run(tmp_path / "out")
    assert run_id is not None
    assert steps(settings, run_id) == [1, 2, 3, 4]
    fresh = trained(settings, tmp_path / "out", resume=False)
    assert fresh.run.folder != first.run.folder


def test_a_sender_that_breaks_off_is_gone_on_with_and_sends_nothing_twice(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking = trained(settings, tmp_path / "out")
    client = type(open_store(settings).client)
    whole, calls = client.log_batch, 0

    def breaking(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls in (1, 3, 5):
            raise ConnectionError("cut")
        return whole(*arguments, **named)

    monkeypatch.setattr(client, "log_batch", breaking)
    for epoch in (1, 2, 3):
        tracking.away = None
        tell(tracking, [epoch])
    tracking.finish(EVALUATION, 1.0)
    while send_waiting(settings)[1]:
        pass
    run_id = tracked_run(tmp_path / "out")
    assert run_id is not None
    assert steps(settings, run_id) == [1, 2, 3]
    found = remote(settings, run_id)
    assert found.data.params["schedule.epochs"] == "10"
    runs = open_store(settings).client.search_runs([found.info.experiment_id])
    assert len(runs) == 1


def test_a_search_has_a_run_for_each_trial_below_its_own(
    settings: Settings, tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="needs countlab[train]: make test-stack")
    from countlab.training.sweep_tracking import begin_sweep
    from countlab.training.tuning import Trial

    lab = read_lab(ROOT / "labs" / "digits")
    for number in range(2):  # the second is the same search, gone on with
        sweep = begin_sweep(settings, store="mlflow", lab=lab, out=tmp_path)
        sweep.trial(Trial(number, {"rate": 0.01}, None))
    client = open_store(settings).client
    experiment = client.get_experiment_by_name("digits").experiment_id
    runs = client.search_runs([experiment])
    (parent,) = (run for run in runs if run.info.run_name == "search digits")
    children = [run for run in runs if run is not parent]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert {run.info.run_name for run in children} == {"trial 0", "trial 1"}


def test_the_published_version_names_the_run_that_trained_it(
    settings: Settings, registry: Registry, tmp_path: Path
) -> None:
    tracking = trained(settings, tmp_path / "out")
    tracking.finish(EVALUATION, 1.0)
    run_id = tracked_run(tmp_path / "out")
    assert run_id is not None
    (tmp_path / "version").mkdir()
    (tmp_path / "version" / "model.toml").write_text("")
    version = registry.publish(
        "digits", tmp_path / "version", task="classify", tags={"countlab.run_id": run_id}
    )
    assert version.run_id == run_id


def test_an_unknown_store_is_refused_before_hours_of_training() -> None:
    with pytest.raises(CountlabError) as error:
        check_store("tensorboard")
    assert error.value.facts["known"] == ["mlflow", "wandb"]


def test_weights_and_biases_gets_the_same_offline(settings: Settings, tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="needs countlab[wandb]: make test-stack")
    tracking = trained(settings, tmp_path / "out", store="wandb")
    tell(tracking, [1, 2])
    tracking.finish(EVALUATION, 1.0)
    assert tracking.away is None, tracking.away
    assert waiting(settings) == []
    (run,) = (settings.home / "wandb" / "wandb").glob("offline-run-*")
    (record,) = run.glob("*.wandb")
    data = record.read_bytes()
    assert b"validation_loss" in data
    assert b"schedule.rate" in data
    assert {path.name for path in (run / "files").iterdir()} >= {"curve.svg", "evaluation.json"}


def test_logs_of_runs_are_whole_lines(settings: Settings, tmp_path: Path) -> None:
    run = RunLog.begin(
        settings, store="mlflow", experiment="x", name="x", model_folder=tmp_path,
        parameters={}, tags={},
    )  # fmt: skip
    run.add_metrics(1, {"loss": 1.0})
    assert (run.steps(), run.status) == (1, None)
    assert send_waiting(settings) == (0, None)  # still at work
    assert send(run, settings)
    assert run.sent.events == 1


def test_a_run_that_fails_or_is_stopped_does_not_stay_open(
    settings: Settings, tmp_path: Path
) -> None:
    def status() -> str:
        return str(remote(settings, tracked_run(tmp_path / "out") or "").info.status)

    def end(tracking: Tracking, epoch: int, error: type[BaseException]) -> None:
        with tracking.ended_with():
            tell(tracking, [epoch])
            assert status() == "RUNNING"
            raise error

    stopped = trained(settings, tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        end(stopped, 1, KeyboardInterrupt)
    assert status() == "KILLED"
    again = trained(settings, tmp_path / "out")
    assert again.run.folder == stopped.run.folder
    with pytest.raises(MemoryError):
        end(again, 2, MemoryError)
    assert status() == "FAILED"
    assert waiting(settings) == []
    run_id = tracked_run(tmp_path / "out")
    assert steps(settings, run_id or "") == [1, 2]


def test_a_training_that_fails_is_tracked_as_failed(
    settings: Settings, tmp_path: Path, run: Run
) -> None:
    pytest.importorskip("torch", reason="needs countlab[train]: make test-stack")
    for digit in range(10):
        (tmp_path / "data" / str(digit)).mkdir(parents=True)
        (tmp_path / "data" / str(digit) / "no_picture.png").write_text("text")
    out = tmp_path / "out"
    typed = ("train", ROOT / "labs" / "digits", "--data", tmp_path / "data", "--out", out)
    status, _, err = run(*typed, "--track", "mlflow")
    assert status == 1, err
    run_id = tracked_run(out)
    assert run_id is not None
    assert remote(settings, run_id).info.status == "FAILED"


def test_a_log_that_was_sent_and_not_removed_changes_nothing_when_it_is_sent_again(
    settings: Settings, tmp_path: Path
) -> None:
    tracking = trained(settings, tmp_path / "out")
    tell(tracking, [1, 2])
    shutil.copytree(tracking.folder, tmp_path / "kept")
    tracking.finish(EVALUATION, 1.0)
    run_id = tracked_run(tmp_path / "out") or ""
    before = remote(settings, run_id).data
    shutil.copytree(tmp_path / "kept", tracking.folder)  # it broke off before it was removed
    for file in ("run.json", "events.ndjson"):
        assert (tracking.folder / file).is_file()
    (tracking.folder / "sent.json").unlink()
    tracking.run.end("FINISHED")
    assert send_waiting(settings) == (1, None)
    after = remote(settings, run_id)
    assert (after.data.metrics, after.data.params) == (before.metrics, before.params)
    assert (after.info.status, steps(settings, run_id)) == ("FINISHED", [1, 2])
    client = open_store(settings).client
    assert len(client.search_runs([after.info.experiment_id])) == 1
