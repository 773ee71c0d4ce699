"""`check("2.1")` in a real kernel, and `countlab submit` on a student's folder."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from countlab.grading.assignment import make_notebook, read_source
from tests.conftest import Run
from tests.grading.submissions import ROOT, Student, build
from tests.notebooks.kernel import Kernel

pytestmark = pytest.mark.slow  # one kernel, one test after the other


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("student")
    (folder / "images").symlink_to(ROOT / "images")
    started = Kernel(folder, home=folder / "home", imports_from=ROOT)
    yield started
    started.stop()


def sources(version: str) -> dict[str, str]:
    made = make_notebook(read_source(ROOT / "assignment" / "server.md"), version, "es")
    return {cell.metadata["name"]: cell.source for cell in made.cells}


def test_check_says_what_to_mend_and_then_that_it_is_right(kernel: Kernel) -> None:
    starter, solution = sources("starter"), sources("solution")
    for name in ("imports", "app", "predict"):
        assert kernel.run(starter[name]).error is None
    before = kernel.run('check("2.1")')
    assert before.value == "0.0", "nbgrader reads the points here"
    page = before.data["text/html"]
    assert "no tiene un parámetro de confianza" in page
    assert kernel.run(solution["predict"]).error is None
    after = kernel.run('check("2.1")')
    assert after.value == "1.0"
    assert "✗" not in after.data["text/html"]
    assert kernel.run("1 + 1").value == "2"


def test_check_names_what_is_missing(kernel: Kernel) -> None:
    unknown = kernel.run('check("3.1")')
    assert unknown.error is not None
    assert "check_unknown_question" in unknown.error
    unwatched = kernel.run('check("2.2")')
    assert unwatched.error is not None
    assert "check_not_watched" in unwatched.error


@pytest.mark.slow
def test_submit_shows_what_to_mend_and_writes_one_zip(tmp_path: Path, run: Run) -> None:
    student = Student("x", (1, 1, 1, 1), client={
        "own-picture": 'show(predict("/home/user/photo.jpg", 0.5))',
    })  # fmt: skip
    folder = tmp_path / "work"
    with zipfile.ZipFile(build(student, tmp_path)) as archive:
        archive.extractall(folder)
    shutil.copytree(ROOT / "images", folder / "images")
    status, table, errors = run(
        "submit", folder, "--name", "Student Name", "--email", "r@example.org"
    )
    assert status == 1
    assert "/home/user/photo.jpg" in errors
    assert "submit_cell_failed" not in errors
    assert "FileNotFoundError" in errors
    assert re.search(r"2\.1\s+1\.00", table)
    assert re.search(r"2\.3\s+1\.00", table)
    with zipfile.ZipFile(folder / "student_name.zip") as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert names == {"server.ipynb", "client.ipynb", "my_picture.jpg", "manifest.json"}
    assert manifest["student"]["name"] == "Student Name"
    assert set(manifest["files"]) == names - {"manifest.json"}
    assert manifest["checks"]["2.4"] == 1.0
    counted = [entry for entry in manifest["receipts"] if "count" in entry]
    assert [entry["count"] for entry in counted] == [1, 2, 3, 4, 5, 8]


def test_submit_names_the_notebook_that_is_missing(tmp_path: Path, run: Run) -> None:
    status, _, errors = run("submit", tmp_path)
    assert status == 1
    assert "server.ipynb is not in this folder" in errors
