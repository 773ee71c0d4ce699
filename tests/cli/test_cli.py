"""The commands as a person types them: what they print, where, and how they exit."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from countlab.inference.pipeline import Pipeline
from countlab.notebook import Server
from countlab.options import PredictOptions
from tests.conftest import Run


@pytest.fixture
def folder(tmp_path: Path, photo: bytes, jpeg: bytes) -> Path:
    """A photo with fruit, a drawing without any, and a file that is no picture."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "photo.jpg").write_bytes(photo)
    (pictures / "drawing.JPG").write_bytes(jpeg)
    (pictures / "notes.txt").write_text("three oranges")
    return pictures


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["count"],
        ["serve"],
        ["fetch"],
        ["doctor"],
        ["tour"],
        ["history"],
        ["verify"],
        ["evaluate"],
        ["selfcheck"],
    ],
)
def test_help_is_quick_and_shows_how(command: list[str]) -> None:
    script = (
        "import sys\nfrom countlab.cli import main\n"
        "try: main([*sys.argv[1:], '--help'])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('cv2', 'numpy', 'fastapi', 'uvicorn') if n in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", script, *command], capture_output=True, text=True, check=True
    ).stdout
    assert output.splitlines()[-1] == "[]"
    assert "countlab" in output
    assert "Error" not in output


def test_a_picture_is_counted_as_the_pipeline_counts_it(
    run: Run, folder: Path, photo: bytes
) -> None:
    status, out, _ = run("count", folder / "photo.jpg", "--json")
    (entry,) = json.loads(out)["results"]
    expected = Pipeline().predict(photo).as_json()
    assert status == 0
    assert entry["name"] == str(folder / "photo.jpg")
    assert entry["result"]["findings"] == expected["findings"]
    assert entry["result"]["count"] == expected["count"] > 0


def test_the_table_names_every_picture_of_a_folder_once(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # so that the long names of this folder stay in one line
    status, out, err = run("count", folder, folder / "photo.jpg")
    assert status == 0
    assert out.count("photo.jpg") == out.count("drawing.JPG") == 1
    assert "notes.txt" not in out + err


def test_a_pattern_works_without_a_shell(run: Run, folder: Path) -> None:
    status, out, _ = run("count", folder / "*.jpg", "--csv")
    assert status == 0
    assert {row["file"] for row in csv.DictReader(io.StringIO(out))} == {str(folder / "photo.jpg")}


def test_a_bad_file_is_named_and_the_rest_is_counted(run: Run, folder: Path) -> None:
    named = folder / "notes.txt", folder / "gone.jpg", folder / "photo.jpg"
    status, out, err = run("count", *named, "--json")
    bad, good = json.loads(out)["results"]
    assert status == 1
    assert bad["problem"]["code"] == "not_a_picture"
    assert good["result"]["count"] > 0
    assert f"Error: {folder / 'notes.txt'}: This is not a picture" in err
    assert f"Error: There is no picture at {folder / 'gone.jpg'}" in err


def test_csv_has_the_columns_of_truth_and_one_line_for_each_label(
    run: Run, folder: Path, photo: bytes
) -> None:
    status, out, _ = run("count", folder, folder / "notes.txt", "--csv", "--confidence", 0.3)
    rows = list(csv.DictReader(io.StringIO(out)))
    expected = Pipeline().predict(photo, PredictOptions(confidence=0.3)).as_json()["counts"]
    assert status == 1
    assert list(rows[0])[:3] == ["file", "object", "count"]
    assert {
        row["object"]: int(row["count"]) for row in rows if row["file"].endswith("photo.jpg")
    } == expected
    assert rows[-1]["error"] == "not_a_picture"


def test_one_object_is_counted_alone(run: Run, folder: Path, photo: bytes) -> None:
    label, number = next(iter(Pipeline().predict(photo).as_json()["counts"].items()))
    status, out, _ = run("count", folder / "photo.jpg", "--object", label, "--csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (status, row["object"], row["count"]) == (0, label, str(number))


def test_a_zero_says_what_the_model_knows(
    run: Run, tmp_path: Path, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photo.jpg").write_bytes(photo)
    Image.new("RGB", (64, 64), "gray").save(tmp_path / "gray.png")
    assert "knows" not in run("count", tmp_path / "photo.jpg")[2], "something was found"
    known = "fruits knows: apple, banana, orange, lemon."
    assert known in run("count", tmp_path / "gray.png")[2]
    monkeypatch.setenv("LANG", "es_MX.UTF-8")
    conoce = "fruits conoce: manzana, plátano, naranja, limón."
    assert conoce in run("count", tmp_path / "gray.png", "--object", "limón")[2]


def test_a_server_counts_as_this_machine_does(run: Run, folder: Path, server: Server) -> None:
    here = json.loads(run("count", folder / "photo.jpg", "--json", "--confidence", 0.4)[1])
    there = json.loads(
        run("count", folder / "photo.jpg", "--json", "--confidence", 0.4, "--url", server.url)[1]
    )
    for answer in (here, there):
        del answer["results"][0]["result"]["milliseconds"]
    assert here == there


def test_a_bad_file_does_not_stop_the_rest_at_a_server_either(
    run: Run, folder: Path, server: Server
) -> None:
    named = folder / "notes.txt", folder / "photo.jpg"
    status, out, err = run("count", *named, "--url", server.url)
    assert status == 1
    assert "not counted" in out
    assert "This is not a picture" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--object", "oranje"], "does not count “oranje”. It counts: orange"),
        (["--model", "fruit"], "There is no model called “fruit”. There are: fruits"),
        (["--url", "http://127.0.0.1:9"], "The server at http://127.0.0.1:9 does not answer."),
    ],
)
def test_what_concerns_every_picture_is_said_once(
    run: Run, folder: Path, options: list[str], message: str
) -> None:
    status, out, err = run("count", folder, *options)
    assert (status, out) == (1, "")
    assert message in err
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize(
    "wrong", [[], ["--confidence", "2"], ["--csv", "--json"], ["--colour", "red"]]
)
def test_wrong_usage_ends_with_status_2(run: Run, folder: Path, wrong: list[str]) -> None:
    assert run("count", *([folder, *wrong] if wrong else []))[0] == 2


def test_a_spanish_terminal_is_spoken_to_in_spanish(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "es_MX.UTF-8")
    assert "No hay ninguna imagen" in run("count", tmp_path / "no.jpg")[2]


def test_models_lists_what_there_is_and_names_what_cannot_be_read(
    run: Run, second_model: Path, home: Path
) -> None:
    (home / "models").mkdir(parents=True)
    (home / "models" / "planets").symlink_to(second_model / "models" / "planets")
    (home / "models" / "broken").mkdir()
    (home / "models" / "broken" / "model.toml").write_text("name = ")
    status, out, err = run("models")
    rows = {line.split()[0]: line for line in out.splitlines() if line[0] != " "}
    assert status == 0
    assert rows["fruits"].split()[1:4] == ["*", "built-in", "yes"]
    assert rows["planets"].split()[1:3] == ["own", "yes"]
    assert rows["yolov3"].split()[1:5] == ["published", "no", "248.0", "MB"]
    assert "mercury, venus" in out
    assert "broken" in err


def test_version(run: Run) -> None:
    status, out, _ = run("--version")
    assert (status, out.split()[0]) == (0, "countlab")
