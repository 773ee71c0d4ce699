"""Tables, pages and results for others: right, in both languages, and with nothing injected."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from rich.console import Console

from countlab.grading.course import Course
from countlab.grading.judging.verdict import Verdict, failed, right
from countlab.grading.reports.gradescope import results_json, write_autograder, write_results
from countlab.grading.reports.marking import read_marks, with_marks
from countlab.grading.reports.marking_page import marking_app
from countlab.grading.reports.pages import write_reports
from countlab.grading.reports.tables import table, write_tables
from countlab.grading.result import Result
from countlab.grading.rubric import read_rubric, score, written
from countlab.messages import Language

ROOT = Path(__file__).parents[2]
SCRIPT = "<script>alert(1)</script>"


def graded(name: str, language: Language = "en", *, lost: bool = False) -> Result:
    rubric = read_rubric()
    verdicts = [right(check.id) for each in rubric.questions for check in each.checks]
    if lost:
        wrong = failed("count_right", "all_objects", path="/countObjects", object="orange")
        verdicts = [wrong if each.check == "count_right" else each for each in verdicts]
    reason = Verdict("", 0, "grade_not_reached")
    questions = tuple(
        written(each, f"1. A difficulty that matters because of {SCRIPT}", "", language)
        if each.by_person
        else score(each, verdicts, reason)
        for each in rubric.questions
    )
    student = {"name": f"=Name {SCRIPT}", "email": "student@example.org", "id": "123"}
    remark = Verdict("", 0, "grade_cell_failed", {"said": SCRIPT})
    return Result(name, language, questions, (remark,) if lost else (), student)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "grades"
    (folder / "results").mkdir(parents=True)
    for result in (graded("ana"), graded("bruno", "es", lost=True)):
        text = json.dumps(result.as_json())
        (folder / "results" / f"{result.name}.json").write_text(text)
        assert Result.from_json(json.loads(text)) == result
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_the_tables_say_points_and_grades_and_no_formula_gets_in(tmp_path: Path) -> None:
    results = [
        graded("sotorosa_4711_99_work"),
        graded("Student Name_88_assignsubmission_file", lost=True),
    ]
    write_tables(results, Course(title="Lab 1"), tmp_path)
    first, second = rows(tmp_path / "grades.csv")
    assert first["points"] == "4.000"
    assert first["unmarked"] == "3.1 3.2"
    assert second["2.3"] == "0.000"
    assert first["student"].startswith("'=Name")
    canvas = rows(tmp_path / "canvas.csv")
    assert canvas[0]["Student"].strip() == "Points Possible"
    assert (canvas[0]["Lab 1"], canvas[1]["Lab 1"], canvas[1]["ID"]) == ("7", "5.0", "4711")
    moodle = rows(tmp_path / "moodle.csv")
    assert moodle[1]["Identifier"] == "Participant 88"
    assert "counts all objects" in moodle[1]["Feedback comments"]
    console = Console(record=True, width=160)
    console.print(table(results, Course(), "es"))
    assert "5.0*" in console.export_text()


def test_pages_speak_the_students_language_and_escape_what_they_wrote(out: Path) -> None:
    results = with_marks([graded("ana"), graded("bruno", "es", lost=True)], out)
    write_reports(results, Course(), out)
    english = (out / "students" / "ana.html").read_text(encoding="utf-8")
    spanish = (out / "students" / "bruno.html").read_text(encoding="utf-8")
    assert 'lang="en"' in english
    assert 'lang="es"' in spanish
    assert "cuenta todos los objetos" in spanish
    everyone = (out / "class.html").read_text(encoding="utf-8")
    assert "counts all objects" in everyone
    for page in (english, spanish, everyone):
        assert "<script>alert" not in page
        assert "http" not in page, "a page that asks for nothing elsewhere"


def test_gradescope_reads_the_results(tmp_path: Path) -> None:
    write_results(tmp_path / "results" / "results.json", graded("bruno", "es", lost=True))
    content = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    assert content["score"] == pytest.approx(3.0)
    assert sum(test["max_score"] for test in content["tests"]) == pytest.approx(6)
    assert sum(test["score"] for test in content["tests"]) == pytest.approx(3.0)
    allowed = {"score", "max_score", "status", "name", "number", "output", "visibility"}
    assert all(set(test) <= allowed for test in content["tests"])
    assert results_json(graded("x"))["tests"][0]["status"] == "passed"


def test_the_autograder_zip_holds_all_that_it_needs(tmp_path: Path) -> None:
    write_autograder(tmp_path / "autograder.zip", ROOT / "images", None)
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        names = set(archive.namelist())
        for name in ("setup.sh", "run_autograder"):
            assert archive.getinfo(name).external_attr >> 16 == 0o755
            assert archive.read(name).startswith(b"#!/usr/bin/env bash")
    wanted = {
        "pyproject.toml",
        "countlab/grading/rubric.toml",
        "images/truth.csv",
        "assignment/server.md",
    }
    assert wanted <= names
    assert not any("__pycache__" in name for name in names)


def test_a_person_marks_and_the_points_are_kept_as_csv(out: Path) -> None:
    client = TestClient(marking_app(out, "es"), base_url="http://127.0.0.1:8020")
    page = client.get("/question/3.2").text
    assert "Corrección" in page
    assert "<script>alert" not in page
    secret = page.partition('"x-secret": "')[2].partition('"')[0]
    mark = {"submission": "ana", "question": "3.2", "points": 0.75, "comment": "=Muy bien"}
    assert client.post("/marks", json=mark).status_code == 403
    kept = client.post("/marks", json=mark, headers={"x-secret": secret})
    assert kept.json() == {"left": 1}
    for wrong in ({**mark, "points": 2}, {**mark, "submission": "../x"}, {**mark, "question": "9"}):
        assert client.post("/marks", json=wrong, headers={"x-secret": secret}).status_code in (
            404,
            422,
        )
    assert read_marks(out)["ana", "3.2"].points == 0.75
    [ana] = with_marks([graded("ana")], out)
    assert ana.points == 4.75
    assert ana.unmarked == ("3.1",)


def test_the_marking_page_answers_only_to_this_machines_own_names(out: Path) -> None:
    assert (
        TestClient(marking_app(out, "en"), base_url="http://evil.example").get("/").status_code
        == 403
    )
