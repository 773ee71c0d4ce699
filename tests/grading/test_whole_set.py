"""The grader on real kernels: every submission of `submissions.py` gets its own grade."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countlab.grading.result import Result
from countlab.grading.running.batch import Batch, find_submissions, grade_all
from countlab.grading.sandbox.bubblewrap import bubblewrap
from countlab.grading.sandbox.notebook_run import Limits
from tests.conftest import Run
from tests.grading.submissions import ALL, ROOT, Student, build

pytestmark = pytest.mark.skipif(
    bubblewrap() is None, reason="needs bubblewrap (apt-get install bubblewrap)"
)


def batch(out: Path) -> Batch:
    return Batch(
        out=out,
        pictures=ROOT / "images",
        assignment=ROOT / "assignment",
        seed="a test's seed",
        limits=Limits(cell_s=20),
    )


def check(result: Result, student: Student) -> None:
    points = tuple(question.points for question in result.questions[:4])
    assert points == pytest.approx(student.points, abs=0.011), _why(result)
    if student.remark:
        assert student.remark in {remark.code for remark in result.remarks}
    assert result.language == student.language or student.raw is not None


def _why(result: Result) -> str:
    lost = [each for question in result.questions for each in question.verdicts if each.credit < 1]
    return "\n".join(
        f"{each.check}: {' '.join(each.text('en'))}" for each in (*lost, *result.remarks)
    )


def test_files_that_are_no_work_cost_only_themselves(tmp_path: Path) -> None:
    broken = [each for each in ALL if each.raw is not None]
    files = [build(student, tmp_path) for student in broken]
    for result in grade_all(find_submissions(files), batch(tmp_path / "grades")):
        check(result, next(each for each in broken if each.name == result.name))


@pytest.mark.long
def test_every_submission_gets_its_grade_in_one_command(tmp_path: Path, run: Run) -> None:
    """`countlab grade FOLDER` on all of them; then once more, from what is kept."""
    folder, out = tmp_path / "handed-in", tmp_path / "grades"
    folder.mkdir()
    for student in ALL:
        build(student, folder)
    status, table, errors = run(
        "grade", folder, "--out", out, "--pictures", ROOT / "images", "--seed", "x", "--similar"
    )
    assert status == 0, errors
    results = {
        path.stem: Result.from_json(json.loads(path.read_text(encoding="utf-8")))
        for path in (out / "results").glob("*.json")
    }
    assert set(results) == {student.name for student in ALL}
    for student in ALL:
        check(results[student.name], student)
    assert len(list((out / "students").glob("*.html"))) == len(ALL)
    assert "right" in table
    again = run("grade", folder, "--out", out, "--pictures", ROOT / "images", "--seed", "x")
    assert again[0] == 0
    assert again[1].splitlines()[:5] == table.splitlines()[:5]
