"""The sections of `lab.toml` as values, each with its defaults. Knows nothing of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """Where pictures come from.

    Kinds: `folder`, `dataset`, `mnist`, `rendered-digits`, `rendered-letters`, `sklearn-digits`,
    `loose`.
    """

    kind: str = "folder"
    path: str = ""
    """Below the data folder."""
    name: str = ""
    """What a set that judges is called in the report."""
    number: int = 0
    seed: int = 1
    fonts: tuple[str, ...] = ()
    invert: bool = False
    """Black on white instead of white on black."""
    confidence: float = 0.0
    """Of a dataset: weak labels below it are left out; 1 takes only what a person has seen."""
    files: tuple[Mapping[str, Any], ...] = ()
    """What `countlab data` may fetch: name, addresses, bytes, sha256."""
    origin: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Input:
    """How a picture is laid before the graph sees it."""

    size: tuple[int, int] = (128, 128)
    stored: tuple[int, int] = (160, 160)
    """In memory while training, so that a part of a picture still has its details."""
    grey: bool = False
    crop: str = "none"
    mean: tuple[float, ...] = (0.5,)
    std: tuple[float, ...] = (0.25,)


@dataclass(frozen=True)
class NetworkChoice:
    """A name from `architecture.NAMES` and how wide and deep."""

    name: str = "resnet-regularised"
    widths: tuple[int, ...] = ()
    depths: tuple[int, ...] = ()
    stem_stride: int = 2
    dropout: float | None = None
    drop_path: float | None = None
    flip_average: bool = False
    norm: bool = True
    pooling: str = "mean"
    """`peak`: the few places of the map that say most, for things small in the picture."""
    strides: tuple[int, ...] = ()
    """For each stage 2, which halves the map, or 1; all halve it if left out."""


@dataclass(frozen=True)
class Augment:
    """What happens to a picture on its way into training; 0 (or 1 for shares) means never."""

    flip: bool = True
    crop: tuple[float, float] = (0.5, 1.0)
    """The share of the picture's area that a view shows."""
    aspect: float = 1.25
    shift: float = 0.0
    turn: float = 8.0
    shear: float = 0.0
    brightness: float = 0.25
    contrast: float = 0.25
    saturation: float = 0.25
    hue: float = 0.03
    grey: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    erase: float = 0.0
    thickness: float = 0.0
    low_resolution: float = 0.0
    mixup: float = 0.0
    """Alpha of the Beta distribution; pictures and labels are blended."""
    cutmix: float = 0.0
    """How often a rectangle of another picture is laid over, instead of blending."""
    padding: str = "reflection"


@dataclass(frozen=True)
class Schedule:
    """How long, how fast, and when to stop."""

    epochs: int = 60
    batch: int = 64
    rate: float = 0.002
    decay: float = 0.05
    optimiser: str = "adamw"
    """`adamw`, `sgd` (with momentum 0.9) or `rmsprop`."""
    shape: str = "cosine"
    warm_up: float = 0.05
    """The share of all steps during which the rate rises."""
    average: float = 0.995
    """The moving average's memory; what is judged and published is the average."""
    smoothing: float = 0.0
    patience: int = 0
    """Epochs without a better validation loss before it stops; 0 never stops early."""
    precision: str = "auto"
    """`float32`, `bfloat16`, or `auto`: bfloat16 where the processor computes in it."""
    balance: str = "none"
    """`weights` makes rare classes weigh more, `sampling` shows them more often."""
    keep: str = "best"
    """`best` publishes the epoch with the lowest validation loss, `last` the last one."""


@dataclass(frozen=True)
class Pretext:
    """Learning to see before learning the classes: two views of a picture should look alike."""

    epochs: int = 0
    batch: int = 128
    rate: float = 0.002
    size: tuple[int, int] = (96, 96)
    crop: tuple[float, float] = (0.25, 1.0)
    temperature: float = 0.2
    """Of the contrastive loss."""
    sources: tuple[Source, ...] = ()
    model: str = ""
    """A model whose first layers, where they have the same names and sizes, are begun with."""
