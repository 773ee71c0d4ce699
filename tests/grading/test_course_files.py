"""What is handed in is unpacked where nothing can escape, and refused with a reason."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.grading.running.batch import find_submissions
from countlab.grading.submissions.archive import Submission, open_submission
from countlab.grading.submissions.notebook import answer_text, language_of, read_notebook
from tests.grading.submissions import RIGHT, build


def opened(path: Path, tmp_path: Path) -> Submission:
    return open_submission(path, tmp_path / "into", name="x", language="en")


def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def notebook(*cells: str) -> str:
    found = [{"cell_type": "code", "source": cell, "metadata": {}} for cell in cells]
    return json.dumps({"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"Rar!\x1a\x07\x01\x00" + bytes(100), "grade_not_a_zip"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "grade_not_a_zip"),
        (b"", "grade_not_a_zip"),
        (b"PK\x03\x04" + bytes(100), "grade_not_a_zip"),
    ],
)
def test_what_is_no_zip_is_refused(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "work.zip"
    path.write_bytes(content)
    with pytest.raises(CountlabError) as refused:
        opened(path, tmp_path)
    assert refused.value.code == code
    assert refused.value.text("es").fix


def test_an_empty_zip_and_one_without_notebooks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CountlabError) as refused:
        opened(zipped(tmp_path / "a.zip", {}), tmp_path)
    assert refused.value.code == "grade_empty_zip"
    with pytest.raises(CountlabError) as refused:
        open_submission(
            zipped(tmp_path / "b.zip", {"essay.txt": "x"}), tmp_path / "b", name="b", language="en"
        )
    assert refused.value.code == "grade_no_notebooks"


def test_names_that_climb_and_links_are_left_out(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip",
        {"../evil.txt": "x", "/evil.txt": "x", "..\\evil.txt": "x", "server.ipynb": notebook("1")},
    )
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    found = opened(path, tmp_path)
    assert sorted(each.name for each in found.folder.rglob("*")) == ["server.ipynb"]
    assert not list(tmp_path.glob("*evil*"))


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {f"{n}.txt": bytes(50_000_000) for n in range(3)})
    assert path.stat().st_size < 1_000_000
    with pytest.raises(CountlabError) as refused:
        opened(path, tmp_path)
    assert refused.value.code == "grade_too_large"
    assert not list((tmp_path / "into").iterdir())


def test_a_zip_that_lies_about_its_sizes_fills_no_more_than_it_said(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("server.ipynb", " " * 5_000_000)
    raw = data.getvalue().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "liar.zip").write_bytes(raw)
    with pytest.raises(CountlabError):
        opened(tmp_path / "liar.zip", tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 3}', '{"cells": [3]}', "[" * 10**5])
def test_a_broken_notebook_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "server.ipynb"
    path.write_text(text)
    with pytest.raises(CountlabError, match=r"server\.ipynb"):
        read_notebook(path)


def test_notebooks_in_a_folder_of_the_zip_are_found_with_their_pictures(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip",
        {
            "work/server.ipynb": notebook("1"),
            "work/client.ipynb": notebook("2"),
            "work/.ipynb_checkpoints/server-checkpoint.ipynb": "no notebook",
            "__MACOSX/work/._server.ipynb": "no notebook",
            "work/mine.jpg": b"x",
        },
    )
    found = opened(path, tmp_path)
    assert found.server is not None
    assert found.client is not None
    assert (found.folder / "mine.jpg").is_file()


def test_the_language_is_that_of_the_starter_or_of_the_text(tmp_path: Path) -> None:
    spanish = next(each for each in RIGHT if each.language == "es")
    found = opened(build(spanish, tmp_path), tmp_path)
    assert found.language == "es"
    assert found.client is not None
    assert "Las plantas de embalaje" in answer_text([found.client], "3.1")
    path = tmp_path / "client.ipynb"
    cell = {"cell_type": "markdown", "source": "## 3.1\nEl problema es que las cajas se cuentan"}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}}))
    assert language_of([read_notebook(path)]) == "es"
    assert answer_text([read_notebook(path)], "3.1").strip().startswith("El problema")


def test_a_folder_of_submissions_stands_for_all_in_it(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    for name in ("b.zip", "a.zip", "notes.md", ".hidden.zip"):
        (tmp_path / "all" / name).touch()
    (tmp_path / "all" / "ana").mkdir()
    assert list(find_submissions([tmp_path / "all"])) == ["a", "ana", "b"]
    with pytest.raises(CountlabError):
        find_submissions([tmp_path / "nothing"])
