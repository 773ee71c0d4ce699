"""All pictures of a lab, from wherever its sources keep them, split into their parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from countlab.datasets.labels import is_dataset
from countlab.errors import CountlabError
from countlab.training.lab import Lab
from countlab.training.lab_sections import Source
from countlab.training.labelled import labelled_classes, read_labelled
from countlab.training.material import (
    Example,
    Form,
    class_names,
    example,
    pictures_below,
    read_file,
    read_folder,
    read_mnist,
)
from countlab.training.rendered_digits import DigitRecipe, rendered_examples
from countlab.training.split import TEST, TRAIN, VALIDATION, read_split, split, write_split

MNIST_FILE = "train-images-idx3-ubyte.gz"
_DECIDING = ("input", "augment", "schedule", "pretext")
_FEWEST = 10
"""Pictures of a class below which nothing can be learnt and judged."""


@dataclass(frozen=True)
class Dataset:
    """Examples and the part of each, in one order."""

    examples: tuple[Example, ...]
    parts: tuple[str, ...]

    def of(self, part: str) -> list[Example]:
        return [e for e, own in zip(self.examples, self.parts, strict=True) if own == part]

    @property
    def digest(self) -> str:
        pairs = zip(self.examples, self.parts, strict=True)
        rows = sorted(f"{entry.digest} {entry.label} {part}" for entry, part in pairs)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def data_folder(folders: Sequence[Path], path: str) -> Path | None:
    """The first folder under which the path exists; a full path needs none."""
    if Path(path).is_absolute():
        return Path(path)
    return next((folder / path for folder in folders if (folder / path).exists()), None)


def classes_of(data: Path | None) -> tuple[str, ...]:
    """The classes that a folder of one's own pictures has; none for anything else."""
    if data is None or (data / MNIST_FILE).is_file():
        return ()
    return labelled_classes(data) if is_dataset(data) else class_names(data)


def gather(
    lab: Lab,
    folders: Sequence[Path],
    *,
    data: Path | None = None,
    limit: int | None = None,
    each: Callable[[], None] = lambda: None,
) -> list[Example]:
    """`data` stands in for the lab's own sources; `limit` takes a few of each class and part."""
    sources = lab.data
    if data is not None:
        kind = "mnist" if (data / MNIST_FILE).is_file() else "folder"
        kind = "dataset" if is_dataset(data) else kind
        made = tuple(s for s in lab.data if s.kind.startswith("rendered"))
        sources = (Source(kind, str(data.resolve())), *(made if kind == "mnist" else ()))
    examples = [e for s in sources for e in examples_of(s, lab, folders, limit=limit, each=each)]
    return _few_of_each(examples, limit) if limit else examples


def examples_of(
    source: Source,
    lab: Lab,
    folders: Sequence[Path],
    *,
    limit: int | None = None,
    each: Callable[[], None] = lambda: None,
    form: Form | None = None,
) -> list[Example]:
    """One source's pictures, in the lab's form if no other is named."""
    form = form or lab.form
    if source.kind.startswith("rendered"):
        return rendered_examples(_recipe(source, limit), form)
    if source.kind == "sklearn-digits":
        return _sklearn_digits(form)
    folder = data_folder(folders, source.path)
    if folder is None:
        places = ", ".join(str(place / source.path) for place in folders)
        raise CountlabError("no_training_data", lab=lab.name, places=places)
    if source.kind == "mnist":
        return read_mnist(folder, form, limit=limit, invert=source.invert)
    if source.kind == "loose":
        return _loose(folder, source, form)
    if source.kind == "dataset":
        return read_labelled(folder, lab.classes, form, confidence=source.confidence, each=each)
    return read_folder(folder, lab.classes, form, each=each)


def assign_parts(lab: Lab, examples: Sequence[Example], kept: Path, *, own: Path) -> Dataset:
    """Splits once; the parts stand in `own` if the lab ships them, and are kept in `kept`."""
    earlier = read_split(own) | read_split(kept)
    parts = split(examples, lab.shares, earlier=earlier)
    material = Dataset(tuple(examples), tuple(parts))
    labels = {part: {e.label for e in material.of(part)} for part in (TRAIN, VALIDATION)}
    for number, name in enumerate(lab.classes):
        here = sum(e.label == number for e in examples)
        if here < _FEWEST or any(number not in found for found in labels.values()):
            raise CountlabError("too_few_of_a_class", label=name, allowed=_FEWEST)
    write_split(kept, examples, parts)
    return material


def plan_of(lab: Lab, material: Dataset, seed: int) -> str:
    """A digest of all that decides how training goes: settings, pictures, parts, seed."""
    values: dict[str, Any] = {
        "seed": seed,
        "material": material.digest,
        "architecture": lab.architecture().as_json(),
        **{name: asdict(getattr(lab, name)) for name in _DECIDING},
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def _recipe(source: Source, limit: int | None) -> DigitRecipe:
    """A rendered set with a name judges, one without teaches."""
    number = min(source.number, limit * 10) if limit else source.number
    part, letters = (TEST if source.name else TRAIN), source.kind == "rendered-letters"
    return DigitRecipe(number, source.fonts, source.seed, part, letters=letters)


def _few_of_each(examples: Sequence[Example], limit: int) -> list[Example]:
    seen: dict[tuple[int, str | None], int] = {}
    kept = []
    for entry in examples:
        key = (entry.label, entry.part)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= limit:
            kept.append(entry)
    return kept


def _sklearn_digits(form: Form) -> list[Example]:
    """1,797 digits of 43 writers, 8 × 8 (UCI's optical digits, as scikit-learn ships them)."""
    from sklearn.datasets import load_digits

    found = load_digits()
    examples = []
    for at, (picture, label) in enumerate(zip(found.images, found.target, strict=True)):
        grey = np.minimum(np.rint(picture * 16), 255).astype(np.uint8)
        pixels: Any = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
        digest = hashlib.sha256(grey.tobytes()).hexdigest()
        name = f"sklearn/{at:04}"
        examples.append(example(pixels, int(label), form, name=name, digest=digest, part=TEST))
    return examples


def _loose(folder: Path, source: Source, form: Form) -> list[Example]:
    """Pictures of no class, for judging what is unlike, or for learning to see."""
    paths = list(pictures_below(folder))
    if source.number and len(paths) > source.number:
        random = np.random.default_rng(source.seed)
        chosen = sorted(random.choice(len(paths), source.number, replace=False))
        paths = [paths[at] for at in chosen]
    examples = []
    for path in paths:
        try:
            name = path.relative_to(folder).as_posix()
            examples.append(read_file(path, -1, form, name=name))
        except CountlabError:  # a damaged picture among thousands of loose ones is no loss
            continue
    return examples
