"""Boxes, findings and warnings."""

from __future__ import annotations

import pytest

from countlab.findings import Box, CountWarning, Finding, count_by_label


def test_a_box_has_a_size() -> None:
    box = Box(10, 20, 40, 25)
    assert (box.width, box.height, box.area) == (30, 5, 150)
    assert Box(40, 20, 10, 25).area == 0


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Box(0, 0, 10, 10), 1),
        (Box(5, 0, 15, 10), 1 / 3),
        (Box(2, 2, 7, 7), 0.25),
        (Box(10, 0, 20, 10), 0),
        (Box(20, 20, 30, 30), 0),
        (Box(5, 5, 5, 5), 0),
    ],
)
def test_iou_is_the_shared_part_of_the_union(other: Box, expected: float) -> None:
    box = Box(0, 0, 10, 10)
    assert box.iou(other) == pytest.approx(expected)
    assert other.iou(box) == box.iou(other)


def test_iou_of_two_empty_boxes_is_zero() -> None:
    assert Box(5, 5, 5, 5).iou(Box(5, 5, 5, 5)) == 0


def test_a_box_is_clipped_to_the_picture() -> None:
    assert Box(-5, -5, 200, 50).clipped(100, 80) == Box(0, 0, 100, 50)
    assert Finding("apple", 0.9).clipped(100, 80).box is None


def test_counts_are_sorted_by_frequency() -> None:
    findings = [Finding(label, 0.9) for label in ("apple", "orange", "orange")]
    assert list(count_by_label(findings).items()) == [("orange", 2), ("apple", 1)]


def test_a_warning_has_its_sentence_in_both_languages() -> None:
    warning = CountWarning("turned_upright")
    assert warning.as_json("en")["detail"] != warning.as_json("es")["detail"]
