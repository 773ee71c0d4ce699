"""Training from a dataset's folder: labels that hold, groups that stay together."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from countlab.datasets.labels import LabelRow, write_rows
from countlab.datasets.reviews import save_review
from countlab.errors import CountlabError
from countlab.training.dataset import classes_of, gather
from countlab.training.lab import read_lab
from countlab.training.split import split
from tests.classifiers.conftest import draw

LAB = """
classes = ["discs", "bars"]
[input]
size = [24, 24]
stored = [24, 24]
[[data]]
kind = "dataset"
path = "shapes"
confidence = {confidence}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twenty discs and twenty bars in ten groups of four, of each kind two."""
    folder, rows = tmp_path / "data" / "shapes", []
    (folder / "pictures").mkdir(parents=True)
    for number in range(40):
        label = ("discs", "bars")[number % 2]
        file = f"pictures/{number:02}.png"
        cv2.imwrite(str(folder / file), draw(label, number))
        confidence = 0.7 if number < 8 else 0.99
        rows.append(LabelRow(file, label, confidence, "weak", {"group": f"g{number // 4}"}))
    write_rows(folder, rows)
    return folder


def test_weak_labels_below_the_limit_are_left_out_and_reviews_are_in(data: Path) -> None:
    save_review(data, "pictures/00.png", "bars", person="ana", seen=0)
    save_review(data, "pictures/20.png", "unsure", person="ana", seen=0)
    for confidence, number in ((0, 39), (0.9, 32), (1, 1)):
        (data.parent / "lab.toml").write_text(LAB.format(confidence=confidence))
        examples = gather(read_lab(data.parent), [data.parent])
        assert len(examples) == number
        first = next(e for e in examples if e.name == "pictures/00.png")
        assert first.label == 1
    assert classes_of(data) == ("bars", "discs")
    whole = gather(read_lab(data.parent), [], data=data)
    assert len(whole) == 39  # a folder of one's own is taken as it is


def test_a_group_is_never_divided(data: Path) -> None:
    (data.parent / "lab.toml").write_text(LAB.format(confidence=0))
    examples = gather(read_lab(data.parent), [data.parent])
    parts = split(examples, (0.5, 0.25, 0.25))
    by_group: dict[str, set[str]] = {}
    for entry, part in zip(examples, parts, strict=True):
        by_group.setdefault(entry.group, set()).add(part)
    assert len(by_group) == 10
    assert all(len(found) == 1 for found in by_group.values())
    assert {part for found in by_group.values() for part in found} == {
        "train",
        "validation",
        "test",
    }


def test_a_wrong_part_is_refused(data: Path) -> None:
    write_rows(data, [LabelRow("pictures/00.png", "discs", 1, "truth", {"part": "judge"})])
    (data.parent / "lab.toml").write_text(LAB.format(confidence=0))
    with pytest.raises(CountlabError, match="train, validation, test"):
        gather(read_lab(data.parent), [data.parent])
