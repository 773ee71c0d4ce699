"""The starters that were handed out, to tell a student's own words from given ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from countlab.grading.submissions.notebook import Notebook, read_notebook
from countlab.messages import Language


@cache
def starter(folder: Path | None, notebook: str, language: Language) -> Notebook | None:
    """The starter of one language; None where the assignment's folder is not at hand."""
    if folder is None:
        return None
    ending = ".es.ipynb" if language == "es" else ".ipynb"
    path = folder / "starter" / f"{notebook}{ending}"
    return read_notebook(path) if path.is_file() else None


def assignment_folder() -> Path | None:
    """Beside the package in a checkout."""
    folder = Path(__file__).parents[3] / "assignment"
    return folder if folder.is_dir() else None
