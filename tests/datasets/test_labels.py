"""The dataset's folder: which label holds, what is refused, and what is read from it."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from pathlib import Path

import pytest

from countlab.datasets.box_files import read_boxes, write_boxes
from countlab.datasets.folder import UNSURE, read_settings
from countlab.datasets.judging import labelled_pictures
from countlab.datasets.labels import LabelRow, labels_that_hold, read_rows, write_rows
from countlab.datasets.lines import append_line, read_lines
from countlab.datasets.review.queue import candidates
from countlab.datasets.review.weak_errors import report
from countlab.datasets.reviews import ReviewBox, read_reviews, save_review
from countlab.datasets.weak_labels.votes import Vote, write_votes
from countlab.errors import CountlabError
from tests.conftest import ROOT, Run
from tests.datasets.conftest import WITH, WITHOUT, add_picture, package


def test_what_a_person_said_last_holds(tmp_path: Path) -> None:
    more = {"group": "box 7", "note": "look"}
    names = ("a", "b", "c", "d", "e")
    write_rows(tmp_path, [LabelRow(f"{n}.png", WITH, 0.7, "weak", more) for n in names])
    save_review(tmp_path, "a.png", WITHOUT, person="ana", seen=0)
    save_review(tmp_path, "b.png", WITHOUT, person="ana", seen=0)
    save_review(tmp_path, "b.png", None, person="ana", seen=1)
    save_review(tmp_path, "c.png", UNSURE, person="ana", seen=0)
    save_review(tmp_path, "f.png", WITH, person="ana", seen=0)
    found = labels_that_hold(tmp_path)
    assert {file: (row.label, row.confidence, row.source) for file, row in found.items()} == {
        "a.png": (WITHOUT, 1.0, "review"),
        "b.png": (WITH, 0.7, "weak"),
        "d.png": (WITH, 0.7, "weak"),
        "e.png": (WITH, 0.7, "weak"),
        "f.png": (WITH, 1.0, "review"),
    }
    assert found["a.png"].more == more
    assert read_rows(tmp_path) == [LabelRow(f"{n}.png", WITH, 0.7, "weak", more) for n in names]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,confidence\na.png,1\n", "no column label"),
        ("file,label\na.png,x\na.png,y\n", "line 3: a.png stands here twice"),
        ("file,label,confidence\na.png,x,2\n", "line 2: confidence 2"),
        ("file,label\n,x\n", "no file"),
        ("file,label\n../../etc/passwd,x\n", "leads out of"),
        ("file,label\n/etc/passwd,x\n", "leads out of"),
    ],
)
def test_a_wrong_labels_file_is_refused_with_its_line(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(CountlabError) as error:
        read_rows(tmp_path)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "text",
    ['classes = ["one"]', "colour = 1", '[[text]]\nwords = ["a"]\nlabel = "x"', "classes = [", ""],
)
def test_a_wrong_dataset_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "dataset.toml").write_text(text)
    if not text:
        assert read_settings(tmp_path).classes == (WITH, WITHOUT)
        return
    with pytest.raises(CountlabError) as error:
        read_settings(tmp_path)
    assert error.value.code == "bad_dataset_file"


def test_a_torn_line_is_no_line_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "lines.ndjson"
    append_line(path, {"n": 1})
    with path.open("ab") as file:
        file.write(b'{"n": 2, "text": "' + b"x" * 200_000)
    assert read_lines(path) == [{"n": 1}]
    append_line(path, {"n": 3})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"n": 1}, {"n": 3}]


def _review(arguments: tuple[Path, str, int]) -> str:
    folder, person, _ = arguments
    try:
        save_review(folder, "a.png", WITH, person=person, seen=0)
    except CountlabError as error:
        return error.code
    return person


def test_of_many_processes_one_answers(tmp_path: Path) -> None:
    """Everybody has seen version 0; only the first may answer."""
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        told = pool.map(_review, [(tmp_path, f"p{n}", n) for n in range(9)], chunksize=3)
    (winner,) = set(told) - {"reviewed_meanwhile"}
    assert told.count("reviewed_meanwhile") == 8
    assert read_reviews(tmp_path)["a.png"].person == winner


def test_disputed_and_noted_pictures_come_first_and_some_by_lot(tmp_path: Path) -> None:
    files = [add_picture(tmp_path, package(number, 4)) for number in range(20)]
    note = {files[5]: {"note": "wrong, says a user"}}
    write_rows(
        tmp_path, [LabelRow(f, WITHOUT, 0.99, "weak", note.get(f, {"note": ""})) for f in files]
    )
    write_votes(tmp_path, [Vote(files[3], "shape", WITH), Vote(files[3], "text", WITHOUT)])
    order = [each.file for each in candidates(tmp_path)]
    assert order[:2] == [files[5], files[3]]
    assert sorted(order) == sorted(files)
    assert order == [each.file for each in candidates(tmp_path)]


def test_the_share_that_is_wrong_is_told_from_lots_alone(tmp_path: Path) -> None:
    """Forty pictures, a tenth wrong; the wrong ones look doubtful and are reviewed first."""
    files = [add_picture(tmp_path, package(number, 4)) for number in range(40)]
    wrong = set(files[:4])
    write_rows(
        tmp_path, [LabelRow(f, WITH if f in wrong else WITHOUT, 0.6 if f in wrong else 0.99, "weak")
                   for f in files]
    )  # fmt: skip
    for each in candidates(tmp_path)[:15]:
        save_review(tmp_path, each.file, WITHOUT, person="ana", seen=0)
    (combined,) = report(tmp_path).sources
    assert (combined.wrong, combined.judged) == (4, 15)
    assert 3 <= combined.drawn < 15
    assert combined.drawn_wrong / combined.drawn < 4 / 15
    low, high = combined.interval
    assert low <= 0.1 <= high


def test_boxes_that_people_drew_judge_counts(tmp_path: Path, run: Run) -> None:
    (tmp_path / "pictures").mkdir()
    for name in ("oranges_3.jpg", "oranges_5.jpg", "apples_3.jpg"):
        shutil.copy(ROOT / "images" / name, tmp_path / "pictures" / name)
    for name, number in (("oranges_3.jpg", 3), ("oranges_5.jpg", 4)):
        boxes = [ReviewBox("orange", at / 10, 0.1, (at + 1) / 10, 0.2) for at in range(number)]
        write_boxes(tmp_path, f"pictures/{name}", boxes)
    found = read_boxes(tmp_path, "pictures/oranges_5.jpg")
    assert found == tuple(boxes)
    assert read_boxes(tmp_path, "pictures/apples_3.jpg") is None
    status, told, errors = run("evaluate", tmp_path, "--json")
    assert status == 0, errors
    rows = {row[0]: tuple(row[2:]) for row in json.loads(told)["results"][0]["rows"]}
    assert rows == {"oranges_3.jpg": (3, 3), "oranges_5.jpg": (4, 5)}


def test_a_classifier_is_judged_on_the_labels_that_hold(tmp_path: Path) -> None:
    file = add_picture(tmp_path, package(1, 8))
    write_rows(tmp_path, [LabelRow(file, WITHOUT, 0.9, "weak")])
    save_review(tmp_path, file, WITH, person="ana", seen=0)
    (picture,) = labelled_pictures(tmp_path, [WITH, WITHOUT])
    assert (picture.label, picture.read()) == (WITH, (tmp_path / file).read_bytes())
    with pytest.raises(CountlabError, match="no classes of this model"):
        labelled_pictures(tmp_path, ["rain", "snow"])
