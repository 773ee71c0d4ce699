"""Many pictures into Parquet: the same answers, from every kind of source, each once."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from countlab.inference.pipeline import Pipeline
from tests.batch.sources import (
    PICTURES,
    command,
    make_small_pictures,
    rows_of,
    s3_server,
    write_parquet,
    write_tar,
)
from tests.conftest import Run, offering

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries of storages
SOME = PICTURES[:3]


def answers(rows: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """What a row says of a picture, by the last part of its name."""
    return {
        row["path"].replace("#", "/").rpartition("/")[2]: (
            row["count"],
            dict(row["counts"]),
            row["findings"],
            row["picture_sha256"],
            row["result_sha256"],
        )
        for row in rows
    }


@pytest.fixture(scope="module")
def expected() -> dict[str, tuple[Any, ...]]:
    pipeline, found = Pipeline(), {}
    for picture in SOME:
        prediction = pipeline.predict(picture.read_bytes())
        answer = prediction.as_json()
        found[picture.name] = (
            answer["count"],
            answer["counts"],
            answer["findings"],
            prediction.picture_sha256,
            prediction.receipt["result_sha256"],
        )
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures above and below, one that is none, and a file that is no picture."""
    folder = tmp_path / "pictures"
    (folder / "below").mkdir(parents=True)
    for picture, place in zip(SOME, (folder, folder, folder / "below"), strict=True):
        (place / picture.name).write_bytes(picture.read_bytes())
    (folder / "broken.jpg").write_bytes(b"no picture at all")
    (folder / "notes.txt").write_text("of no interest")
    return folder


def test_a_folder_becomes_parquet(
    run: Run, folder: Path, tmp_path: Path, expected: dict[str, Any]
) -> None:
    output = tmp_path / "counts"
    status, _, err = run("count", folder, "-r", "--output", output, "--shard-rows", "2")

    assert status == 1, err  # one picture could not be counted
    rows = rows_of(output)
    broken = [row for row in rows if row["error"]]
    assert [row["error"] for row in broken] == ["not_a_picture"]
    assert broken[0]["path"].endswith("broken.jpg")
    assert answers([row for row in rows if not row["error"]]) == expected
    manifest = json.loads((output / "manifest.json").read_text())
    assert (manifest["pictures"], manifest["failed"]) == (4, 1)
    assert manifest["counts"] == _sum(row["counts"] for row in rows)
    assert [shard["name"] for shard in manifest["shards"]] == ["000000.parquet", "000001.parquet"]


def test_without_recursive_only_the_folder_itself(run: Run, folder: Path, tmp_path: Path) -> None:
    run("count", folder, "--output", tmp_path / "counts")
    names = {Path(row["path"]).name for row in rows_of(tmp_path / "counts")}
    assert names == {SOME[0].name, SOME[1].name, "broken.jpg"}


def test_archives_give_the_same_rows(run: Run, tmp_path: Path, expected: dict[str, Any]) -> None:
    pictures = {picture.name: picture.read_bytes() for picture in SOME}
    write_tar(tmp_path / "a.tar", pictures)
    write_parquet(tmp_path / "b.parquet", pictures, group=2)
    output = tmp_path / "counts"
    status, _, err = run(
        "count", tmp_path / "a.tar", tmp_path / "b.parquet", "--output", output, "--shard-rows", 2
    )
    assert status == 0, err
    rows = rows_of(output)
    in_tar = [row for row in rows if "a.tar#" in row["path"]]
    in_parquet = [row for row in rows if "b.parquet#" in row["path"]]
    assert answers(in_tar) == expected
    assert [row["path"].rpartition("#")[2] for row in in_parquet] == ["0", "1", "2"]
    assert [*answers(in_parquet).values()] == [*expected.values()]
    assert sorted(path.name for path in (output / "counts").iterdir()) == [
        "000000-000.parquet", "000000.parquet", "000001-000.parquet", "000001.parquet",
    ]  # fmt: skip


def test_an_archive_that_is_cut_is_a_row_and_keeps_what_came_before(
    run: Run, tmp_path: Path
) -> None:
    write_tar(tmp_path / "a.tar", {picture.name: picture.read_bytes() for picture in SOME})
    whole = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "b.parquet").write_bytes(b"PAR1 but nothing more")
    status, _, _ = run(
        "count", tmp_path / "a.tar", tmp_path / "b.parquet", "--output", tmp_path / "counts"
    )
    rows = rows_of(tmp_path / "counts")
    assert status == 1
    assert not rows[0]["error"]
    assert [row["path"] for row in rows if row["error"] == "broken_container"] == [
        str(tmp_path / "a.tar"),
        str(tmp_path / "b.parquet"),
    ]


def test_a_bucket_is_read_and_written(
    run: Run,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expected: dict[str, Any],
) -> None:
    """A real S3 server, a picture in a folder and one in an archive."""
    bucket = tmp_path / "store" / "bucket"
    bucket.mkdir(parents=True)
    folder.rename(bucket / "survey")
    write_tar(bucket / "survey" / "more.tar", {"one.jpg": SOME[0].read_bytes()})
    with s3_server(tmp_path / "store", monkeypatch):
        status, _, err = run(
            "count", "s3://bucket/survey/", "-r", "--output", "s3://bucket/counts", "--workers", 1
        )
    assert status == 1, err
    rows = rows_of(bucket / "counts")
    assert {row["path"] for row in rows if row["error"]} == {"s3://bucket/survey/broken.jpg"}
    assert answers([row for row in rows if not row["error"]]) == {
        **expected,
        "one.jpg": expected[SOME[0].name],
    }
    assert json.loads((bucket / "counts" / "manifest.json").read_text())["pictures"] == 5


def test_any_other_storage_of_fsspec_is_read_and_written(
    run: Run, folder: Path, tmp_path: Path, expected: dict[str, Any]
) -> None:
    """Such as Google's and Azure's: by its folders, and where a file may be seen half written."""
    write_tar(folder / "more.tar", {"one.jpg": SOME[0].read_bytes()})
    output = tmp_path / "counts"
    for _ in range(2):  # the second run finds everything there
        status, _, err = run("count", f"file://{folder}/", "-r", "--output", f"file://{output}")
        assert status == 1, err
    rows = rows_of(output)
    assert [row["error"] for row in rows if row["error"]] == ["not_a_picture"]
    assert answers([row for row in rows if not row["error"]]) == {
        **expected,
        "one.jpg": expected[SOME[0].name],
    }
    assert not list(output.rglob("*.part"))


def test_a_listing_of_http_is_read(
    run: Run, folder: Path, tmp_path: Path, expected: dict[str, Any]
) -> None:
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, offering(server):
        address = f"http://127.0.0.1:{server.server_port}/"
        status, _, err = run("count", address, "-r", "--output", tmp_path / "counts")
    assert status == 1, err
    rows = rows_of(tmp_path / "counts")
    assert answers([row for row in rows if not row["error"]]) == expected


def test_a_run_that_is_done_is_not_repeated(run: Run, folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "counts"
    run("count", folder, "--output", output)
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*.parquet")}
    status, _, err = run("count", folder, "--output", output)
    assert status == 1
    assert "3" in err
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*.parquet")} == before


def test_another_question_needs_another_place(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("count", folder, "--output", tmp_path / "counts")
    monkeypatch.setenv("LANG", "es_ES.UTF-8")
    status, _, err = run("count", folder, "--output", tmp_path / "counts", "--confidence", "0.7")
    assert status == 1
    assert "otra pregunta" in err


def test_a_source_inside_another_is_counted_once(run: Run, folder: Path, tmp_path: Path) -> None:
    run("count", folder, folder / "below", folder, "-r", "--output", tmp_path / "counts")
    names = [Path(row["path"]).name for row in rows_of(tmp_path / "counts")]
    assert len(names) == len(set(names)) == 4


def test_the_output_is_no_source_of_itself(run: Run, folder: Path) -> None:
    for _ in range(2):
        run("count", folder, "-r", "--output", folder / "counts")
    assert len(rows_of(folder / "counts")) == 4


def test_options_that_do_not_go_together_are_named(run: Run, folder: Path, tmp_path: Path) -> None:
    assert "--output" in run("count", folder, "--workers", "2")[2]
    assert "--csv" in run("count", folder, "--csv", "--output", tmp_path / "counts")[2]
    assert "0" in run("count", folder, "--workers", "0", "--output", tmp_path / "counts")[2]


def test_many_workers_give_each_picture_one_row(run: Run, tmp_path: Path) -> None:
    pictures = make_small_pictures(tmp_path / "pictures", 250)
    status, _, err = run(
        "count", tmp_path / "pictures", "-r", "--workers", 3, "--shard-rows", 40,
        "--output", tmp_path / "counts",
    )  # fmt: skip
    assert status == 0, err
    assert [row["path"] for row in rows_of(tmp_path / "counts")] == list(map(str, pictures))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Requests are not printed."""


def _sum(counts: Any) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for label, number in dict(one or {}).items():
            total[label] = total.get(label, 0) + number
    return total


def test_many_pictures_are_printed_in_their_order(run: Run, tmp_path: Path) -> None:
    """Counted at once, but as if one by one; what cannot be read stays in its place."""
    pictures = make_small_pictures(tmp_path / "pictures", 130)
    pictures[60].write_bytes(b"no picture")
    status, out, _ = run("count", tmp_path / "pictures", "-r", "--ndjson")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [row["name"] for row in rows] == list(map(str, pictures))
    assert [place for place, row in enumerate(rows) if "problem" in row] == [60]


def test_a_bucket_that_is_not_there_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own: fsspec keeps the connection of the server of a test before."""
    (tmp_path / "store" / "bucket").mkdir(parents=True)
    with s3_server(tmp_path / "store", monkeypatch):
        asked = command("s3://other/survey/", "-r", "--output", tmp_path / "counts")
        done = subprocess.run(asked, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "bucket" in done.stderr
    assert "Traceback" not in done.stderr
