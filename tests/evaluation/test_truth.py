"""Ground truth readers: CSV, count folders, COCO JSON, YOLO labels, and their errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from countlab.errors import CountlabError
from countlab.evaluation.ground_truth import GroundTruth, TrueBox
from countlab.evaluation.truth import read_truth


def counts(truths: tuple[GroundTruth, ...]) -> dict[str, dict[str, int]]:
    return {truth.name: dict(truth.counts) for truth in truths}


def read_error(folder: Path, truth: Path | None = None, **options: Any) -> CountlabError:
    with pytest.raises(CountlabError) as failure:
        read_truth(folder, truth, **options)
    spanish = failure.value.text("es")
    assert spanish.detail
    assert spanish.fix
    return failure.value


def test_truth_csv_in_the_pictures_folder_is_the_default(tmp_path: Path) -> None:
    lines = "file,object,count\na.jpg,apple,2\na.jpg,orange,0\nsub/b.png,apple,1\n"
    (tmp_path / "truth.csv").write_text(lines)
    truths = read_truth(tmp_path, None)
    assert counts(truths) == {"a.jpg": {"apple": 2, "orange": 0}, "sub/b.png": {"apple": 1}}
    assert truths[1].path == tmp_path / "sub" / "b.png"
    assert truths[0].boxes is None


def test_csv_saved_by_excel_is_read(tmp_path: Path) -> None:
    """Byte order mark, semicolons (where the comma is for decimals), another order, a remark."""
    text = "\ufeffcount;object;file;remark\r\n3;piña;foto 1.jpg;la grande\r\n"
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    assert counts(read_truth(tmp_path, tmp_path / "mine.csv")) == {"foto 1.jpg": {"piña": 3}}


def test_csv_headings_may_have_spaces_and_capitals(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("File, Object, Count\na.jpg, apple, 2\n")
    assert counts(read_truth(tmp_path, None)) == {"a.jpg": {"apple": 2}}


def test_windows_1252_csv_is_read_and_binary_data_refused(
    tmp_path: Path,
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_bytes("file;object;count\nmañana.jpg;piña;3\n".encode("cp1252"))
    assert counts(read_truth(tmp_path, None)) == {"mañana.jpg": {"piña": 3}}
    truth.write_bytes(b"\xff\xd8\xff\x81\x8d")
    assert read_error(tmp_path).code == "no_truth"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("picture,object,count\na.jpg,apple,1\n", 1, "file"),
        ("file,object,count\na.jpg,apple,1\nb.jpg,apple,two\n", 3, "two"),
        ("file,object,count\na.jpg,apple,-1\n", 2, "-1"),
        ("file,object,count\na.jpg,apple,1.5\n", 2, "1.5"),
        ("file,object,count\na.jpg,,1\n", 2, "object"),
        ("file,object,count\na.jpg,apple\n", 2, "“”"),
        ("file,object,count\na.jpg,apple,1\na.jpg,pear,1\na.jpg,apple,2\n", 4, "apple"),
        ("file,object,count\n", 1, "no line"),
        ("", 1, "file"),
    ],
)
def test_csv_error_names_the_line_and_its_content(
    tmp_path: Path, text: str, line: int, expected: str
) -> None:
    (tmp_path / "truth.csv").write_text(text)
    error = read_error(tmp_path)
    assert error.code == "bad_truth"
    detail, fix = error.text("en")
    assert str(tmp_path / "truth.csv") in detail
    assert f"line {line} " in detail
    assert expected in detail
    assert "file,object,count" in fix


def test_missing_truth_is_an_error(tmp_path: Path) -> None:
    assert read_error(tmp_path).code == "no_truth"
    assert read_error(tmp_path / "nowhere").code == "no_such_file", (
        "the advice to write a truth.csv would not help"
    )


def test_folders_named_by_counts_are_read(tmp_path: Path) -> None:
    for name in ("0/none.jpg", "3/a.jpg", "3/b.PNG", "12/many.jpeg", "3/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    truths = read_truth(tmp_path, None, objects=["orange"])
    assert counts(truths) == {
        "0/none.jpg": {"orange": 0},
        "12/many.jpeg": {"orange": 12},
        "3/a.jpg": {"orange": 3},
        "3/b.PNG": {"orange": 3},
    }
    assert read_error(tmp_path).code == "counts_of_what"
    (tmp_path / "a few").mkdir()
    (tmp_path / "a few" / "c.jpg").touch()
    error = read_error(tmp_path, objects=["orange"])
    assert error.code == "bad_count_folder"
    assert "a few" in str(error)


COCO: dict[str, Any] = {
    "images": [
        {"id": 7, "file_name": "a.jpg", "width": 200, "height": 100},
        {"id": 8, "file_name": "deep/b.jpg", "width": 50, "height": 50},
    ],
    "categories": [{"id": 1, "name": "apple"}, {"id": 5, "name": "orange"}],
    "annotations": [
        {"image_id": 7, "category_id": 5, "bbox": [20, 10, 100, 50]},
        {"image_id": 7, "category_id": 5, "bbox": [0, 0, 20, 20]},
        {"image_id": 8, "category_id": 1, "bbox": [0, 0, 50, 50], "iscrowd": 1},
    ],
}


def test_coco_gives_counts_and_boxes_and_leaves_out_crowds(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(COCO))
    first, second = read_truth(tmp_path, path)
    assert (first.name, dict(first.counts)) == ("a.jpg", {"apple": 0, "orange": 2})
    assert first.boxes is not None
    assert first.boxes[0] == TrueBox("orange", 0.1, 0.1, 0.6, 0.6)
    assert (second.name, dict(second.counts), second.boxes) == ("deep/b.jpg", {"orange": 0}, ())
    restricted = read_truth(tmp_path, path, objects=["orange"])
    assert counts(restricted) == {"a.jpg": {"orange": 2}, "deep/b.jpg": {"orange": 0}}
    assert read_error(tmp_path, path, objects=["pear"]).code == "truth_without_object"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"images": [],\n "categories": oops}', "line 2"),
        (json.dumps({**COCO, "annotations": [{"image_id": 9, "category_id": 1}]}), "image_id 9"),
        (json.dumps({"images": COCO["images"]}), "categories"),
        ("[]", "TypeError"),
    ],
)
def test_coco_error_names_the_place(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(text)
    error = read_error(tmp_path, path)
    assert error.code == "bad_coco"
    assert expected in str(error)


@pytest.fixture
def yolo(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "unlabelled.jpg"):
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "images" / name).touch()
    labels = tmp_path / "labels"
    labels.mkdir()
    (labels / "a.txt").write_text("1 0.5 0.5 0.2 0.4\n\n0 0.1 0.2 0.5 0.1 0.9 0.6 0.3 0.4\n")
    (labels / "b.txt").write_text("")
    (tmp_path / "classes.txt").write_text("apple\norange\n")
    return labels


def test_yolo_boxes_and_polygons_give_counts_and_boxes(yolo: Path) -> None:
    first, second = read_truth(yolo.parent / "images", yolo)
    assert dict(first.counts) == {"apple": 1, "orange": 1}
    assert first.boxes is not None
    assert first.boxes[0] == pytest.approx(("orange", 0.4, 0.3, 0.6, 0.7))
    assert first.boxes[1] == pytest.approx(("apple", 0.1, 0.1, 0.9, 0.6))
    assert (second.name, dict(second.counts)) == ("b.jpg", {"apple": 0, "orange": 0})


@pytest.mark.parametrize(
    "line",
    ["2 0.5 0.5 0.2 0.2", "-1 0.5 0.5 0.2 0.2", "0 0.5 0.5 0.2", "x", "0 nan 0.5 0.2 0.2"],
)
def test_yolo_error_names_the_line(yolo: Path, line: str) -> None:
    (yolo / "b.txt").write_text(f"0 0.5 0.5 0.2 0.2\n{line}\n")
    error = read_error(yolo.parent / "images", yolo)
    assert error.code == "bad_yolo"
    detail, fix = error.text("en")
    assert f"{yolo / 'b.txt'}, line 2: “{line}”" in detail
    assert "0 to 1" in fix


def test_binary_yolo_file_is_refused(yolo: Path) -> None:
    (yolo / "b.txt").write_bytes(b"\xff\xfe0 0.5 0.5 0.2 0.2\n")
    error = read_error(yolo.parent / "images", yolo)
    assert error.code == "bad_yolo"
    assert "b.txt, line 1" in error.text("en").detail


def test_yolo_without_names_or_label_files_is_an_error(yolo: Path, tmp_path: Path) -> None:
    (tmp_path / "classes.txt").rename(tmp_path / "fruit names")
    images = yolo.parent / "images"
    assert read_error(images, yolo).code == "no_names"
    assert len(read_truth(images, yolo, names=tmp_path / "fruit names")) == 2
    (tmp_path / "elsewhere").mkdir()
    assert (
        read_error(images, tmp_path / "elsewhere", names=tmp_path / "fruit names").code == "no_yolo"
    )
