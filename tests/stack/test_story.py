"""From experiment to service on the real stack, and what happens when its parts fail.

PostgreSQL, an S3 store, an MLflow server on both, training, the registry, and a server that
follows it: processes on loopback. One story in one test: each step goes on where the last ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.stack.digits import write_digits
from deploy.stack.service import NotStartedError, Service
from deploy.stack.stack import BUCKET, MODEL, ROOT, Stack
from tests.conftest import until

pytestmark = [
    pytest.mark.stack,
    pytest.mark.filterwarnings("ignore"),  # of MLflow's own code
]
EPOCHS = 5
WAIT_S = 400  # far more than it takes, for machines that do other things beside


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Not below pytest's own folder: another session closes that to the user `postgres`."""
    pytest.importorskip(
        "torch", reason="needs the training and stack environments: make test-stack"
    )
    pytest.importorskip(
        "mlflow", reason="needs the training and stack environments: make test-stack"
    )
    try:
        with (
            tempfile.TemporaryDirectory(
                prefix="countlab-stack-", ignore_cleanup_errors=True
            ) as folder,
            Stack(Path(folder)) as running,
        ):
            yield running
    except NotStartedError as reason:
        if "not here" in str(reason) or "not installed" in str(reason):
            pytest.skip(str(reason))
        raise


@pytest.fixture(scope="module")
def digits(stack: Stack) -> tuple[Path, Path]:
    return write_digits(stack.folder / "digits")


def run(stack: Stack, *arguments: object, status: int = 0) -> str:
    done = stack.countlab(*arguments)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def training(stack: Stack, teach: Path, out: str, *options: object) -> list[object]:
    return ["train", "labs/digits", "--data", teach, "--out", stack.folder / out, "--quick",
            "--track", *options]  # fmt: skip


def tracked_runs(stack: Stack) -> list[dict[str, Any]]:
    """As MLflow's own interface gives them."""
    url = f"{stack.mlflow.address}/api/2.0/mlflow"
    found = requests.get(
        f"{url}/experiments/get-by-name?experiment_name={MODEL}", timeout=20
    ).json()
    body = {"experiment_ids": [found["experiment"]["experiment_id"]]}
    runs: list[dict[str, Any]] = requests.post(f"{url}/runs/search", json=body, timeout=20).json()[
        "runs"
    ]
    return runs


def answer(stack: Stack, picture: Path) -> dict[str, Any]:
    assert stack.server is not None
    response = requests.post(
        f"{stack.server.address}/countObjects?confidence=0",
        files={"file": picture.read_bytes()},
        timeout=60,
    )
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def version(stack: Stack, picture: Path) -> str:
    return str(answer(stack, picture)["receipt"]["model_version"])


def following(stack: Stack) -> dict[str, Any]:
    assert stack.server is not None
    found = requests.get(f"{stack.server.address}/models/{MODEL}", timeout=20).json()
    state: dict[str, Any] = found["following"]
    return state


def restart(service: Service) -> None:
    service.kill()
    service.start()


def a_trainer_that_is_killed_goes_on_in_the_same_tracked_run(
    stack: Stack, digits: tuple[Path, Path]
) -> None:
    command = training(stack, digits[0], "trained", "--epochs", EPOCHS)
    process = subprocess.Popen(
        stack.command(*command), env={**os.environ, **stack.environment}, cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    logs = stack.home / "tracking"

    def epochs() -> int:
        return sum(path.read_text().count('"metrics"') for path in logs.glob("*/events.ndjson"))

    try:
        until(lambda: epochs() >= 2, WAIT_S)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    run(stack, *command)
    (tracked,) = tracked_runs(stack)
    assert tracked["info"]["status"] == "FINISHED"
    assert list(logs.glob("2*")) == []
    params = {entry["key"]: entry["value"] for entry in tracked["data"]["params"]}
    assert params["schedule.epochs"] == str(EPOCHS)
    assert len(params["data.version"]) == 64
    url = f"{stack.mlflow.address}/api/2.0/mlflow/metrics/get-history"
    query = {"run_id": tracked["info"]["run_id"], "metric_key": "validation_loss"}
    history = requests.get(url, params=query, timeout=20).json()["metrics"]
    assert [entry["step"] for entry in history] == list(range(1, EPOCHS + 1))


def the_first_version_becomes_champion_and_is_served(
    stack: Stack, digits: tuple[Path, Path]
) -> None:
    _, judge = digits
    run(stack, "publish", stack.folder / "trained", "--data", judge)
    said = run(stack, "promote", MODEL, 1, "--data", judge, "--within-ms", 5000)
    assert "version 1 is the champion" in said
    stack.serve()
    picture = next((judge / "3").iterdir())
    assert version(stack, picture) == "1"
    assert following(stack)["registry"] == "ok"


def a_worse_model_is_refused(stack: Stack, digits: tuple[Path, Path]) -> None:
    teach, judge = digits
    run(stack, *training(stack, teach, "worse", "--epochs", 1, "--seed", 2))
    run(stack, "publish", stack.folder / "worse", "--data", judge)
    said = run(stack, "promote", MODEL, 2, "--data", judge, "--within-ms", 5000, status=1)
    assert "stays as it is" in said
    assert version(stack, next((judge / "3").iterdir())) == "1"


def a_better_model_takes_over_within_seconds_and_a_rollback_takes_it_back(
    stack: Stack, digits: tuple[Path, Path]
) -> None:
    _, judge = digits
    picture = next((judge / "3").iterdir())
    run(stack, "publish", ROOT / "countlab" / "models" / "data" / "digits", "--data", judge)
    run(stack, "promote", MODEL, 3, "--data", judge, "--within-ms", 5000)
    until(lambda: version(stack, picture) == "3", WAIT_S)
    run(stack, "rollback", MODEL)
    began = time.monotonic()
    until(lambda: version(stack, picture) == "1", WAIT_S)
    print(f"rolled back within {time.monotonic() - began:.1f} s")


def a_registry_that_is_away_changes_nothing_and_a_run_waits(
    stack: Stack, digits: tuple[Path, Path]
) -> None:
    teach, judge = digits
    picture = next((judge / "4").iterdir())
    stack.mlflow.kill()
    until(lambda: following(stack)["registry"] == "away", WAIT_S)
    assert version(stack, picture) == "1"
    before = {"epochs": 1, "seed": 3}
    options = [part for name, value in before.items() for part in (f"--{name}", value)]
    said = run(stack, *training(stack, teach, "waits", *options))
    assert "countlab track" in said
    assert len(list((stack.home / "tracking").glob("2*"))) == 1
    run(stack, "rollback", MODEL, status=1)
    stack.mlflow.start()
    number = len(tracked_runs(stack))
    assert "1" in run(stack, "track")
    assert len(tracked_runs(stack)) == number + 1
    assert list((stack.home / "tracking").glob("2*")) == []
    until(lambda: following(stack)["registry"] == "ok", WAIT_S)


def an_s3_store_that_is_away_changes_nothing(stack: Stack, digits: tuple[Path, Path]) -> None:
    _, judge = digits
    picture = next((judge / "5").iterdir())
    stack.s3.kill()
    said = run(stack, "publish", stack.folder / "trained", "--data", judge, status=1)
    assert "Traceback" not in said
    run(stack, "promote", MODEL, 3, "--data", judge, "--within-ms", 5000, status=1)
    assert version(stack, picture) == "1"
    stack.s3.start()
    run(stack, "publish", stack.folder / "trained", "--data", judge)


def postgresql_killed_loses_no_answer_and_no_row(stack: Stack, digits: tuple[Path, Path]) -> None:
    _, judge = digits
    assert stack.server is not None
    pictures = sorted((judge / "6").iterdir())[:20]
    done = threading.Event()
    answered: list[str] = []

    def keep_asking() -> None:
        while not done.is_set():
            for picture in pictures:
                found = answer(stack, picture)
                assert not any(entry["code"] == "not_recorded" for entry in found["warnings"])
                answered.append(found["receipt"]["picture_sha256"])

    asking = threading.Thread(target=keep_asking)
    asking.start()
    time.sleep(1)
    restart(stack.postgresql)
    time.sleep(2)
    done.set()
    asking.join()
    assert len(answered) >= len(pictures)

    def rows() -> int:
        response = requests.get(f"{stack.server.address}/history?limit=500", timeout=20)  # type: ignore[union-attr]
        return len(response.json().get("rows", [])) if response.ok else 0

    until(lambda: rows() >= min(500, len(answered)), WAIT_S)
    until(lambda: following(stack)["registry"] == "ok", WAIT_S)


def a_damaged_artifact_is_refused_and_said(stack: Stack, digits: tuple[Path, Path]) -> None:
    _, judge = digits
    picture = next((judge / "7").iterdir())
    run(stack, "publish", stack.folder / "trained", "--data", judge)
    graphs = (stack.folder / "s3" / BUCKET).rglob("graph.onnx")
    graph = max(graphs, key=lambda path: path.stat().st_mtime)
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 255
    stack.s3.stop()
    graph.write_bytes(data)
    stack.s3.start()
    newest = run(stack, "registry", MODEL).split("candidate")[0].split()[-1]
    url = f"{stack.mlflow.address}/api/2.0/mlflow/registered-models/alias"
    body = {"name": MODEL, "alias": "champion", "version": newest}
    assert requests.post(url, json=body, timeout=20).ok  # past the gate, as a person might
    until(lambda: following(stack)["refused"] == newest, WAIT_S)
    assert "graph.onnx" in following(stack)["reason"]
    assert version(stack, picture) == "1"
    assert requests.post(url, json={**body, "version": "1"}, timeout=20).ok
    until(lambda: following(stack)["refused"] is None, WAIT_S)


def the_history_says_which_version_answered(stack: Stack, digits: tuple[Path, Path]) -> None:
    assert stack.server is not None
    version(stack, next((digits[1] / "8").iterdir()))
    page = requests.get(f"{stack.server.address}/history?limit=5", timeout=20).json()
    assert {row["receipt"]["model_version"] for row in page["rows"]} == {"1"}
    text = requests.get(f"{stack.server.address}/metrics", timeout=20).text
    assert f'countlab_version_answers_total{{model="{MODEL}",version="3"}}' in text
    assert (
        json.loads(requests.get(f"{stack.server.address}/health", timeout=20).text)["status"]
        == "ok"
    )


STEPS = (
    a_trainer_that_is_killed_goes_on_in_the_same_tracked_run,
    the_first_version_becomes_champion_and_is_served,
    a_worse_model_is_refused,
    a_better_model_takes_over_within_seconds_and_a_rollback_takes_it_back,
    a_registry_that_is_away_changes_nothing_and_a_run_waits,
    an_s3_store_that_is_away_changes_nothing,
    postgresql_killed_loses_no_answer_and_no_row,
    a_damaged_artifact_is_refused_and_said,
    the_history_says_which_version_answered,
)


def test_the_story(stack: Stack, digits: tuple[Path, Path]) -> None:
    for step in STEPS:
        began = time.monotonic()
        step(stack, digits)
        print(f"{time.monotonic() - began:6.1f} s  {step.__name__.replace('_', ' ')}", flush=True)
