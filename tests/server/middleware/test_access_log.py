"""What an operator sees: metrics, request ids, readiness; and that watching costs little."""

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


class Log:
    """Takes the lines instead of writing them."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def info(self, event: str, **facts: Any) -> None:
        self.lines.append({"event": event, **facts})


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def watched(home: Path, log: Log) -> Any:
    server = serve(create_app(settings=Settings(home=home, slots=1, queue=1), log=log), port=0)
    yield server
    server.stop()


def figures(server: Server) -> dict[str, float]:
    text = requests.get(server.url + "/metrics", timeout=10).text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def count(server: Server, picture: bytes, path: str = "/countObjects", **headers: str) -> Any:
    files = {"file": ("x.jpg", picture)}
    return requests.post(server.url + path, files=files, headers=headers, timeout=60)


def test_metrics_tell_what_happened(watched: Server, photo: bytes) -> None:
    told = count(watched, photo).json()
    count(watched, photo, "/countObjects?confidence=1")
    count(watched, photo, "/countOranges")
    count(watched, b"no picture")
    requests.get(watched.url + "/nowhere/at-all", timeout=10)
    seen = figures(watched)
    route = 'method="POST",route="/countObjects"'
    assert seen[f'countlab_requests_total{{{route},status="200"}}'] == 2
    assert seen[f'countlab_requests_total{{{route},status="415"}}'] == 1
    assert seen['countlab_requests_total{method="GET",route="none",status="404"}'] == 1
    assert seen['countlab_request_seconds_count{route="/count{plural}"}'] == 1
    assert seen['countlab_inference_seconds_count{engine="openvino",model="fruits"}'] == 3
    assert seen['countlab_pictures_total{model="fruits"}'] == 3
    assert seen['countlab_pictures_empty_total{model="fruits"}'] == 1
    oranges = told["counts"]["orange"]
    assert seen['countlab_objects_total{label="orange",model="fruits"}'] == 2 * oranges
    assert seen["countlab_queue_length"] == 0
    assert seen["countlab_requests_present"] == 1  # this one
    assert not any("at-all" in name for name in seen)


def test_each_answer_has_a_request_id_and_a_line(watched: Server, photo: bytes, log: Log) -> None:
    own = count(watched, photo, "/countObjects?confidence=0.777", **{"X-Request-Id": "lab-7.a_b"})
    assert own.headers["x-request-id"] == "lab-7.a_b"
    for unsafe in ("two words", "x" * 65, '"quoted"', "-dash"):
        answer = requests.get(watched.url + "/health", headers={"X-Request-Id": unsafe}, timeout=9)
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
    refused = requests.get(watched.url + "/predict", timeout=10)
    assert refused.headers["x-request-id"] == log.lines[-1]["id"]
    assert log.lines[-1]["status"] == 405
    first = log.lines[0]
    assert (first["id"], first["method"], first["status"]) == ("lab-7.a_b", "POST", 200)
    assert (first["route"], first["key"]) == ("/countObjects", None)
    assert "0.777" not in str(log.lines)


def test_ready_says_no_while_the_model_loads_and_while_the_queue_is_full(
    home: Path, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings=Settings(home=home, slots=1, queue=1))
    pipeline, going_on = app.state.lab.pipeline, threading.Event()
    find = pipeline.store.files

    def slowly(model: Any) -> Any:
        assert going_on.wait(30)
        return find(model)

    monkeypatch.setattr(pipeline.store, "files", slowly)
    server = serve(app, port=0)

    def ready() -> tuple[int, str]:
        answer = requests.get(server.url + "/health/ready", timeout=10)
        return answer.status_code, answer.json().get("code") or answer.json()["status"]

    assert ready() == (503, "still_loading")
    waiting = [threading.Thread(target=count, args=[server, photo]) for _ in range(2)]
    for thread in waiting:
        thread.start()
    until(lambda: bool(app.state.places.inside == 2))
    assert requests.get(server.url + "/health", timeout=10).json()["status"] == "ok"
    pipeline._engines["openvino", "fruits"] = None  # as if loaded: now only the queue is full
    assert ready() == (503, "too_busy")
    del pipeline._engines["openvino", "fruits"]
    going_on.set()
    for thread in waiting:
        thread.join()
    assert ready() == (200, "ready")
    server.stop()


def test_a_log_that_cannot_be_written_closes_no_connection(home: Path) -> None:
    class Full:
        def info(self, *_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

    server = serve(create_app(settings=Settings(home=home), log=Full()), port=0)
    with requests.Session() as session:
        session.get(server.url + "/health", timeout=10)
        (pool,) = session.adapters["http://"].poolmanager.pools._container.values()  # type: ignore[attr-defined]
        for _ in range(5):
            assert session.get(server.url + "/health", timeout=10).status_code == 200
        assert pool.num_connections == 1
    server.stop()


def test_lines_of_the_log_and_of_libraries_stay_apart() -> None:
    write = """if True:
        import logging, threading
        from countlab.system.logs import open_log
        log = open_log()
        others = threading.Thread(target=lambda: [logging.warning("other") for _ in range(3000)])
        others.start()
        for _ in range(3000):
            log.info("ours")
        others.join()
    """
    done = subprocess.run([sys.executable, "-c", write], capture_output=True, text=True, check=True)
    events = Counter(json.loads(line)["event"] for line in done.stderr.splitlines())
    assert events == {"ours": 3000, "other": 3000}
