"""What one picture asks for. A value; builds nothing and needs no Blender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recipes.fruits.scenes.photo import Film


@dataclass(frozen=True)
class View:
    """Where the camera looks from.

    `fill` is the share of the picture that the subject takes; above 1 its edge is cut.
    """

    height_deg: float
    around_deg: float = 0.0
    lens_mm: float = 45.0
    f_stop: float = 5.6
    fill: float = 0.7
    roll_deg: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Picture:
    """`fruit` maps kinds to numbers: "orange", "apple:granny" (a variety), "bunch3" (a hand)."""

    name: str
    surface: str
    room: str
    light: str
    view: View
    fruit: Mapping[str, int] = field(default_factory=dict)
    lookalikes: Mapping[str, int] = field(default_factory=dict)
    things: tuple[str, ...] = ()
    vessel: str | None = None
    inside: int = 0
    middle: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float] = (0.16, 0.12)
    gap_m: float = 0.006
    seed: int = 1
    size: tuple[int, int] = (640, 480)
    film: Film = field(default_factory=Film)
