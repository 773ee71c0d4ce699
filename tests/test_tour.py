"""The tour: table and summary against the truth, failed pictures, and serving until stopped."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from rich.console import Console

from countlab.client.client import Client
from countlab.notebook import Server
from countlab.tour import Row, count_folder, results_table, summary_text

COUNTLAB = str(Path(sys.executable).with_name("countlab"))


def rendered(rows: list[Row]) -> str:
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(results_table(rows))
    return console.export_text()


@pytest.fixture
def folder(tmp_path: Path, photo: bytes, jpeg: bytes) -> Path:
    """A photo and a drawing."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "photo.jpg").write_bytes(photo)
    (pictures / "drawing.jpg").write_bytes(jpeg)
    return pictures


def write_truth(folder: Path, *rows: str) -> None:
    (folder / "truth.csv").write_text("\n".join(["file,object,count", *rows]) + "\n")


def test_rows_equal_the_servers_counts_and_pictures_are_saved_with_boxes(
    folder: Path, server: Server, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client = Client(server.url)
    counts = client.count(photo).counts
    label, number = next(iter(counts.items()))
    truth = {
        "photo.jpg": {label: number + 2, "lychee": 0},
        "gone.jpg": {label: 1},
        "drawing.jpg": {label: client.count(folder / "drawing.jpg").counts.get(label, 0)},
    }
    rows, errors = count_folder(folder, truth, client)
    assert [(row.object, row.truth, row.counted, row.exact) for row in rows] == [
        (label, number + 2, number, False),
        ("lychee", 0, 0, True),
        (label, rows[2].truth, rows[2].truth, True),
    ]
    assert list(errors) == ["gone.jpg"]
    counted = tmp_path / "images_counted"
    assert sorted(path.name for path in counted.iterdir()) == ["drawing.jpg", "photo.jpg"]
    assert (counted / "photo.jpg").read_bytes() == client.predict(photo).picture


def test_table_leaves_out_zero_rows_counted_as_zero() -> None:
    rows = [
        Row("a.jpg", "apple", 2, 2, 10),
        Row("a.jpg", "pear", 0, 0, 10),
        Row("balls.jpg", "apple", 0, 0, 10),
        Row("balls.jpg", "pear", 0, 0, 10),
        Row("misled.jpg", "apple", 0, 3, 10),
        Row("misled.jpg", "pear", 0, 0, 10),
    ]
    lines = [line.split() for line in rendered(rows).splitlines()[1:]]
    assert lines == [
        ["a.jpg", "apple", "2", "2", "✓", "10"],
        ["balls.jpg", "–", "0", "0", "✓", "10"],
        ["misled.jpg", "apple", "0", "3", "✗", "10"],
    ]


def test_summary_includes_rows_that_the_table_leaves_out() -> None:
    rows = [Row("a.jpg", "apple", 2, 1, 9), Row("a.jpg", "pear", 1, 1, 9)]
    rows += [Row("a.jpg", str(n), 0, 0, 9) for n in range(6)]
    assert "1 of 2 (50%) where there is something to count, 7 of 8 (88%)" in summary_text(rows)
    assert "Mean error: 0.12" in summary_text(rows)


def test_once_prints_the_table_and_exits(folder: Path, server: Server) -> None:
    label, number = next(iter(Client(server.url).count(folder / "photo.jpg").counts.items()))
    write_truth(folder, f"photo.jpg,{label},{number}")
    done = subprocess.run(
        [COUNTLAB, "tour", "pictures", "--port", "0", "--once"],
        capture_output=True,
        text=True,
        cwd=folder.parent,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    row = next(line for line in done.stdout.splitlines() if line.startswith("photo.jpg"))
    assert row.split()[:5] == ["photo.jpg", label, str(number), str(number), "✓"]
    assert "1 of 1 (100%)" in done.stdout
    assert "/docs" in done.stdout
    assert (folder.parent / "images_counted" / "photo.jpg").stat().st_size > 0


def test_failed_picture_is_reported_and_sets_the_exit_status(folder: Path) -> None:
    write_truth(folder, "gone.jpg,apple,1", "drawing.jpg,apple,0")
    done = subprocess.run(
        [COUNTLAB, "tour", "pictures", "--port", "0", "--once"],
        capture_output=True,
        text=True,
        cwd=folder.parent,
        timeout=60,
    )
    assert done.returncode == 1
    assert "gone.jpg: There is no picture at" in done.stdout
    assert "drawing.jpg" in done.stdout


def test_tour_keeps_serving_until_terminated(folder: Path) -> None:
    write_truth(folder, "drawing.jpg,apple,0")
    process = subprocess.Popen(
        [COUNTLAB, "tour", "pictures", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=folder.parent,
    )
    assert process.stdout
    url = ""
    for line in process.stdout:
        if line.startswith("Try it yourself:"):
            url = line.split()[-1]
        if "Ctrl-C" in line:
            break
    with urllib.request.urlopen(url) as response:
        assert response.status == 200
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
