"""Lighting setups for whole scenes."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

import bpy
from mathutils import Vector

from recipes.fruits.scenes.shading import Color

DAY: Color = (0.86, 0.93, 1.0)
WARM: Color = (1.0, 0.72, 0.44)


def _lamp(kind: str, position: tuple[float, float, float], energy: float, color: Color) -> Any:
    light = bpy.data.lights.new(kind, kind)
    light.energy, light.color = energy, color
    lamp_object = bpy.data.objects.new("lamp", light)
    lamp_object.location = position
    bpy.context.scene.collection.objects.link(lamp_object)
    lamp_object.rotation_euler = (-Vector(position)).to_track_quat("-Z", "Y").to_euler()
    return lamp_object


def _sky(color: Color, strength: float) -> None:
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    background = world.node_tree.nodes["Background"]
    background.inputs[0].default_value = (*color, 1.0)
    background.inputs[1].default_value = strength


def _panes(direction: float, height: float, distance: float, energy: float, tint: Color) -> None:
    """A window of four panes, whose bars are reflected in glossy skins."""
    x, y = distance * math.sin(direction), distance * math.cos(direction)
    rotation = (-Vector((x, y, height))).to_track_quat("-Z", "Y")
    for dx in (-0.28, 0.28):
        for dz in (-0.36, 0.36):
            pane = _lamp("AREA", (x, y, height), energy / 4, tint)
            pane.data.shape, pane.data.size, pane.data.size_y = "RECTANGLE", 0.5, 0.65
            pane.location = Vector((x, y, height)) + rotation @ Vector((dx, dz, 0))
            pane.rotation_euler = rotation.to_euler()


def window_left(rng: Random) -> None:
    _panes(rng.uniform(-1.9, -1.1), rng.uniform(0.7, 1.1), 1.7, 60, DAY)
    _sky((0.9, 0.85, 0.8), rng.uniform(0.15, 0.3))


def window_right(rng: Random) -> None:
    _panes(rng.uniform(1.0, 1.8), rng.uniform(0.7, 1.2), 1.6, 60, (0.95, 0.97, 1.0))
    _sky((0.85, 0.87, 0.9), rng.uniform(0.15, 0.3))


def window_behind(rng: Random) -> None:
    """Backlight: long soft shadows toward the camera."""
    _panes(rng.uniform(-0.7, 0.7), rng.uniform(1.3, 1.6), 1.9, 55, DAY)
    _sky((0.95, 0.92, 0.88), rng.uniform(0.25, 0.4))


def sun(rng: Random) -> None:
    """Low hard sun through a window: sharp shadows, blue in the shade."""
    direction, elevation = rng.choice([-1, 1]) * rng.uniform(0.7, 2.0), rng.uniform(0.5, 0.8)
    position = (3 * math.sin(direction), 3 * math.cos(direction), 3 * math.tan(elevation))
    lamp = _lamp("SUN", position, 4.0, (1.0, 0.9, 0.74))
    lamp.data.angle = math.radians(0.6)
    _sky((0.62, 0.76, 1.0), 0.45)


def noon(rng: Random) -> None:
    """High sun through a little haze."""
    position = (rng.uniform(-1.2, 1.2), rng.uniform(-0.6, 0.9), 3.0)
    lamp = _lamp("SUN", position, 3.2, (1.0, 0.96, 0.9))
    lamp.data.angle = math.radians(2.0)
    _sky((0.7, 0.82, 1.0), 0.7)


def overcast(rng: Random) -> None:
    position = (rng.uniform(-1.0, 1.0), rng.uniform(-0.5, 0.8), 2.4)
    lamp = _lamp("AREA", position, 70, (0.93, 0.96, 1.0))
    lamp.data.size = 2.6
    _sky((0.85, 0.92, 1.0), 0.55)


def pendant(rng: Random) -> None:
    """One bulb above the table, as at supper."""
    position = (rng.uniform(-0.35, 0.35), rng.uniform(-0.1, 0.4), rng.uniform(0.75, 1.05))
    lamp = _lamp("POINT", position, 14, WARM)
    lamp.data.shadow_soft_size = 0.06
    _sky((0.8, 0.62, 0.45), 0.10)


def spots(rng: Random) -> None:
    """Ceiling lights: several shadows for each object."""
    for x in (-0.9, 0.1, 1.0):
        lamp = _lamp(
            "POINT",
            (x + rng.uniform(-0.2, 0.2), rng.uniform(-0.9, 0.5), 1.7),
            18,
            (1.0, 0.84, 0.66),
        )
        lamp.data.shadow_soft_size = 0.05
    _sky((0.9, 0.8, 0.7), 0.18)


def tube(rng: Random) -> None:
    """A fluorescent tube, slightly green."""
    lamp = _lamp(
        "AREA", (rng.uniform(-0.4, 0.4), rng.uniform(-0.2, 0.4), 1.6), 45, (0.92, 1.0, 0.9)
    )
    lamp.data.shape, lamp.data.size, lamp.data.size_y = "RECTANGLE", 1.3, 0.08
    _sky((0.88, 0.95, 0.9), 0.2)


def dusk(rng: Random) -> None:
    """The last blue daylight and a lamp somewhere behind."""
    _panes(rng.uniform(-1.8, -1.0), 0.9, 2.0, 6, (0.5, 0.66, 1.0))
    lamp = _lamp("POINT", (rng.uniform(0.8, 1.3), rng.uniform(0.3, 0.9), 0.7), 5, WARM)
    lamp.data.shadow_soft_size = 0.08
    _sky((0.3, 0.4, 0.6), 0.06)


def flash(_rng: Random) -> None:
    """A small flash beside the lens: flat light, a hard shadow close behind objects."""
    lamp = _lamp("AREA", (0.05, -0.75, 0.62), 9, (1.0, 0.98, 0.95))
    lamp.data.size = 0.03
    _sky((0.8, 0.65, 0.5), 0.12)


LIGHTS: dict[str, Callable[[Random], None]] = {
    "window_left": window_left, "window_right": window_right, "window_behind": window_behind,
    "sun": sun, "noon": noon, "overcast": overcast, "pendant": pendant, "spots": spots,
    "tube": tube, "dusk": dusk, "flash": flash,
}  # fmt: skip
