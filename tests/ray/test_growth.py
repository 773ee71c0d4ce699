"""The service on Ray as it grows: replicas by the queue, and several fronts as one service."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

pytest.importorskip("ray", reason="needs the extra [ray]: make test-ray")

from countlab.serving.server_thread import listen
from tests.conftest import until
from tests.promises.reliability.test_postgresql import PostgreSQL
from tests.ray.test_serving import HEADERS, KEY, PICTURE, count, make, replicas

pytestmark = pytest.mark.filterwarnings("ignore")  # of Ray
SOME = 12


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = PostgreSQL(tmp_path_factory.mktemp("database") / "postgresql")
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def metrics_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("metrics")


@pytest.fixture(scope="module")
def service(
    cluster: Any, database: str, metrics_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Two fronts, one history, and of the default model one replica or two."""
    from countlab.serving.ray_serve import Plan, Replicas
    from countlab.serving.ray_service import RayService

    environment = {
        "COUNTLAB_HOME": str(tmp_path_factory.mktemp("home")),
        "COUNTLAB_DATABASE_URL": database,
        "COUNTLAB_API_KEYS": f"tests:{KEY}",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics_folder),
    }
    plan = Plan(
        {"fruits": Replicas(1, 2), "digits": Replicas(0, 1)}, fronts=2, environment=environment
    )
    with listen("127.0.0.1", 0) as listening:
        running = RayService(make, plan, listening, "127.0.0.1", address=cluster.address)
    try:
        until(lambda: httpx.get(f"{running.url}/health/ready", timeout=60).status_code == 200, 120)
        yield running.url
    finally:
        running.stop()


def pictures_in_metrics(url: str) -> float:
    """Whichever front answers."""
    text = httpx.get(f"{url}/metrics", headers=HEADERS, timeout=60).text
    return sum(map(float, re.findall(r"(?m)^countlab_pictures_total\{.*\} (\S+)$", text)))


def fronts() -> set[int]:
    return {process.pid for process in replicas("front")}


def fronts_in(metrics_folder: Path) -> set[int]:
    """Those whose requests in progress are shown."""
    files = metrics_folder.glob("gauge_livesum_*.db")
    return {int(file.stem.rpartition("_")[2]) for file in files}


def rows_in_history(url: str) -> set[str]:
    found = httpx.get(f"{url}/history", params={"limit": 1000}, headers=HEADERS, timeout=60)
    assert found.status_code == 200, found.text
    return {row["request_id"] for row in found.json()["rows"]}


def test_several_fronts_report_one_sum(service: str, metrics_folder: Path) -> None:
    before = pictures_in_metrics(service)
    answers = [count(service) for _ in range(SOME)]
    assert {answer.status_code for answer in answers} == {200}
    assert {pictures_in_metrics(service) for _ in range(8)} == {before + SOME}
    assert len(fronts()) == 2
    assert fronts() == fronts_in(metrics_folder)


def test_a_front_that_is_killed_keeps_its_counts(service: str, metrics_folder: Path) -> None:
    """In the history, and in the sum; requests in progress are not shown for ever."""
    answers = [count(service) for _ in range(SOME)]
    asked = {answer.headers["X-Request-Id"] for answer in answers}  # "one, one" if it came twice
    counted, killed = pictures_in_metrics(service), min(fronts())
    psutil.Process(killed).kill()
    until(lambda: killed not in fronts() and len(fronts()) == 2, 120)
    until(lambda: all(count(service).status_code == 200 for _ in range(4)), 120)
    assert asked <= rows_in_history(service)
    assert pictures_in_metrics(service) >= counted + 4
    assert fronts() == fronts_in(metrics_folder)


def test_a_model_that_is_rarely_asked_for_starts_when_it_is(service: str) -> None:
    assert not replicas("digits")
    picture = {"file": ("fruits.jpg", PICTURE, "image/jpeg")}

    def ask() -> int:
        return httpx.post(
            f"{service}/predict?model=digits", files=picture,
            headers={**HEADERS, "Accept": "application/json"}, timeout=120,
        ).status_code  # fmt: skip

    until(lambda: ask() == 200, 120)
    assert len(replicas("digits")) == 1


def test_replicas_grow_with_the_queue(service: str) -> None:
    assert len(replicas()) == 1
    grown = threading.Event()
    statuses: set[int] = set()

    def work() -> None:
        while not grown.is_set():
            statuses.add(count(service).status_code)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: len(replicas()) == 2, 120)
    finally:
        grown.set()
        for thread in threads:
            thread.join()
    assert statuses <= {200, 503}
    assert 200 in statuses
