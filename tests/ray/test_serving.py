"""The service on Ray: keys, history and metrics as with one process, and its promises."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import psutil
import pytest

pytest.importorskip("ray", reason="needs the extra [ray]: make test-ray")

from countlab.cli.serve import make_app
from countlab.serving.server_thread import listen
from tests.conftest import ROOT, until
from tests.promises.reliability.test_postgresql import PostgreSQL

pytestmark = pytest.mark.filterwarnings("ignore")  # of Ray
PICTURE = (ROOT / "images" / "fruits.jpg").read_bytes()
KEY = "a-key-for-the-tests-of-ray"
HEADERS = {"X-API-Key": KEY}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL, which all fronts share; SQLite in the home where none is installed."""
    try:
        server = PostgreSQL(tmp_path_factory.mktemp("database") / "postgresql")
    except pytest.skip.Exception:
        yield ""
        return
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, database: str) -> dict[str, str]:
    return {
        "COUNTLAB_HOME": str(tmp_path_factory.mktemp("home")),
        "COUNTLAB_DATABASE_URL": database,
        "COUNTLAB_API_KEYS": f"tests:{KEY}",
        "COUNTLAB_SLOTS": "2",
        "COUNTLAB_QUEUE": "4",
    }


def build_plan(settings: dict[str, str], **changed: Any) -> Any:
    from countlab.serving.ray_serve import Plan, Replicas

    return Plan({"fruits": Replicas(1, 1)}, environment=settings, queue=4, **changed)


make = partial(
    make_app, engine=None, model=None, lab=None, keep=None, history=True, page=True, rollout=None
)


@pytest.fixture(scope="module")
def service(cluster: Any, settings: dict[str, str]) -> Iterator[str]:
    from countlab.serving.ray_service import RayService

    with listen("127.0.0.1", 0) as listening:
        running = RayService(
            make, build_plan(settings), listening, "127.0.0.1", address=cluster.address
        )
    try:
        until(lambda: httpx.get(f"{running.url}/health/ready").status_code == 200, 120)
        yield running.url
    finally:
        running.stop()


def count(url: str) -> httpx.Response:
    files = {"file": ("fruits.jpg", PICTURE, "image/jpeg")}
    return httpx.post(f"{url}/countObjects", files=files, headers=HEADERS, timeout=120)


def replicas(name: str = "fruits") -> list[psutil.Process]:
    wanted = f"ray::ServeReplica:countlab:{name}"
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if " ".join(process.info["cmdline"] or ()).startswith(wanted)
    ]


def test_keys_are_asked_for(service: str) -> None:
    files = {"file": ("fruits.jpg", PICTURE, "image/jpeg")}
    assert httpx.post(f"{service}/countObjects", files=files).status_code == 401
    assert httpx.get(f"{service}/health").status_code == 200


def test_an_answer_is_in_the_history_and_in_the_metrics(service: str) -> None:
    answer = count(service)
    assert answer.status_code == 200
    row = httpx.get(f"{service}/history", headers=HEADERS).json()["rows"][0]
    assert row["receipt"] == answer.json()["receipt"]
    metrics = httpx.get(f"{service}/metrics", headers=HEADERS).text
    assert 'countlab_pictures_total{model="fruits"}' in metrics


def test_the_page_and_errors_are_as_with_one_process(service: str) -> None:
    assert httpx.get(f"{service}/ui/", follow_redirects=True).status_code == 200
    broken = httpx.post(
        f"{service}/countObjects", files={"file": ("a.jpg", b"no picture")}, headers=HEADERS
    )
    assert (broken.status_code, broken.json()["code"]) == (415, "not_a_picture")
    unknown = httpx.post(
        f"{service}/countObjects?model=fruit", files={"file": ("a.jpg", PICTURE)}, headers=HEADERS
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_model")


def test_a_full_queue_answers_503_with_retry_after(service: str) -> None:
    answers = together(service, clients=24, seconds=4)
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {200, 503}, statuses
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_code == 503)


def test_a_replica_that_is_killed_costs_no_request(service: str) -> None:
    killed = threading.Timer(1, lambda: replicas()[0].kill())
    killed.start()
    answers = together(service, clients=2, seconds=8)
    killed.join()
    assert {answer.status_code for answer in answers} <= {200, 503}
    until(lambda: count(service).status_code == 200, 120)


def test_a_new_version_takes_over_without_a_gap(service: str, settings: dict[str, str]) -> None:
    from ray import serve

    from countlab.serving.ray_serve import APPLICATION, build

    count(service)
    before = {process.pid for process in replicas()}
    changed = build_plan({**settings, "COUNTLAB_MAX_PIXELS": "30000000"})
    rolling = threading.Thread(
        target=lambda: serve.run(build(make, changed), name=APPLICATION, route_prefix="/")
    )
    answers: list[httpx.Response] = []
    rolling.start()
    while rolling.is_alive() or not answers:
        answers += together(service, clients=2, seconds=1)
    rolling.join()
    answers += together(service, clients=2, seconds=2)
    assert {answer.status_code for answer in answers} == {200}
    assert before.isdisjoint({process.pid for process in replicas()})


def together(url: str, *, clients: int, seconds: float) -> list[httpx.Response]:
    answers: list[httpx.Response] = []
    end = time.monotonic() + seconds

    def work() -> None:
        while time.monotonic() < end:
            answers.append(count(url))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
