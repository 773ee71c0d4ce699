"""Runs that are killed, interrupted or poisoned: no picture twice, none lost, shards whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from countlab.batch.counter import PictureCounter
from countlab.batch.question import Progress, Question
from countlab.batch.rows import Row
from countlab.batch.run import count_many
from countlab.errors import CountlabError
from countlab.options import PredictOptions
from countlab.settings import Settings
from tests.batch.sources import command, make_small_pictures, rows_of, s3_server, write_tar
from tests.conftest import until

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries of storages
SHARD_ROWS = 20
_STARTED_WITHIN_S = 300
"""On a machine that others keep busy; alone it takes three seconds."""


class Poisoned(PictureCounter):
    """Some pictures end the process that looks at them."""

    def __init__(self, names: tuple[str, ...], marks: Path | None = None) -> None:
        super().__init__(PredictOptions(), Settings.from_environment())
        self._names, self._marks = names, marks

    def count(self, name: str, data: bytes | CountlabError) -> Row:
        if name.endswith(self._names):
            mark = self._marks / name.rpartition("/")[2] if self._marks else None
            if mark is None or not mark.exists():  # with a mark once: as if by chance
                if mark is not None:
                    mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return super().count(name, data)


def question(folder: Path, output: Path | str) -> Question:
    return Question((str(folder),), str(output), PredictOptions(), True, SHARD_ROWS)


def quiet(progress: Progress) -> None:
    """Nobody watches."""


def test_a_picture_that_ends_its_process_is_a_row(tmp_path: Path) -> None:
    pictures = make_small_pictures(tmp_path / "pictures", 60)
    poison = (pictures[7].name, pictures[8].name)
    manifest = count_many(
        question(tmp_path / "pictures", tmp_path / "counts"),
        Settings.from_environment(),
        workers=2,
        show=quiet,
        make_counter=partial(Poisoned, poison),
    )
    rows = rows_of(tmp_path / "counts")
    assert [row["path"] for row in rows] == list(map(str, pictures))
    errors = {Path(row["path"]).name: row["error"] for row in rows if row["error"]}
    assert errors == dict.fromkeys(poison, "picture_ended_process")
    assert "-9" in next(row["error_detail"] for row in rows if row["error"])
    assert (manifest["pictures"], manifest["failed"]) == (60, 2)


def test_a_worker_that_is_killed_by_chance_costs_nothing(tmp_path: Path) -> None:
    pictures = make_small_pictures(tmp_path / "pictures", 60)
    (tmp_path / "marks").mkdir()
    count_many(
        question(tmp_path / "pictures", tmp_path / "counts"),
        Settings.from_environment(),
        workers=2,
        show=quiet,
        make_counter=partial(Poisoned, (pictures[3].name, pictures[33].name), tmp_path / "marks"),
    )
    rows = rows_of(tmp_path / "counts")
    assert [row["path"] for row in rows] == list(map(str, pictures))
    assert not [row for row in rows if row["error"]]
    assert len(list((tmp_path / "marks").iterdir())) == 2


def test_workers_that_never_start_are_given_up(tmp_path: Path) -> None:
    make_small_pictures(tmp_path / "pictures", 3)
    with pytest.raises(CountlabError) as error:
        count_many(
            question(tmp_path / "pictures", tmp_path / "counts"),
            Settings.from_environment(),
            workers=1,
            show=quiet,
            make_counter=partial(os._exit, 3),
        )
    assert error.value.code == "workers_do_not_start"


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_goes_on(tmp_path: Path, kills: int) -> None:
    """Also in the middle of an archive, whose shards tell how far it had come."""
    pictures = make_small_pictures(tmp_path / "pictures", 400)
    last = {path.name: path.read_bytes() for path in pictures[300:]}
    for path in pictures[300:]:
        path.unlink()
    write_tar(tmp_path / "pictures" / "zz.tar", last)
    expected = [str(tmp_path / "pictures" / f"zz.tar#{name}") for name in last]
    expected += list(map(str, pictures[:300]))
    asked = command(
        tmp_path / "pictures", "-r", "--output", tmp_path / "counts",
        "--workers", 2, "--shard-rows", SHARD_ROWS,
    )  # fmt: skip
    chance, killed = random.Random(kills), 0
    while killed < kills:
        shards = len(list(tmp_path.glob("counts/counts/*.parquet")))
        process = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        # Somewhere before the next shard, or just behind one.
        wanted = shards + chance.choice([0, 1, 1, 2])
        while process.poll() is None:
            if len(list(tmp_path.glob("counts/counts/*.parquet"))) >= wanted:
                break
            time.sleep(0.01)
        time.sleep(chance.random() * 0.3)
        children = psutil.Process(process.pid).children(recursive=True)
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        killed += 1
        until(partial(_all_ended, children), _STARTED_WITHIN_S)
        for shard in tmp_path.glob("counts/counts/*.parquet"):
            assert shard.read_bytes().endswith(b"PAR1"), "a shard is half written"
    done = subprocess.run(asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert killed >= min(kills, 2)
    assert sorted(row["path"] for row in rows_of(tmp_path / "counts")) == sorted(expected)


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(tmp_path: Path) -> None:
    """Also while a picture is being waited for."""
    pictures = make_small_pictures(tmp_path / "pictures", 200)
    awaited = pictures[150].read_bytes()
    pictures[150].unlink()
    os.mkfifo(pictures[150])
    asked = command(
        tmp_path / "pictures", "-r", "--output", tmp_path / "counts", "--shard-rows", SHARD_ROWS
    )
    process = subprocess.Popen(
        asked, stderr=subprocess.PIPE, text=True, start_new_session=True, env=_spanish()
    )
    until(lambda: any(tmp_path.glob("counts/counts/*.parquet")), _STARTED_WITHIN_S)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: to all of them
    _, err = process.communicate(timeout=_STARTED_WITHIN_S)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "continúa desde aquí" in err
    assert not (tmp_path / "counts" / "manifest.json").exists()
    pictures[150].unlink()
    pictures[150].write_bytes(awaited)
    done = subprocess.run(asked, capture_output=True, text=True, env=_spanish())
    assert done.returncode == 0, done.stderr
    assert "ya estaban contadas" in done.stderr
    assert [row["path"] for row in rows_of(tmp_path / "counts")] == list(map(str, pictures))


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    pictures = make_small_pictures(tmp_path / "pictures", 20)
    pictures[10].unlink()
    os.mkfifo(pictures[10])  # the first run cannot end
    asked = command(
        tmp_path / "pictures", "-r", "--output", tmp_path / "counts", "--shard-rows", SHARD_ROWS
    )
    process = subprocess.Popen(asked, stderr=subprocess.DEVNULL)
    try:
        until(lambda: (tmp_path / "counts" / "run.json").exists(), _STARTED_WITHIN_S)
        second = subprocess.run(asked, capture_output=True, text=True)
        assert second.returncode == 1
        assert "--output" in second.stderr
        workers = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait()
    assert workers
    until(partial(_all_ended, workers), _STARTED_WITHIN_S)  # also while they wait for a picture


def test_a_bucket_that_is_away_for_a_while_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run cannot end before: its last picture is a pipe."""
    bucket = tmp_path / "store" / "bucket"
    pictures = make_small_pictures(bucket / "pictures", 120)
    awaited = tmp_path / "awaited.jpg"
    os.mkfifo(awaited)
    with s3_server(tmp_path / "store", monkeypatch) as server:
        process = subprocess.Popen(
            command(
                "s3://bucket/pictures/", awaited, "-r", "--output", "s3://bucket/counts",
                "--shard-rows", SHARD_ROWS, "--workers", 1,
            ),
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        until(lambda: any(bucket.glob("counts/counts/*.parquet")), _STARTED_WITHIN_S)
        server.stop()
        time.sleep(5)
        assert process.poll() is None
        server.start()
        until(partial(_filled, awaited, pictures[0].read_bytes()), _STARTED_WITHIN_S)
        _, err = process.communicate(timeout=_STARTED_WITHIN_S)
    assert process.returncode == 0, err
    rows: list[dict[str, Any]] = rows_of(bucket / "counts")
    names = [f"s3://bucket/pictures/{path.relative_to(bucket / 'pictures')}" for path in pictures]
    assert [row["path"] for row in rows] == [*names, str(awaited)]
    assert not [row for row in rows if row["error"]]


def _filled(pipe: Path, data: bytes) -> bool:
    """False while nobody reads from it."""
    try:
        end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(end, "wb") as file:
        file.write(data)
    return True


def _all_ended(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=0.1)[1]


def _spanish() -> dict[str, str]:
    return {**os.environ, "LANG": "es_ES.UTF-8", "PYTHONIOENCODING": "utf-8"}
