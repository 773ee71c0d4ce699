"""Faults of a cluster in the middle of a run: nothing is lost, and rows say what could not be."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("ray", reason="needs the extra [ray]: make test-ray")

from countlab.batch.question import Progress, Question
from countlab.options import PredictOptions
from countlab.settings import Settings
from tests.batch.sources import command, make_small_pictures, rows_of, s3_server
from tests.batch.test_faults import Poisoned
from tests.conftest import until

pytestmark = pytest.mark.filterwarnings("ignore")  # of Ray
SHARD_ROWS = 25


class Run:
    """`count --ray` as a process of its own, watched through what it writes."""

    def __init__(self, folder: str, output: str, address: str, *, written: Path) -> None:
        asked = command(
            folder, "-r", "--output", output, "--shard-rows", SHARD_ROWS, "--ray", address
        )
        self._written = written
        self.process = subprocess.Popen(asked, stderr=subprocess.PIPE, text=True)

    def wait_for_shards(self, number: int = 1) -> None:
        shards = self._written / "counts"
        until(lambda: len(list(shards.glob("*.parquet"))) >= number, 300)
        assert self.process.poll() is None, "it was done before anything could happen to it"

    def result(self) -> dict[str, Any]:
        _, err = self.process.communicate(timeout=500)
        assert self.process.returncode in (0, 1), err
        manifest: dict[str, Any] = json.loads((self._written / "manifest.json").read_text())
        return manifest


def processes(name: str) -> list[psutil.Process]:
    """Ray's processes of that name, below this one."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if name in " ".join(process.info["cmdline"] or ())
    ]


def paths(output: Path) -> list[str]:
    return sorted(row["path"] for row in rows_of(output))


def test_an_actor_that_is_killed_costs_nothing(cluster: Any, tmp_path: Path) -> None:
    pictures = make_small_pictures(tmp_path / "pictures", 300)
    output = tmp_path / "counts"
    run = Run(str(tmp_path / "pictures"), str(output), cluster.address, written=output)
    run.wait_for_shards()
    actors = [process for process in processes("ray::") if "MapBatches" in process.name() or (
        "MapBatches" in " ".join(process.cmdline()))]  # fmt: skip
    assert actors
    actors[0].kill()
    assert run.result()["pictures"] == 300
    assert paths(output) == sorted(map(str, pictures))
    assert not [row for row in rows_of(output) if row["error"]]


def test_a_node_that_is_killed_costs_nothing(cluster: Any, tmp_path: Path) -> None:
    pictures = make_small_pictures(tmp_path / "pictures", 300)
    output = tmp_path / "counts"
    node = cluster.add_node(num_cpus=2, object_store_memory=100_000_000)
    run = Run(str(tmp_path / "pictures"), str(output), cluster.address, written=output)
    run.wait_for_shards()
    cluster.remove_node(node, allow_graceful=False)
    assert run.result()["pictures"] == 300
    assert paths(output) == sorted(map(str, pictures))


def test_a_picture_that_ends_its_process_is_a_row(cluster: Any, tmp_path: Path) -> None:
    from countlab.batch.ray_data import count_on_ray

    pictures = make_small_pictures(tmp_path / "pictures", 60)
    poison = pictures[30].name
    manifest = count_on_ray(
        Question(
            (str(tmp_path / "pictures"),), str(tmp_path / "counts"), PredictOptions(), True, 20
        ),
        Settings.from_environment(),
        address=cluster.address,
        actors=1,
        show=_quiet,
        make_counter=partial(Poisoned, (poison,)),
    )
    rows = rows_of(tmp_path / "counts")
    errors = {Path(row["path"]).name: row["error"] for row in rows if row["error"]}
    assert errors == {poison: "picture_ended_process"}
    assert (manifest["pictures"], manifest["failed"]) == (60, 1)
    assert paths(tmp_path / "counts") == sorted(map(str, pictures))


def test_a_bucket_that_is_away_is_waited_for(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a minute; the cluster's processes get the bucket's credentials from this one."""
    bucket = tmp_path / "store" / "bucket"
    pictures = make_small_pictures(bucket / "pictures", 150)
    with s3_server(tmp_path / "store", monkeypatch) as server:
        run = Run(
            "s3://bucket/pictures/",
            "s3://bucket/counts",
            cluster.address,
            written=bucket / "counts",
        )
        run.wait_for_shards()
        server.stop()
        time.sleep(60)
        server.start()
        assert run.result()["pictures"] == 150
    names = [f"s3://bucket/pictures/{path.relative_to(bucket / 'pictures')}" for path in pictures]
    assert paths(bucket / "counts") == sorted(names)
    assert not [row for row in rows_of(bucket / "counts") if row["error"]]


def test_a_head_that_is_restarted_ends_the_run_and_the_next_goes_on(tmp_path: Path) -> None:
    """A cluster of its own, which is gone in the middle: what was written stays and counts."""
    pictures = make_small_pictures(tmp_path / "pictures", 300)
    output = tmp_path / "counts"
    run = Run(str(tmp_path / "pictures"), str(output), "local", written=output)
    run.wait_for_shards(2)
    for process in psutil.Process(run.process.pid).children(recursive=True):
        if process.name() == "gcs_server":
            process.kill()
    stopping = threading.Timer(90, run.process.kill)  # its driver may wait for the head for ever
    stopping.start()
    run.process.communicate()
    stopping.cancel()
    assert run.process.returncode != 0
    before = {path: path.stat().st_mtime_ns for path in (output / "counts").iterdir()}
    again = Run(str(tmp_path / "pictures"), str(output), "local", written=output)
    assert again.result()["pictures"] == 300
    assert paths(output) == sorted(map(str, pictures))
    assert all(path.stat().st_mtime_ns == written for path, written in before.items())


def _quiet(progress: Progress) -> None:
    """Nobody watches."""
