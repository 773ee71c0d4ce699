"""What a training file (such as detector.toml) says, read and checked.

Owns the file's vocabulary; it loads no picture.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = Path(__file__).with_name("detector.toml")


@dataclass(frozen=True)
class Photos:
    """A folder of photos with boxes; `mended` files replace the boxes beside the photos.

    `lookalikes` files box what is not counted but looks like it, to be cut out and pasted.
    `bunched`: how many times as often a photo is shown in which fruits of a label overlap by much.
    """

    folder: Path
    mended: tuple[Path, ...]
    lookalikes: tuple[Path, ...]
    only_mended: bool
    hold_back: int
    share: float
    bunched: float = 1.0


@dataclass(frozen=True)
class Cutouts:
    """A folder with one folder of transparent pictures per label, and `none` for lookalikes.

    `bunches` says which other folders hold several of a label at once (boxes in a .json beside);
    each weighs `bunch_share`.
    """

    folder: Path
    bunches: dict[str, str]
    bunch_share: float
    share: float


@dataclass(frozen=True)
class Empty:
    """A folder of pictures that show none of the labels.

    `but` lists those that do show one, by their path below the folder.
    `any_hue`: nothing round in them either, so that their colours may be turned at will.
    """

    folder: Path
    labels: Path | None
    without: frozenset[int]
    only: tuple[str, ...]
    but: Path | None
    any_hue: bool
    hold_back: int
    share: float


@dataclass(frozen=True)
class Phase:
    """A part of the pictures and the sizes they have: small ones teach most, and fast.

    `calm` pictures look as those that will be counted do: a good way to end.
    """

    share: float
    sizes: tuple[int, ...]
    calm: bool


@dataclass(frozen=True)
class Schedule:
    """How much is trained, in pictures."""

    pictures: int
    batch: int
    phases: tuple[Phase, ...]
    rate: float


@dataclass(frozen=True)
class Settings:
    """One detector to be made."""

    name: str
    title: str
    labels: tuple[str, ...]
    round: frozenset[str]
    also_green: frozenset[str]
    licence: str
    size: int
    nms: float
    shift: float
    template: Path
    anchors: tuple[tuple[int, int], ...]
    held_back: Path
    work: Path
    to: Path
    photos: tuple[Photos, ...]
    cutouts: tuple[Cutouts, ...]
    empty: tuple[Empty, ...]
    schedule: Schedule


def read_settings(path: Path = DEFAULT, *, root: Path = ROOT) -> Settings:
    """Read a training file; its paths are relative to `root`."""
    with path.open("rb") as file:
        said = tomllib.load(file)
    missing = {"name", "labels", "photos", "schedule", "to"} - said.keys()
    if missing:
        raise ValueError(
            f"{path} lacks {', '.join(sorted(missing))}; see recipes/fruits/detector.toml"
        )
    anchors = tuple((int(w), int(h)) for w, h in said["anchors"])
    if len(anchors) != 6:
        raise ValueError(f"{path} has {len(anchors)} anchors; the network's two heads take 6")
    return Settings(
        name=said["name"],
        title=said.get("title", said["name"]),
        labels=tuple(said["labels"]),
        round=frozenset(said.get("round", [])),
        also_green=frozenset(said.get("also_green", [])),
        licence=said.get("licence", "not stated"),
        size=said.get("size", 416),
        nms=said.get("nms", 0.45),
        shift=said.get("shift", 0.0),
        template=root / said.get("template", "recipes/fruits/detector.cfg"),
        anchors=anchors,
        held_back=root / said.get("held_back", "recipes/fruits/held_back.txt"),
        work=root / said.get("work", "recipes/fruits/work"),
        to=root / said["to"],
        photos=tuple(_photos(entry, root) for entry in said["photos"]),
        cutouts=tuple(_cutouts(entry, root) for entry in said.get("cutouts", [])),
        empty=tuple(_empty(entry, root) for entry in said.get("empty", [])),
        schedule=_schedule(said["schedule"]),
    )


def _photos(entry: dict[str, Any], root: Path) -> Photos:
    return Photos(
        folder=root / entry["folder"],
        mended=tuple(root / name for name in entry.get("mended", [])),
        lookalikes=tuple(root / name for name in entry.get("lookalikes", [])),
        only_mended=entry.get("only_mended", False),
        hold_back=entry.get("hold_back", 0),
        share=entry.get("share", 1.0),
        bunched=entry.get("bunched", 1.0),
    )


def _cutouts(entry: dict[str, Any], root: Path) -> Cutouts:
    share = entry.get("share", 1.0)
    return Cutouts(
        folder=root / entry["folder"],
        bunches=entry.get("bunches", {}),
        bunch_share=entry.get("bunch_share", share),
        share=share,
    )


def _empty(entry: dict[str, Any], root: Path) -> Empty:
    return Empty(
        folder=root / entry["folder"],
        labels=root / entry["labels"] if "labels" in entry else None,
        without=frozenset(entry.get("without", [])),
        only=tuple(entry.get("only", [])),
        but=root / entry["but"] if "but" in entry else None,
        any_hue=entry.get("any_hue", False),
        hold_back=entry.get("hold_back", 0),
        share=entry.get("share", 1.0),
    )


def _schedule(entry: dict[str, Any]) -> Schedule:
    return Schedule(
        pictures=entry["pictures"],
        batch=entry.get("batch", 32),
        phases=tuple(_phase(one) for one in entry["phases"]),
        rate=entry.get("rate", 0.002),
    )


def _phase(entry: dict[str, Any]) -> Phase:
    return Phase(entry["share"], tuple(entry["sizes"]), calm=entry.get("calm", False))
