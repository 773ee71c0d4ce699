"""Metrics, request ids, the access log and readiness."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.settings import Settings
from tests.conftest import until


class RecordingLog:
    """Collects the lines instead of writing them."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def info(self, event: str, **facts: Any) -> None:
        self.lines.append({"event": event, **facts})


@pytest.fixture
def log() -> RecordingLog:
    return RecordingLog()


@pytest.fixture
def logged_server(home: Path, log: RecordingLog) -> Any:
    server = serve(create_app(settings=Settings(home=home, slots=1, queue=1), log=log), port=0)
    yield server
    server.stop()


def metrics_of(server: Server) -> dict[str, float]:
    text = requests.get(server.url + "/metrics", timeout=10).text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def count(server: Server, picture: bytes, path: str = "/countObjects", **headers: str) -> Any:
    files = {"file": ("x.jpg", picture)}
    return requests.post(server.url + path, files=files, headers=headers, timeout=60)


def test_metrics_count_requests_pictures_and_objects(logged_server: Server, photo: bytes) -> None:
    body = count(logged_server, photo).json()
    count(logged_server, photo, "/countObjects?confidence=1")
    count(logged_server, photo, "/countOranges")
    count(logged_server, b"no picture")
    requests.get(logged_server.url + "/nowhere/at-all", timeout=10)
    metrics = metrics_of(logged_server)
    route = 'method="POST",route="/countObjects"'
    assert metrics[f'countlab_requests_total{{{route},status="200"}}'] == 2
    assert metrics[f'countlab_requests_total{{{route},status="415"}}'] == 1
    assert metrics['countlab_requests_total{method="GET",route="none",status="404"}'] == 1
    assert metrics['countlab_request_seconds_count{route="/count{plural}"}'] == 1
    assert metrics['countlab_inference_seconds_count{engine="openvino",model="fruits"}'] == 3
    assert metrics['countlab_pictures_total{model="fruits"}'] == 3
    assert metrics['countlab_pictures_empty_total{model="fruits"}'] == 1
    oranges = body["counts"]["orange"]
    assert metrics['countlab_objects_total{label="orange",model="fruits"}'] == 2 * oranges
    assert metrics["countlab_queue_length"] == 0
    assert metrics["countlab_requests_present"] == 1  # this one
    assert not any("at-all" in name for name in metrics)


def test_each_response_has_a_request_id_and_a_log_line(
    logged_server: Server, photo: bytes, log: RecordingLog
) -> None:
    response = count(
        logged_server, photo, "/countObjects?confidence=0.777", **{"X-Request-Id": "lab-7.a_b"}
    )
    assert response.headers["x-request-id"] == "lab-7.a_b"
    for unsafe in ("two words", "x" * 65, '"quoted"', "-dash"):
        headers = {"X-Request-Id": unsafe}
        response = requests.get(logged_server.url + "/health", headers=headers, timeout=9)
        assert re.fullmatch("[0-9a-f]{16}", response.headers["x-request-id"])
    refused = requests.get(logged_server.url + "/predict", timeout=10)
    assert refused.headers["x-request-id"] == log.lines[-1]["id"]
    assert log.lines[-1]["status"] == 405
    first = log.lines[0]
    assert (first["id"], first["method"], first["status"]) == ("lab-7.a_b", "POST", 200)
    assert (first["route"], first["key"]) == ("/countObjects", None)
    assert "0.777" not in str(log.lines)


def test_server_is_not_ready_while_the_model_loads_or_the_queue_is_full(
    home: Path, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings=Settings(home=home, slots=1, queue=1))
    pipeline, may_load = app.state.lab.pipeline, threading.Event()
    find_files = pipeline.store.files

    def wait_and_find(model: Any, **options: Any) -> Any:
        assert may_load.wait(30)
        return find_files(model, **options)

    monkeypatch.setattr(pipeline.store, "files", wait_and_find)
    server = serve(app, port=0)

    def ready() -> tuple[int, str]:
        response = requests.get(server.url + "/health/ready", timeout=10)
        return response.status_code, response.json().get("code") or response.json()["status"]

    assert ready() == (503, "still_loading")
    clients = [threading.Thread(target=count, args=[server, photo]) for _ in range(2)]
    for thread in clients:
        thread.start()
    until(lambda: bool(app.state.slots.admitted == 2))
    assert requests.get(server.url + "/health", timeout=10).json()["status"] == "ok"
    with monkeypatch.context() as patch:
        patch.setattr(type(app.state.lab), "not_ready", None)  # so that only the queue is full
        assert ready() == (503, "too_busy")
    may_load.set()
    for thread in clients:
        thread.join()
    assert ready() == (200, "ready")
    server.stop()


def test_failing_log_does_not_close_the_connection(home: Path) -> None:
    class FullDiskLog:
        def info(self, *_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

    server = serve(create_app(settings=Settings(home=home), log=FullDiskLog()), port=0)
    with requests.Session() as session:
        session.get(server.url + "/health", timeout=10)
        (pool,) = session.adapters["http://"].poolmanager.pools._container.values()  # type: ignore[attr-defined]
        for _ in range(5):
            assert session.get(server.url + "/health", timeout=10).status_code == 200
        assert pool.num_connections == 1
    server.stop()


def test_log_lines_of_threads_are_not_mixed() -> None:
    script = """if True:
        import logging, threading
        from countlab.system.logs import configure_logging
        log = configure_logging()
        thread = threading.Thread(target=lambda: [logging.warning("library") for _ in range(3000)])
        thread.start()
        for _ in range(3000):
            log.info("access log")
        thread.join()
    """
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    events = Counter(json.loads(line)["event"] for line in result.stderr.splitlines())
    assert events == {"access log": 3000, "library": 3000}
