"""Lamps, and the even light from all around."""

from __future__ import annotations

import bpy
from mathutils import Vector

from recipes.fruits.scenes.shading import Color

Point = tuple[float, float, float]


def surroundings(colour: Color, strength: float) -> None:
    world = bpy.data.worlds.new("surroundings")
    ground = world.node_tree.nodes["Background"]
    ground.inputs[0].default_value = (*colour, 1.0)
    ground.inputs[1].default_value = strength
    bpy.context.scene.world = world


def area(
    place: Point, target: Point, size: tuple[float, float], watts: float, colour: Color
) -> None:
    """A rectangle of light that looks at `target`."""
    lamp = bpy.data.lights.new("area", "AREA")
    lamp.shape, lamp.size, lamp.size_y = "RECTANGLE", *size
    lamp.energy, lamp.color = watts, colour
    placed = bpy.data.objects.new("area", lamp)
    placed.location = place
    placed.rotation_euler = (Vector(target) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(placed)
