"""A submitted notebook as data: its cells, its language, the answers written in it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.messages import Language

_MOST_BYTES = 30_000_000
_MOST_CELLS = 500
_SPANISH = frozenset(
    [
        "el",
        "la",
        "los",
        "las",
        "un",
        "una",
        "que",
        "de",
        "en",
        "y",
        "para",
        "con",
        "como",
        "es",
        "se",
        "por",
        "del",
        "al",
        "más",
    ]
)
_ENGLISH = frozenset(
    [
        "the",
        "a",
        "an",
        "that",
        "of",
        "in",
        "and",
        "for",
        "with",
        "how",
        "is",
        "it",
        "by",
        "from",
        "to",
        "this",
        "are",
        "not",
    ]
)


@dataclass(frozen=True)
class Cell:
    """One cell, with the name that the assignment gave it, if it still has one."""

    index: int
    kind: str
    source: str
    name: str = ""
    question: str = ""


@dataclass(frozen=True)
class Notebook:
    """All cells, in the order of the file."""

    path: Path
    cells: tuple[Cell, ...]
    language: Language | None = None

    @property
    def code(self) -> list[tuple[int, str]]:
        return [(cell.index, cell.source) for cell in self.cells if cell.kind == "code"]

    @property
    def text(self) -> str:
        return "\n".join(cell.source for cell in self.cells if cell.kind == "markdown")


def read_notebook(path: Path) -> Notebook:
    """Read as data, with nothing of it believed: sizes, types and names are checked."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"more than {_MOST_BYTES} bytes")
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content["cells"]
        cells = tuple(_cell(index, cell) for index, cell in enumerate(found[:_MOST_CELLS]))
        metadata = content.get("metadata", {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as reason:
        raise CountlabError("grade_bad_notebook", file=path.name, reason=reason) from reason
    stated = metadata.get("countlab", {}) if isinstance(metadata, dict) else {}
    language = stated.get("language") if isinstance(stated, dict) else None
    return Notebook(path, cells, language if language in ("en", "es") else None)


def _cell(index: int, cell: Any) -> Cell:
    source = cell["source"]
    text = source if isinstance(source, str) else "".join(map(str, source))
    metadata = cell.get("metadata") or {}
    graded = metadata.get("nbgrader") or {}
    stated = metadata.get("countlab") or {}
    return Cell(
        index=index,
        kind=str(cell["cell_type"]),
        source=text,
        name=str(graded.get("grade_id") or metadata.get("name") or ""),
        question=str(stated.get("question") or ""),
    )


def language_of(notebooks: Sequence[Notebook]) -> Language:
    """As the starter says, else the one whose small words are more."""
    for notebook in notebooks:
        if notebook.language:
            return notebook.language
    words = re.findall(r"[a-záéíóúñ]+", " ".join(each.text for each in notebooks).lower())
    spanish = sum(word in _SPANISH for word in words)
    english = sum(word in _ENGLISH for word in words)
    return "es" if spanish > english else "en"


def answer_text(notebooks: Sequence[Notebook], question: str) -> str:
    """What was written for a question: in its cell, or below a heading with its number."""
    for notebook in notebooks:
        found = [cell for cell in notebook.cells if cell.question == question and _written(cell)]
        if found:
            return "\n\n".join(cell.source for cell in found)
    for notebook in notebooks:
        if text := _below_heading(notebook, question):
            return text
    return ""


def _written(cell: Cell) -> bool:
    return cell.kind == "markdown" and cell.name.startswith("answer")


def _below_heading(notebook: Notebook, question: str) -> str:
    """From a heading with the number up to the next numbered question."""
    pattern = re.compile(rf"^#+ .*\b{re.escape(question)}\b", re.MULTILINE)
    other = re.compile(r"^#+ .*\b\d\.\d\b", re.MULTILINE)
    collected: list[str] = []
    for cell in notebook.cells:
        if cell.kind != "markdown":
            continue
        if pattern.search(cell.source):
            collected = [pattern.split(cell.source, maxsplit=1)[1]]
        elif collected and other.search(cell.source):
            break
        elif collected:
            collected.append(cell.source)
    return "\n\n".join(collected)


def comment_words(notebook: Notebook, starter: Notebook | None) -> int:
    """Words in text cells and in comments, beyond those that the starter had already."""
    given = set(starter.text.splitlines()) if starter else set()
    given_code = (
        set("\n".join(source for _, source in starter.code).splitlines()) if starter else set()
    )
    lines = [line for line in notebook.text.splitlines() if line not in given]
    for _, source in notebook.code:
        for line in source.splitlines():
            if line not in given_code and "#" in line:
                lines.append(line.partition("#")[2])
    return len(re.findall(r"[^\W\d_]{2,}", " ".join(lines)))
