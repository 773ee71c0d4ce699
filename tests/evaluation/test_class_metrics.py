"""Metrics of classifiers against cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from countlab.evaluation.class_metrics import (
    calibration_error,
    calibration_floor,
    class_figures,
    interval,
    reliability,
)


def _answers(*rows: tuple[int, int, float], classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Rows of (true class, answer, confidence) as probabilities and labels."""
    probabilities = np.array(
        [
            [sure if c == said else (1 - sure) / (classes - 1) for c in range(classes)]
            for _, said, sure in rows
        ]
    )
    return probabilities, np.array([truth for truth, _, _ in rows])


def test_shares_of_a_known_table() -> None:
    rows = [(0, 0, 0.9)] * 6 + [(0, 1, 0.6)] * 2 + [(1, 1, 0.8)] * 3 + [(1, 0, 0.7)]
    figures = class_figures(*_answers(*rows), ("cats", "dogs"))
    assert figures["confusion"] == [[6, 2], [1, 3]]
    assert (figures["right"], figures["pictures"]) == (9, 12)
    dogs = figures["classes"]["dogs"]
    assert (dogs["recall"], dogs["precision"]) == (3 / 4, 3 / 5)
    assert dogs["f1"] == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    for name in ("recall", "precision", "f1"):
        low, high = dogs[f"{name}_interval"]
        assert 0 <= low <= dogs[name] <= high <= 1
        assert high - low > 0.2, "four pictures say little"


def test_more_pictures_narrow_every_interval() -> None:
    rows = [(0, 0, 0.9)] * 3 + [(0, 1, 0.6)] + [(1, 1, 0.8)] * 4
    few, many = (class_figures(*_answers(*rows * n), ("a", "b"))["classes"] for n in (1, 40))
    for name in ("recall_interval", "precision_interval", "f1_interval"):
        assert np.ptp(many["a"][name]) < np.ptp(few["a"][name]) / 3


def test_a_class_without_pictures_breaks_nothing() -> None:
    figures = class_figures(*_answers((0, 0, 0.9), (1, 1, 0.9), classes=3), ("a", "b", "c"))
    assert figures["classes"]["c"] == {
        "pictures": 0, "recall": 0.0, "recall_interval": [0.0, 1.0],
        "precision": 0.0, "precision_interval": [0.0, 1.0], "f1": 0.0, "f1_interval": [0.0, 0.0],
    }  # fmt: skip


def test_reliability_shows_who_is_too_sure() -> None:
    rows = [(0, 0, 0.95)] * 5 + [(1, 0, 0.95)] * 5 + [(0, 0, 0.65)] * 4
    probabilities, labels = _answers(*rows)
    lower, upper = reliability(probabilities, labels)
    assert (lower["pictures"], lower["accuracy"]) == (4, 1.0)
    assert (upper["pictures"], upper["accuracy"]) == (10, 0.5)
    assert upper["confidence"] == pytest.approx(0.95)
    expected = (10 * 0.45 + 4 * 0.35) / 14
    assert calibration_error(probabilities, labels) == pytest.approx(expected)


def test_chance_alone_shows_an_error_on_few_pictures() -> None:
    rows = [(0, 0, 0.8)] * 4 + [(1, 0, 0.8)]
    few, many = (calibration_floor(_answers(*rows * n)[0]) for n in (2, 400))
    assert few > 0.05
    assert many < 0.02


def test_interval_is_wilsons() -> None:
    low, high = interval(8, 10)
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-3)
    assert interval(0, 0) == (0.0, 1.0)
