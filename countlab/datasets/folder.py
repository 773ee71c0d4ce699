"""A dataset's folder: the names of its files, and what its `dataset.toml` says."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.system.toml import TOMLDecodeError, read_toml

PICTURES, BOXES = "pictures", "boxes"
COLLECTED, REVIEWS = "collected.ndjson", "reviews.ndjson"
LABELS, VOTES, CLASSES = "labels.csv", "votes.csv", "classes.txt"
SETTINGS = "dataset.toml"
UNSURE = "unsure"
"""The label of a picture that nobody could tell: it takes no part in training."""
FORMAT_ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp", "GIF": "gif",
                  "TIFF": "tiff", "AVIF": "avif", "HEIF": "heic"}  # fmt: skip
_NAME_DIGITS = 20  # of the SHA-256: two of a billion pictures share them once in 10⁶ such sets


@dataclass(frozen=True)
class WordRule:
    """A labelling function: the product's text on the page holds one of these words."""

    words: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class DatasetSettings:
    """What labels are called and how they are asked for; the defaults are the octagons'."""

    classes: tuple[str, ...] = ("con_octogono", "sin_octogono")
    """The first is the one that is looked for."""
    boxes: tuple[str, ...] = ("octogono",)
    """What boxes are called, where a person draws them."""
    instruction: str = (
        "Dado un envase de producto, responde sólo 'con_octogono' o 'sin_octogono' según si hay "
        "octógonos de advertencia nutricional visibles. No expliques nada."
    )
    """What a vision model is asked; its answer must be one of the classes."""
    shape: str = "octagon"
    """The dark shape whose contour speaks for the first class; `none` looks for no shape."""
    text: tuple[WordRule, ...] = ()


def read_settings(folder: Path) -> DatasetSettings:
    path = folder / SETTINGS
    if not path.is_file():
        return DatasetSettings()
    known = [field.name for field in fields(DatasetSettings)]
    try:
        table = read_toml(path)
        for name in table:
            if name not in known:
                raise ValueError(f"“{name}” is not known here; known: {', '.join(known)}")
        rules = tuple(
            WordRule(tuple(rule["words"]), str(rule["label"])) for rule in table.pop("text", ())
        )
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in table.items()
        }
        settings = DatasetSettings(**values, text=rules)
        if len(set(settings.classes)) < 2:
            raise ValueError("classes: two at least, all different")
        for rule in rules:
            if rule.label not in settings.classes:
                raise ValueError(f"text: {rule.label} is none of the classes")
    except (OSError, TOMLDecodeError, TypeError, ValueError, KeyError) as reason:
        raise CountlabError("bad_dataset_file", file=path, reason=reason) from reason
    return settings


def picture_name(sha256: str, format: str) -> str:
    """The path below the folder that a picture's content decides."""
    return f"{PICTURES}/{sha256[:_NAME_DIGITS]}.{FORMAT_ENDINGS[format]}"


def file_below(folder: Path, file: str) -> Path:
    """The picture's path; a name that leads out of the folder is refused."""
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise CountlabError("file_outside_dataset", file=file, folder=folder)
    return path
