"""The same answers everywhere: notebook, one process, workers, Ray Serve, Ray Data, the client."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="needs the extra [ray]: make test-ray")

from countlab.batch.output import Output
from countlab.batch.question import Progress, Question
from countlab.batch.rows import receipt_of
from countlab.cli.serve import make_app
from countlab.client import Client
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from countlab.serving.server_thread import Server, listen
from countlab.serving.workers import Workers
from countlab.settings import Settings
from tests.batch.sources import rows_of
from tests.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("ignore")  # of Ray
PICTURES = sorted((ROOT / "images").rglob("*.jpg"))
Answer = tuple[int, list[Any], dict[str, Any]]
"""The count, the boxes with their labels and confidences, and the receipt."""

make = partial(
    make_app,
    engine=None,
    model=None,
    lab=None,
    keep=None,
    history=False,
    page=False,
    rollout=None,
)


def answer_of(result: Any) -> Answer:
    return result["count"], result["findings"], result["receipt"]


def through(url: str) -> dict[str, Answer]:
    """By the client, picture by picture."""
    client = Client(url)
    return {str(path.relative_to(ROOT)): answer_of(client.count(path).raw) for path in PICTURES}


@pytest.fixture(scope="module")
def expected() -> dict[str, Answer]:
    pipeline = Pipeline()
    return {
        str(path.relative_to(ROOT)): answer_of(pipeline.predict(path.read_bytes()).as_json())
        for path in PICTURES
    }


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as opened:
        yield opened


def test_one_process(listening: socket.socket, expected: dict[str, Answer]) -> None:
    server = Server(make(), listening, "127.0.0.1", service=True)
    try:
        assert through(server.url) == expected
    finally:
        server.stop()


def test_workers(listening: socket.socket, expected: dict[str, Answer]) -> None:
    workers = Workers(make, 2, listening, "127.0.0.1")
    try:
        assert through(workers.url) == expected
    finally:
        workers.stop()


def test_a_notebook(tmp_path: Path, expected: dict[str, Answer]) -> None:
    """A real kernel, in which a cell serves and another one is the client."""
    nbformat = pytest.importorskip("nbformat", reason="needs the extra [lab]")
    nbclient = pytest.importorskip("nbclient", reason="needs the extra [lab]")
    cells = [
        "from countlab import create_app, serve\nserver = serve(create_app(), port=0)",
        f"""
import json
from pathlib import Path
from countlab import Client
client = Client(server.url)
pictures = sorted(Path({str(ROOT / "images")!r}).rglob("*.jpg"))
found = {{str(p.relative_to({str(ROOT)!r})): client.count(p).raw for p in pictures}}
Path({str(tmp_path / "found.json")!r}).write_text(json.dumps(found))
server.stop()
""",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    found = json.loads((tmp_path / "found.json").read_text())
    assert {name: answer_of(result) for name, result in found.items()} == expected


def test_ray_data(cluster: Any, tmp_path: Path, expected: dict[str, Answer]) -> None:
    from countlab.batch.ray_data import count_on_ray

    asked = Question((str(ROOT / "images"),), str(tmp_path), PredictOptions(), True, 12)
    settings = Settings.from_environment()
    seen: list[int] = []

    def show(progress: Progress) -> None:
        seen.append(progress.counted)

    manifest = count_on_ray(asked, settings, address=cluster.address, actors=2, show=show)
    rows = [row for row in rows_of(tmp_path) if row["path"].endswith(".jpg")]
    run = Output(str(tmp_path)).run
    found = {
        str(Path(row["path"]).relative_to(ROOT)): (
            row["count"],
            row["findings"],
            receipt_of(run, row),
        )
        for row in rows
    }
    assert found == expected
    assert manifest["pictures"] == seen[-1] == len(rows_of(tmp_path))
    again = count_on_ray(asked, settings, address=cluster.address, actors=2, show=show)
    assert again == manifest


def test_ray_serve(cluster: Any, listening: socket.socket, expected: dict[str, Answer]) -> None:
    from countlab.serving.ray_serve import Plan, Replicas
    from countlab.serving.ray_service import RayService

    plan = Plan({"fruits": Replicas(1, 2)})
    service = RayService(make, plan, listening, "127.0.0.1", address=cluster.address)
    try:
        assert through(service.url) == expected
    finally:
        service.stop()
