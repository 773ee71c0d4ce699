"""Makes the assignment's notebooks from one source: `python -m countlab.grading.assignment`.

    assignment/server.md, client.md     the source: code once, prose side by side in two languages
    assignment/starter, solution        what is handed out, and what reaches full marks
    --nbgrader FOLDER                   a course folder for nbgrader, with its solution markers

The source is a list of cells. `%%% code NAME question=2.1 role=solution` begins one; in it `--- en`
and `--- es` begin the prose, `--- code` the code, and `--- starter` what the starter has instead.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countlab.grading.rubric import read_rubric
from countlab.grading.submissions.starter import assignment_folder
from countlab.messages import LANGUAGES, Language

NOTEBOOKS = ("server", "client")
VERSIONS = ("starter", "solution", "nbgrader")
_EMPTY = {"en": "# Your code goes here.", "es": "# Aquí va tu código."}
_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"
_CONFIG = """c = get_config()
c.ClearSolutions.code_stub = {"python": "# Your code goes here."}
c.ClearSolutions.text_stub = ""
c.CourseDirectory.course_id = "countlab"
c.ExecutePreprocessor.timeout = 300
c.ExecutePreprocessor.startup_timeout = 120
"""


@dataclass(frozen=True)
class SourceCell:
    """One cell of the source, with all of its versions."""

    kind: str
    name: str
    options: Mapping[str, str]
    parts: Mapping[str, str]

    def part(self, version: str, language: str) -> str:
        """`code`, or prose in a language; a starter's own where there is one."""
        names = [language, "code"]
        if version == "starter":
            names = [f"{language} starter", "starter", *names]
        found = next((self.parts[name] for name in names if name in self.parts), "")
        return _in_language(found, language)


def read_source(path: Path) -> list[SourceCell]:
    cells = []
    for block in re.split(r"^%%% ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        kind, name, *options = head.split()
        pieces = re.split(r"^--- (.+)$", body, flags=re.MULTILINE)
        parts = {"code": pieces[0].strip("\n")} if pieces[0].strip() else {}
        for title, text in zip(pieces[1::2], pieces[2::2], strict=True):
            parts[title.strip()] = text.strip("\n")
        named = dict(option.split("=", 1) for option in options)
        cells.append(SourceCell(kind, name, named, parts))
    return cells


def make_notebook(cells: Sequence[SourceCell], version: str, language: Language) -> Any:
    """A starter, a solution, or nbgrader's source in one language."""
    import nbformat  # takes a second

    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        metadata={
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3",
            },
            "language_info": {"name": "python"},
            "countlab": {"assignment": "count", "language": language},
        }
    )  # fmt: skip
    for cell in cells:
        make = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
        made = make(_text(cell, version, language), metadata=_metadata(cell))  # type: ignore[no-untyped-call]
        made["id"] = cell.name
        notebook.cells.append(made)
    return notebook


def _text(cell: SourceCell, version: str, language: Language) -> str:
    solution = cell.part("solution", language)
    if cell.options.get("role") not in ("solution", "answer"):
        return solution
    has_starter = any("starter" in name for name in cell.parts)
    starter = cell.part("starter", language) if has_starter else ""
    if version == "solution":
        return solution
    if version == "starter":
        return starter or _EMPTY[language]
    return "\n".join(filter(None, (starter, _BEGIN, solution, _END)))


def _metadata(cell: SourceCell) -> dict[str, Any]:
    """The cell's name and question, and what nbgrader wants to know."""
    metadata: dict[str, Any] = {"name": cell.name}
    question, role = cell.options.get("question"), cell.options.get("role")
    if question:
        metadata["countlab"] = {"question": question}
    if role:
        graded = role == "check" or "points" in cell.options
        entry: dict[str, Any] = {
            "grade": graded,
            "grade_id": cell.name,
            "locked": role == "check",
            "schema_version": 3,
            "solution": role in ("solution", "answer"),
            "task": False,
        }
        if graded:
            entry["points"] = read_rubric().question(str(question)).points
        metadata["nbgrader"] = entry
    return metadata


def _in_language(text: str, language: str) -> str:
    """Comments of the other language are left out."""
    lines = []
    for line in text.replace("{{language}}", language).splitlines():
        found = re.match(r"(\s*)# (en|es): (.*)", line)
        if not found:
            lines.append(line)
        elif found[2] == language:
            lines.append(f"{found[1]}# {found[3]}")
    return "\n".join(lines)


def notebooks(source: Path) -> Iterator[tuple[Path, str]]:
    """Every file that the source makes, below the assignment's folder, and its text."""
    for name in NOTEBOOKS:
        cells = read_source(source / f"{name}.md")
        for version in ("starter", "solution"):
            for language in LANGUAGES:
                ending = ".es.ipynb" if language == "es" else ".ipynb"
                yield Path(version, name + ending), as_text(make_notebook(cells, version, language))


def as_text(notebook: Any) -> str:
    import nbformat

    return str(nbformat.writes(notebook)) + "\n"  # type: ignore[no-untyped-call]


def write_nbgrader(source: Path, course: Path) -> None:
    """A course folder: `nbgrader generate_assignment count` makes the release version of it."""
    for language, assignment in (("en", "count"), ("es", "conteo")):
        folder = course / "source" / assignment
        folder.mkdir(parents=True, exist_ok=True)
        for name in NOTEBOOKS:
            cells = read_source(source / f"{name}.md")
            made = make_notebook(cells, "nbgrader", language)  # type: ignore[arg-type]
            (folder / f"{name}.ipynb").write_text(as_text(made), encoding="utf-8")
    (course / "nbgrader_config.py").write_text(_CONFIG, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m countlab.grading.assignment")
    parser.add_argument("--source", type=Path, default=assignment_folder())
    parser.add_argument("--nbgrader", type=Path, help="write a course folder for nbgrader too")
    parser.add_argument("--check", action="store_true", help="only say whether all is up to date")
    options = parser.parse_args(arguments)
    stale = [
        options.source / path
        for path, text in notebooks(options.source)
        if not (options.source / path).is_file()
        or (options.source / path).read_text(encoding="utf-8") != text
    ]
    if options.check:
        print("\n".join(map(str, stale)) or "up to date")
        return 1 if stale else 0
    for path, text in notebooks(options.source):
        (options.source / path).parent.mkdir(exist_ok=True)
        (options.source / path).write_text(text, encoding="utf-8")
    if options.nbgrader:
        write_nbgrader(options.source, options.nbgrader)
    print(f"{len(stale)} notebooks written anew in {options.source}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
