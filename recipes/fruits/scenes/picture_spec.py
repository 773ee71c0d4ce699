"""Picture specification: everything that defines a scene, as plain values. Needs no Blender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recipes.fruits.scenes.camera_response import Film


@dataclass(frozen=True)
class View:
    """Camera position and lens.

    `fill` is the share of the picture that the subject takes; above 1 its edge is cut off.
    """

    height_deg: float
    around_deg: float = 0.0
    lens_mm: float = 45.0
    f_stop: float = 5.6
    fill: float = 0.7
    roll_deg: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class PictureSpec:
    """A scene to render.

    `fruit` maps kinds to counts: "orange", "apple:granny" (a variety), "bunch3" (three on a crown).
    """

    name: str
    surface: str
    room: str
    light: str
    view: View
    fruit: Mapping[str, int] = field(default_factory=dict)
    lookalikes: Mapping[str, int] = field(default_factory=dict)
    props: tuple[str, ...] = ()
    vessel: str | None = None
    inside: int = 0
    middle: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float] = (0.16, 0.12)
    gap_m: float = 0.006
    seed: int = 1
    size: tuple[int, int] = (640, 480)
    film: Film = field(default_factory=Film)
