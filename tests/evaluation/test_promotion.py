"""The gate before a promotion: what is worse, slow or brittle does not get through."""

from __future__ import annotations

from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.evaluation.class_truth import read_class_folders
from countlab.evaluation.metrics import Row
from countlab.evaluation.promotion import Judgment, gate, in_time, judge, not_worse
from countlab.evaluation.smoke import hostile_files, smoke_test
from countlab.evaluation.truth import read_truth
from countlab.inference.pipeline import Pipeline
from countlab.settings import Settings
from tests.registry.conftest import digit_pictures, variant


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The digits model as it is, and one whose weights were shaken until it guesses."""
    home = tmp_path_factory.mktemp("gate")
    for name, noise in (("good", 0.0), ("same", 0.001), ("bad", 1.5)):
        variant(home / "models" / name, noise=noise, name=name)
    return Pipeline(Settings(home=home, engine="onnxruntime"), guarded=True)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return digit_pictures(tmp_path_factory.mktemp("digits"), each=6)


def passed(
    pipeline: Pipeline, mine: str, theirs: str | None, data: Path, within_ms: float = 10_000
) -> str:
    pictures = read_class_folders(data, [str(digit) for digit in range(10)])
    checks = gate(pipeline, mine, theirs, pictures=pictures, margin=0.05, within_ms=within_ms)
    return "".join("✓" if check.passed else "✗" for check in checks)


def test_a_worse_model_is_refused_and_one_as_good_comes_through(
    pipeline: Pipeline, digits: Path
) -> None:
    assert passed(pipeline, "bad", "good", digits) == "✗✓✓"
    assert passed(pipeline, "same", "good", digits) == "✓✓✓"
    assert passed(pipeline, "good", "bad", digits) == "✓✓✓"
    assert passed(pipeline, "good", None, digits) == "✓✓✓"
    assert passed(pipeline, "good", None, digits, within_ms=0.001) == "✓✗✓"


def rows(wrong: int, of: int) -> Judgment:
    found = [Row(f"{at}.png", "a", 1, int(at >= wrong)) for at in range(of)]
    return Judgment(found, [1.0] * of)


def test_the_burden_of_proof_is_the_candidates() -> None:
    assert not_worse(rows(10, 200), rows(10, 200), 0.01).passed
    assert not not_worse(rows(12, 40), rows(10, 40), 0.01).passed
    assert not not_worse(rows(5, 40), rows(4, 40), 0.02).passed  # perhaps as good, not surely
    assert not_worse(rows(0, 40), rows(10, 40), 0.0).passed


def test_in_time_goes_by_the_slow_answers() -> None:
    assert in_time(Judgment((), [10.0] * 99 + [900.0]), 50).passed
    assert not in_time(Judgment((), [10.0] * 90 + [900.0] * 10), 50).passed


def test_too_few_pictures_judge_nothing(pipeline: Pipeline, digits: Path) -> None:
    pictures = read_class_folders(digits, [str(digit) for digit in range(10)])
    with pytest.raises(CountlabError) as error:
        judge(pipeline, "good", pictures[:4])
    assert error.value.code == "too_few_pictures"


def test_the_hostile_files_are_answered_or_refused_as_pictures(pipeline: Pipeline) -> None:
    assert len(list(hostile_files())) > 8
    assert smoke_test(pipeline, "good") == []


def test_a_model_that_is_not_finite_does_not_survive(tmp_path: Path) -> None:
    folder = variant(tmp_path / "models" / "numbers", noise=float("nan"))
    pipeline = Pipeline(Settings(home=tmp_path, engine="onnxruntime"))
    failures = smoke_test(pipeline, "numbers")
    assert failures, folder
    assert {what for _, what in failures} == {"graph_output_not_finite"}


def test_a_detector_is_judged_by_its_counts(photo: bytes, tmp_path: Path) -> None:
    lines = ["file,object,count"]
    for at in range(5):
        (tmp_path / f"{at}.jpg").write_bytes(photo)
        lines.append(f"{at}.jpg,orange,{at}")
    (tmp_path / "truth.csv").write_text("\n".join(lines) + "\n")
    judged = judge(Pipeline(Settings(home=tmp_path)), "fruits", read_truth(tmp_path, None))
    assert [row.truth for row in judged.rows] == [0, 1, 2, 3, 4]
    assert len(judged.milliseconds) == 5
