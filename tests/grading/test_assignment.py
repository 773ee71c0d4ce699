"""Starters, solutions and nbgrader's source come from one source and stay with it."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from countlab.grading.assignment import make_notebook, notebooks, read_source, write_nbgrader
from countlab.grading.rubric import read_rubric
from countlab.messages import LANGUAGES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "assignment"
NBGRADER = Path(os.environ.get("COUNTLAB_NBGRADER", ROOT / ".venv-nbgrader"))


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def test_the_notebooks_are_those_that_the_source_makes() -> None:
    """If this fails: python -m countlab.grading.assignment"""
    for path, text in notebooks(SOURCE):
        assert (SOURCE / path).read_text(encoding="utf-8") == text, path


@pytest.mark.parametrize("name", ["server", "client"])
def test_both_languages_have_the_same_cells_and_code(name: str) -> None:
    source = read_source(SOURCE / f"{name}.md")
    for version in ("starter", "solution"):
        english, spanish = (make_notebook(source, version, each).cells for each in LANGUAGES)
        for one, other in zip(english, spanish, strict=True):
            assert one.metadata == other.metadata
            if one.cell_type == "code":
                trees = [ast.dump(ast.parse(each.source)) for each in (one, other)]
                assert trees[0].replace("'en'", "'es'") == trees[1]
            else:
                assert one.source != other.source or "1." in one.source
                assert one.source.strip()
                assert other.source.strip()


def test_a_starter_holds_nothing_of_the_solution() -> None:
    for path in sorted((SOURCE / "starter").glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        assert "SOLUTION" not in text
        for cell in cells(path):
            if cell["metadata"].get("nbgrader", {}).get("solution"):
                code = "".join(cell["source"])
                assert "confidence=" not in code
                assert "countObjects" not in code
                assert len(code) < 900


def test_every_question_has_its_cells_and_nbgrader_its_points() -> None:
    import nbformat  # slow: it builds grammars that most workers never use

    found: dict[str, float] = {}
    for path in sorted((SOURCE / "starter").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
        for cell in notebook.cells:
            graded = cell.metadata.get("nbgrader", {})
            if graded.get("grade"):
                question = cell.metadata["countlab"]["question"]
                found[question] = found.get(question, 0) + graded["points"]
    assert found == {each.id: 2 * each.points for each in read_rubric().questions}  # two languages


def test_a_checks_cell_is_locked_and_asks_for_its_own_question() -> None:
    for path in sorted((SOURCE / "solution").glob("*.ipynb")):
        for cell in cells(path):
            if (question := cell["id"].removeprefix("check-")) != cell["id"]:
                assert "".join(cell["source"]) == f'check("{question.replace("-", ".")}")'
                assert cell["metadata"]["nbgrader"]["locked"]


@pytest.mark.long
def test_the_real_nbgrader_releases_and_grades_it(tmp_path: Path) -> None:
    """generate_assignment and autograde, on the starter and on the solution."""
    program = NBGRADER / "bin" / "nbgrader"
    if not program.is_file():
        pytest.skip("needs nbgrader in an environment of its own (make test-grading sets it up)")
    course = tmp_path / "course"
    write_nbgrader(SOURCE, course)
    for name in ("count", "conteo"):
        shutil.copytree(ROOT / "images", course / "source" / name / "images")
        (course / "source" / name / "client.ipynb").unlink()  # it needs a server beside it
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    environment["JUPYTER_PATH"] = str(_kernel_of_this_environment(tmp_path))

    def nbgrader(*arguments: str) -> str:
        done = subprocess.run(
            [program, *arguments], cwd=course, env=environment, text=True,
            capture_output=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stderr

    nbgrader("generate_assignment", "count", "--create")
    released = cells(course / "release" / "count" / "server.ipynb")
    starter = cells(SOURCE / "starter" / "server.ipynb")
    for given, own in zip(released, starter, strict=True):
        assert _plain(given) == _plain(own), own["id"]
    for student, version in (("nobody", "starter"), ("everything", "solution")):
        folder = course / "submitted" / student / "count"
        shutil.copytree(course / "release" / "count", folder)
        if version == "solution":
            _answer(folder / "server.ipynb", cells(SOURCE / "solution" / "server.ipynb"))
    nbgrader("autograde", "count")
    nbgrader("export")
    rows = (course / "grades.csv").read_text().splitlines()
    head = rows[0].split(",")
    scores = {
        (row := dict(zip(head, line.split(","), strict=False)))["student_id"]: float(
            row["raw_score"]
        )
        for line in rows[1:]
    }
    assert scores == {"nobody": 0.0, "everything": 2.0}


def _plain(cell: dict[str, Any]) -> str:
    return "\n".join(
        line
        for line in "".join(cell["source"]).splitlines()
        if line.strip() and "Your code goes here" not in line
    )


def _answer(path: Path, solution: list[dict[str, Any]]) -> None:
    """What a student does: writes into the cells of the release version."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    written = {cell["id"]: cell["source"] for cell in solution}
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = written[cell["metadata"]["nbgrader"]["grade_id"]]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _kernel_of_this_environment(folder: Path) -> Path:
    import sys

    spec = folder / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    text = json.dumps({"argv": argv, "display_name": "python3", "language": "python",
                       "env": {"PYTHONPATH": str(ROOT)}})  # fmt: skip
    (spec / "kernel.json").write_text(text)
    return folder / "jupyter"
