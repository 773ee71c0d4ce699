"""`evaluate` with Pascal VOC XML: read, bounded, and refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.evaluation.truth import read_truth
from countlab.inference.pipeline import Pipeline
from tests.conftest import ROOT, Run

NAMES = ("oranges_1.jpg", "oranges_2.jpg", "oranges_3.jpg")


def voc(filename: str, width: int, height: int, boxes: list[tuple[str, tuple[int, ...]]]) -> str:
    objects = "".join(
        f"<object><name>{label}</name><difficult>0</difficult><bndbox><xmin>{box[0] + 1}</xmin>"
        f"<ymin>{box[1] + 1}</ymin><xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
        for label, box in boxes
    )
    return (
        f"<annotation><folder>x</folder><filename>{filename}</filename><size><width>{width}</width>"
        f"<height>{height}</height><depth>3</depth></size>{objects}</annotation>"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, each annotated with what the model finds in it, one also as a lemon."""
    for name in NAMES:
        data = (ROOT / "images" / name).read_bytes()
        (tmp_path / name).write_bytes(data)
        found = Pipeline().predict(data)
        boxes = [(finding.label, tuple(finding.box or ())) for finding in found.findings]
        text = voc(f"C:\\somewhere\\{name}", found.picture.width, found.picture.height, boxes)
        (tmp_path / name).with_suffix(".xml").write_text(text)
    return tmp_path


def test_a_model_is_perfect_against_its_own_boxes_in_voc(run: Run, folder: Path) -> None:
    for arguments in ((folder,), (folder, "--truth", folder)):
        status, out, _ = run("evaluate", *arguments, "--json")
        assert status == 0
        (result,) = json.loads(out)["results"]
        assert result["all_rows"]["exact"]["value"] == 1
        assert result["average_precision"]["map"] == pytest.approx(1)
    assert "fewer than 12 pictures" in " ".join(run("evaluate", folder)[1].split())


def test_the_usual_folders_of_voc_are_found_by_themselves(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "VOC2026"
    for name in ("JPEGImages", "Annotations"):
        (root / name).mkdir(parents=True)
    for path in [path for path in folder.iterdir() if path.is_file()]:
        path.rename(root / ("Annotations" if path.suffix == ".xml" else "JPEGImages") / path.name)
    truths = read_truth(root, None)
    assert truths
    assert all(truth.path.parent.name == "JPEGImages" for truth in truths)
    assert all(truth.path.is_file() for truth in truths)


def test_a_label_without_a_box_counts_as_zero(folder: Path) -> None:
    (folder / "oranges_1.xml").write_text(voc("oranges_1.jpg", 640, 480, [("lemon", (1, 2, 3, 4))]))
    truths = {truth.name: truth for truth in read_truth(folder, None)}
    assert truths["oranges_1.jpg"].counts == {"lemon": 1, "orange": 0}
    assert truths["oranges_2.jpg"].counts == {"lemon": 0, "orange": 2}
    (box,) = truths["oranges_1.jpg"].boxes or ()
    assert box == ("lemon", 1 / 640, 2 / 480, 3 / 640, 4 / 480)


def test_a_picture_is_found_by_the_files_name_where_the_xml_names_another(folder: Path) -> None:
    (folder / "oranges_1.xml").write_text(voc("IMG_0001.jpeg", 640, 480, []))
    assert "oranges_1.jpg" in {truth.name for truth in read_truth(folder, None)}


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><annotation>&c;</annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><annotation>&b;</annotation>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotation><object>", "line 1 is not XML"),
        (BOMB, "declares entities"),
        (OUTSIDE, "declares entities"),
        ("<a>" * 100_000, "too deep"),
        (" " * 6_000_000, "more than 5\u202f000\u202f000 bytes"),
        ("<annotation><object><name> </name></object></annotation>", "name is missing"),
        (voc("a.jpg", 10, 10, [("orange", (1, 2, 3, 4))]).replace("<xmin>2", "<xmin>two"),
         "xmin is “two”"),
        (voc("a.jpg", 10, 10, [("orange", (1, 2, 3, 4))]).replace("bndbox", "box"),
         "bndbox is missing"),
        (voc("a.jpg", 10, 10, []).replace("<width>10", "<width>nan"), "width is “nan”"),
    ],
)  # fmt: skip
def test_an_xml_that_cannot_be_used_is_refused_in_words(
    folder: Path, text: str, message: str
) -> None:
    (folder / "oranges_1.xml").write_text(text)
    with pytest.raises(CountlabError) as refused:
        read_truth(folder, None)
    assert refused.value.code == "bad_voc"
    assert message in str(refused.value)
