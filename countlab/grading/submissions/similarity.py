"""Pairs of submissions whose code is nearly the same after renaming and reordering.

Each statement of each notebook becomes a shape: its syntax tree without names, texts and numbers.
What two share is compared as sets, so order does not matter; what the starter gave, or what most
of the class has in common, does not count.
"""

from __future__ import annotations

import ast
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from countlab.errors import CountlabError
from countlab.grading.reports.pages import page_words, templates
from countlab.grading.submissions.archive import open_submission
from countlab.grading.submissions.notebook import Notebook
from countlab.grading.submissions.starter import starter
from countlab.messages import Language

_NEARLY_SAME = 0.8
_LEAST_NODES = 12  # a smaller statement is alike by chance
_COMMON_SHARE = 0.6  # what so many of a class have is how the task is solved


@dataclass(frozen=True)
class Piece:
    """One statement: its shape, its size, and how it was written."""

    shape: str
    nodes: int
    source: str


@dataclass(frozen=True)
class Pair:
    """Two submissions, how much of the smaller one's code they share, and the pieces."""

    first: str
    second: str
    share: float
    pieces: tuple[tuple[str, str], ...]


def similar_pairs(
    submissions: Mapping[str, Path], assignment: Path | None, *, least: float = _NEARLY_SAME
) -> list[Pair]:
    """The most alike first."""
    codes = {name: pieces for name, path in submissions.items() if (pieces := _read(name, path))}
    given = {piece.shape for piece in _given(assignment)}
    seen_in = Counter(shape for pieces in codes.values() for shape in {p.shape for p in pieces})
    common = {s for s, number in seen_in.items() if number > max(3, _COMMON_SHARE * len(codes))}
    own = {
        name: {piece.shape: piece for piece in pieces if piece.shape not in given | common}
        for name, pieces in codes.items()
    }
    pairs = [
        _pair(first, second, own[first], own[second])
        for first, second in combinations(sorted(own), 2)
    ]
    return sorted(
        (pair for pair in pairs if pair is not None and pair.share >= least),
        key=lambda pair: -pair.share,
    )


def pieces_of(source: str) -> Iterator[Piece]:
    """Every statement that is large enough, functions whole and by their statements."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    text = "\n".join(lines)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Import | ast.ImportFrom):
            nodes = sum(1 for _ in ast.walk(node))
            if nodes >= _LEAST_NODES:
                yield Piece(shape_of(node), nodes, ast.get_source_segment(text, node) or "")


def shape_of(node: ast.AST) -> str:
    """The tree without names, texts and numbers; statements of a block in any order."""
    parts = []
    for name, value in ast.iter_fields(node):
        if name in ("type_comment", "ctx", "annotation", "returns", "type_params"):
            continue
        if isinstance(value, ast.AST):
            parts.append(shape_of(value))
        elif isinstance(value, list):
            shapes = [shape_of(each) for each in value if isinstance(each, ast.AST)]
            in_order = name not in ("body", "orelse", "keywords", "decorator_list")
            parts.append("[" + ",".join(shapes if in_order else sorted(shapes)) + "]")
    return f"{type(node).__name__}({','.join(parts)})"


def write_page(pairs: Sequence[Pair], path: Path, language: Language = "en") -> None:
    page = templates().get_template("similar.html").render(
        language=language, words=page_words("similar", language), pairs=pairs
    )  # fmt: skip
    path.write_text(page, encoding="utf-8")


def _pair(
    first: str, second: str, own: Mapping[str, Piece], its: Mapping[str, Piece]
) -> Pair | None:
    shared = own.keys() & its.keys()
    total = min(sum(p.nodes for p in own.values()), sum(p.nodes for p in its.values()))
    if not shared or not total:
        return None
    share = sum(own[shape].nodes for shape in shared) / total
    largest = sorted(shared, key=lambda shape: -own[shape].nodes)
    shown: list[tuple[str, str]] = []
    for shape in largest:
        texts = own[shape].source, its[shape].source
        if not any(texts[0] in above for above, _ in shown):
            shown.append(texts)
    return Pair(first, second, min(1.0, share), tuple(shown[:8]))


def _read(name: str, path: Path) -> list[Piece]:
    scratch = Path(tempfile.mkdtemp(prefix="countlab-similar-"))
    try:
        submission = open_submission(path, scratch / "files", name=name, language="en")
        notebooks = [each for each in (submission.server, submission.client) if each is not None]
        return [piece for notebook in notebooks for piece in _pieces(notebook)]
    except CountlabError:
        return []
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _given(assignment: Path | None) -> Iterator[Piece]:
    for name in ("server", "client"):
        if (notebook := starter(assignment, name, "en")) is not None:
            yield from _pieces(notebook)


def _pieces(notebook: Notebook) -> Iterator[Piece]:
    for _, source in notebook.code:
        yield from pieces_of(source)
