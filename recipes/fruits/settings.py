"""Training configuration, read from a TOML file such as detector.toml.

Only reads and checks the file; loads no pictures.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countlab.system.toml import read_toml

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_CONFIG = Path(__file__).with_name("detector.toml")


@dataclass(frozen=True)
class PhotoSource:
    """A folder of labeled photos (`[[photos]]`).

    `mended`: CSV files whose boxes replace those beside the photos.
    `lookalikes`: CSV files that box things resembling the labels; they are cut out and pasted.
    `bunched`: sampling weight of photos in which fruits of one label overlap heavily.
    `labels`: folder of the YOLO files, where they are not beside the photos.
    `one_scene`: list of photos that show one scene; together they weigh as `SCENE_PHOTOS` others.
    `tiled`: photos cut into tiles `<photo>_<number>`, which stay on one side of a split.
    `judged`: how many photos only judge the finished detector; -1 = the whole folder.
    """

    folder: Path
    mended: tuple[Path, ...]
    lookalikes: tuple[Path, ...]
    only_mended: bool
    hold_back: int
    share: float
    bunched: float = 1.0
    labels: Path | None = None
    one_scene: Path | None = None
    tiled: bool = False
    judged: int = 0


@dataclass(frozen=True)
class CutoutSource:
    """A folder of transparent cut-outs (`[[cutouts]]`): a subfolder per label; `none`: lookalikes.

    `bunches` maps further subfolders, whose pictures hold several objects of one label (boxes in a
    .json file beside each), to that label; they weigh `bunch_share`.
    """

    folder: Path
    bunches: dict[str, str]
    bunch_share: float
    share: float


@dataclass(frozen=True)
class EmptySource:
    """A folder of pictures that show none of the labels (`[[empty]]`).

    `but`: file listing exceptions, by path below the folder.
    `any_hue`: no round objects either, so hues may be shifted freely.
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
    """A part of the training run and its picture sizes; small ones train fast, so they come first.

    `calm` pictures are framed like those met in use: a good way to end the run.
    """

    share: float
    sizes: tuple[int, ...]
    calm: bool


@dataclass(frozen=True)
class Schedule:
    """Length of the training run, counted in pictures."""

    pictures: int
    batch: int
    phases: tuple[Phase, ...]
    rate: float


@dataclass(frozen=True)
class Settings:
    """Everything needed to train one detector."""

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
    judged: Path
    work: Path
    to: Path
    photos: tuple[PhotoSource, ...]
    cutouts: tuple[CutoutSource, ...]
    empty: tuple[EmptySource, ...]
    schedule: Schedule


def read_settings(path: Path = DEFAULT_CONFIG, *, root: Path = ROOT) -> Settings:
    """Read a configuration file; its paths are relative to `root`."""
    document = read_toml(path)
    missing = {"name", "labels", "photos", "schedule", "to"} - document.keys()
    if missing:
        raise ValueError(
            f"{path} lacks {', '.join(sorted(missing))}; see recipes/fruits/detector.toml"
        )
    anchors = tuple((int(w), int(h)) for w, h in document["anchors"])
    if len(anchors) != 6:
        raise ValueError(f"{path} has {len(anchors)} anchors; the network's two heads take 6")
    return Settings(
        name=document["name"],
        title=document.get("title", document["name"]),
        labels=tuple(document["labels"]),
        round=frozenset(document.get("round", [])),
        also_green=frozenset(document.get("also_green", [])),
        licence=document.get("licence", "not stated"),
        size=document.get("size", 416),
        nms=document.get("nms", 0.45),
        shift=document.get("shift", 0.0),
        template=root / document.get("template", "recipes/fruits/detector.cfg"),
        anchors=anchors,
        held_back=root / document.get("held_back", "recipes/fruits/held_back.txt"),
        judged=root / document.get("judged", "recipes/fruits/judged.csv"),
        work=root / document.get("work", "recipes/fruits/work"),
        to=root / document["to"],
        photos=tuple(_photos(entry, root) for entry in document["photos"]),
        cutouts=tuple(_cutouts(entry, root) for entry in document.get("cutouts", [])),
        empty=tuple(_empty(entry, root) for entry in document.get("empty", [])),
        schedule=_schedule(document["schedule"]),
    )


def _photos(entry: dict[str, Any], root: Path) -> PhotoSource:
    return PhotoSource(
        folder=root / entry["folder"],
        mended=tuple(root / name for name in entry.get("mended", [])),
        lookalikes=tuple(root / name for name in entry.get("lookalikes", [])),
        only_mended=entry.get("only_mended", False),
        hold_back=entry.get("hold_back", 0),
        share=entry.get("share", 1.0),
        bunched=entry.get("bunched", 1.0),
        labels=root / entry["labels"] if "labels" in entry else None,
        one_scene=root / entry["one_scene"] if "one_scene" in entry else None,
        tiled=entry.get("tiled", False),
        judged=entry.get("judged", 0),
    )


def _cutouts(entry: dict[str, Any], root: Path) -> CutoutSource:
    share = entry.get("share", 1.0)
    return CutoutSource(
        folder=root / entry["folder"],
        bunches=entry.get("bunches", {}),
        bunch_share=entry.get("bunch_share", share),
        share=share,
    )


def _empty(entry: dict[str, Any], root: Path) -> EmptySource:
    return EmptySource(
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
        phases=tuple(_phase(phase) for phase in entry["phases"]),
        rate=entry.get("rate", 0.002),
    )


def _phase(entry: dict[str, Any]) -> Phase:
    return Phase(entry["share"], tuple(entry["sizes"]), calm=entry.get("calm", False))
