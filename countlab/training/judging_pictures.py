"""The pictures that judge a lab's model: those of its split, and every further set it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from countlab.errors import CountlabError
from countlab.evaluation.class_truth import LabelledPicture, read_class_folders
from countlab.extras import missing_extra
from countlab.imaging.picture import Pixels, write_picture
from countlab.training.dataset import data_folder, examples_of
from countlab.training.lab import Lab
from countlab.training.lab_sections import Source
from countlab.training.material import AS_IS, Example, Form
from countlab.training.split import TEST

_WHOLE = Form(AS_IS, AS_IS)
_MISSING = (
    "no_judging_data",
    "no_training_data",
    "no_training_pictures",
    "no_class_folders",
    "no_fonts",
)


def judging_sets(
    lab: Lab, folders: Sequence[Path], parts: Mapping[str, str]
) -> tuple[dict[str, Sequence[LabelledPicture]], dict[str, CountlabError]]:
    """Pictures by the name of their set, and why a set is missing on this machine.

    `parts` tells the part of a picture's digest, as `split.csv` keeps it.
    """
    sets: dict[str, Sequence[LabelledPicture]] = {}
    missing: dict[str, CountlabError] = {}
    for name, sources in {TEST: lab.data, **{s.name: (s,) for s in lab.judges}}.items():
        try:
            found = [p for source in sources for p in _pictures(source, lab, folders, parts)]
        except CountlabError as error:
            if error.code not in _MISSING:
                raise
            missing[name] = error
        except ModuleNotFoundError as reason:
            if (extra := missing_extra(reason)) is None:
                raise
            missing[name] = extra
        else:
            sets |= {name: found} if found else {}
    return sets, missing


def held_back(
    pictures: Iterable[LabelledPicture], parts: Mapping[str, str]
) -> list[LabelledPicture]:
    """Without the pictures that taught the model or chose among its epochs."""
    return [p for p in pictures if parts.get(_digest(p.read()), TEST) == TEST]


def _pictures(
    source: Source, lab: Lab, folders: Sequence[Path], parts: Mapping[str, str]
) -> list[LabelledPicture]:
    if source.kind == "folder":
        folder = data_folder(folders, source.path)
        if folder is None:
            places = ", ".join(str(place / source.path) for place in folders)
            raise CountlabError("no_judging_data", lab=lab.name, places=places)
        found = read_class_folders(folder, lab.classes)
        return [p for p in found if source.name or parts.get(_digest(p.read())) == TEST]
    if source.kind.startswith("rendered") and not source.name:
        return []  # made to teach
    examples = examples_of(source, lab, folders, form=_WHOLE)
    return [
        LabelledPicture(e.name, lab.classes[e.label], partial(_png, e))
        for e in examples
        if TEST in (e.part, parts.get(e.digest)) or (source.kind == "dataset" and source.name)
    ]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _png(example: Example) -> bytes:
    """Without loss, so that a server would see the same pixels."""
    pixels: Pixels = example.fitted[:, :, ::-1]
    return write_picture(pixels, "PNG")
