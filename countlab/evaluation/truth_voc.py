"""Ground truth with boxes: Pascal VOC XML, one file for each picture.

Every label of any of the files counts as annotated in every picture that has a file; a label
without a box there has the true count zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from countlab.errors import CountlabError
from countlab.evaluation.ground_truth import GroundTruth, TrueBox
from countlab.imaging.files import PICTURE_SUFFIXES

_MAX_BYTES = 5_000_000  # of one file: some ten thousand objects
_MAX_DEPTH = 32


@dataclass(frozen=True)
class _Annotation:
    path: Path
    filename: str
    labels: tuple[str, ...]
    boxes: tuple[TrueBox, ...] | None


def find_voc_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".xml")
    except OSError:
        return []


def read_voc(folder: Path, truth: Path) -> tuple[GroundTruth, ...]:
    """`truth` is a folder of XML files, or one such file; the pictures are in `folder`."""
    files = find_voc_files(truth) if truth.is_dir() else [truth]
    annotations = [_read_annotation(path) for path in files]
    labels = list(dict.fromkeys(label for entry in annotations for label in entry.labels))
    pictures = _pictures_by_stem(folder)
    return tuple(_ground_truth(entry, folder, pictures, labels) for entry in annotations)


def _ground_truth(
    entry: _Annotation, folder: Path, pictures: dict[str, Path], labels: Sequence[str]
) -> GroundTruth:
    """The picture that the file names, or the one of the same name as the file."""
    named = folder / entry.filename
    path = named if named.is_file() else pictures.get(entry.path.stem, named)
    numbers = Counter(entry.labels)
    counts = {label: numbers[label] for label in labels}
    return GroundTruth(path.name, path, counts, entry.boxes)


def _pictures_by_stem(folder: Path) -> dict[str, Path]:
    try:
        files = sorted(folder.iterdir())
    except OSError:
        return {}
    return {path.stem: path for path in files if path.suffix.lower() in PICTURE_SUFFIXES}


def _read_annotation(path: Path) -> _Annotation:
    root = _parse(path)
    objects = root.findall("object")
    names = tuple(_text(path, entry, "name") for entry in objects)
    width, height = (_size(path, root, side) for side in ("width", "height"))
    boxes = None
    if width and height:
        boxes = tuple(
            _box(path, entry, name, width, height)
            for entry, name in zip(objects, names, strict=True)
        )
    filename = (root.findtext("filename") or f"{path.stem}.jpg").strip()
    name = PurePosixPath(filename.replace("\\", "/")).name  # only ever a name, never a path
    return _Annotation(path, name or f"{path.stem}.jpg", names, boxes)


def _size(path: Path, root: Element, side: str) -> float | None:
    """None where the file does not say it: then there are counts and no boxes."""
    size = root.find("size")
    if size is None or size.find(side) is None:
        return None
    return _number(path, size, side)


def _box(path: Path, entry: Element, label: str, width: float, height: float) -> TrueBox:
    """Pascal VOC counts pixels from 1, and both ends belong to the box."""
    box = entry.find("bndbox")
    if box is None:
        raise _bad(path, "voc_missing", what="bndbox")
    left, top, right, bottom = (
        _number(path, box, side) for side in ("xmin", "ymin", "xmax", "ymax")
    )
    return TrueBox(label, (left - 1) / width, (top - 1) / height, right / width, bottom / height)


def _text(path: Path, element: Element, name: str) -> str:
    text = (element.findtext(name) or "").strip()
    if not text:
        raise _bad(path, "voc_missing", what=name)
    return text


def _number(path: Path, element: Element, name: str) -> float:
    text = _text(path, element, name)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e9:
        raise _bad(path, "voc_not_a_number", what=name, arrived=text)
    return value


def _parse(path: Path) -> Element:
    """A small document without entities: none is expanded, and nothing else is opened."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise CountlabError("no_truth", path=path) from error
    if len(data) > _MAX_BYTES:
        raise _bad(path, "voc_too_large", allowed=_MAX_BYTES)
    builder, depth = TreeBuilder(), 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise _bad(path, "voc_not_xml", line=parser.CurrentLineNumber, reason="too deep")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def refuse(*_: Any) -> None:
        raise _bad(path, "voc_entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # also of unknown encodings
        line = getattr(error, "lineno", 1)
        raise _bad(path, "voc_not_xml", line=line, reason=error) from error
    return builder.close()


def _bad(path: Path, code: str, **facts: object) -> CountlabError:
    return CountlabError("bad_voc", path=path, reason=CountlabError(code, **facts))
