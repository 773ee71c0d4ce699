"""Confidences that mean what they say, and a warning at the promised rate."""

from __future__ import annotations

import numpy as np

from countlab.evaluation.class_metrics import (
    calibration_error,
    calibration_floor,
    interval,
    measure,
    softmax,
)
from countlab.training.calibration import temperature_for
from countlab.training.unfamiliar import familiarity_of, separation, threshold_for, with_usual


def _answers(number: int, warmth: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `warmth` times surer than they should be, and what was true."""
    random = np.random.default_rng(8)
    honest = random.normal(0, 1.5, (number, 5))
    sums = softmax(honest).cumsum(1)
    labels = (random.random((number, 1)) > sums).sum(1).clip(0, 4)
    return honest * warmth, labels


def test_temperature_undoes_overconfidence() -> None:
    logits, labels = _answers(20_000, 3.0)
    temperature = temperature_for(logits, labels)
    assert abs(temperature - 3.0) < 0.15
    assert calibration_error(softmax(logits), labels) > 0.15
    assert calibration_error(softmax(logits / temperature), labels) < 0.015


def test_the_measure_has_a_floor_on_few_pictures() -> None:
    logits, labels = _answers(100, 1.0)
    error = calibration_error(softmax(logits), labels)
    assert 0.5 * error < calibration_floor(softmax(logits)) < 2 * error
    many, _ = _answers(20_000, 1.0)
    assert calibration_floor(softmax(many), draws=20) < 0.015


def test_threshold_keeps_its_promise_on_new_pictures() -> None:
    random = np.random.default_rng(5)
    labels = np.arange(3000) % 3
    middles = random.normal(0, 1, (3, 16))
    features = middles[labels] + random.normal(0, 0.4, (3000, 16))
    logits = 4 * features @ middles.T
    known = familiarity_of(features[:1000], labels[:1000], 3)
    known = with_usual(known, features[1000:2000], logits[1000:2000])
    threshold = threshold_for(known.distance(features[1000:2000], logits[1000:2000]), 0.05)
    familiar = known.distance(features[2000:], logits[2000:])
    odd = random.normal(0, 1.0, (500, 16))
    strange = known.distance(odd, 4 * odd @ middles.T)
    assert 0.02 < (familiar > threshold).mean() < 0.08
    assert (strange > threshold).mean() > 0.8
    assert separation(familiar, strange) > 0.95


def test_figures_of_a_known_confusion() -> None:
    logits = np.eye(3)[[0, 0, 1, 1, 2, 0]] * 4.0
    figures = measure(logits, np.array([0, 0, 1, 1, 2, 2]), ("a", "b", "c"))
    assert figures["right"] == 5
    assert figures["confusion"] == [[2, 0, 0], [0, 2, 0], [1, 0, 1]]
    assert figures["classes"]["c"]["recall"] == 0.5
    assert figures["classes"]["a"]["precision"] == 2 / 3
    low, high = interval(5, 6)
    assert low < 5 / 6 < high
