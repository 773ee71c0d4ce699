"""Studio for single objects: pose, lamps, table and camera, all randomized."""

import math
import random
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Vector

from recipes.fruits.scenes.meshes import Array, rest_on_ground, world_points
from recipes.fruits.scenes.nodegraph import Color, NodeGraph

LIGHTS = ("window",) * 4 + ("sun",) * 3 + ("overcast",) * 3 + ("lamp", "back", "flash", "dim")

# Share of the frame left free, so that no soft edge is cut off.
FRAME_MARGIN = 0.03


def clear_scene() -> None:
    """Remove every object and its data, so that memory does not grow over a long run."""
    data = bpy.data
    kinds = (data.objects, data.meshes, data.materials, data.lights, data.cameras, data.images)
    bpy.data.batch_remove([item for kind in kinds for item in kind])
    bpy.data.batch_remove(list(data.worlds))


@dataclass(frozen=True)
class RestingPose:
    """How an object may rest: possible lean in radians, and whether also on its back."""

    leans: tuple[float, ...]
    turns_over: bool = False


LYING = RestingPose((0.1, 0.1, 0.5, math.pi), turns_over=True)
ROLLING = RestingPose((0.25, 1.0, math.pi))
# A mug stands; a halved fruit seen from behind would look like a whole one.
STANDING = RestingPose((0.1, 0.35))


def pose(rng: random.Random, root: Any, rest: RestingPose) -> None:
    """Rotate the object as it might lie, stand or lean."""
    max_lean = rng.choice(rest.leans)
    leans = rng.uniform(-max_lean, max_lean), rng.uniform(-max_lean, max_lean)
    over = rng.choice((0, math.pi)) if rest.turns_over else 0.0
    root.rotation_euler = Euler((leans[0] + over, leans[1], rng.uniform(0, 2 * math.pi)))
    rest_on_ground(root)


def light(rng: random.Random, azimuth: float) -> float:
    """Set up lamps for a camera at this azimuth; returns the target brightness of the picture."""
    style = rng.choice(LIGHTS)
    side = azimuth + rng.choice((-1, 1)) * rng.uniform(0.5, 2.0)
    elevation = rng.uniform(0.3, 1.1)
    gray: Color = (rng.uniform(0.8, 1.0), 0.9, rng.uniform(0.85, 1.05))
    # Lamp strengths are relative to a sky of about 1: exposure is set after rendering.
    if style == "window":
        _sky(gray, rng.uniform(0.3, 1.0))
        _area(side, elevation, 1.3, rng.uniform(0.5, 1.2), 60, (0.95, 0.97, 1.0))
    elif style == "sun":
        _sky((0.55, 0.72, 1.0), rng.uniform(0.3, 0.9))
        _sun(rng, azimuth + rng.uniform(-2.6, 2.6), rng.uniform(0.45, 1.3))
    elif style == "lamp":
        _sky((1.0, 0.75, 0.5), rng.uniform(0.05, 0.3))
        _area(side, rng.uniform(0.6, 1.4), 0.9, rng.uniform(0.05, 0.25), 30, (1.0, 0.68, 0.36))
    elif style == "overcast":
        _sky(gray, 1.0)
        _area(side, 1.3, 1.5, 1.6, rng.uniform(5, 40), (1, 1, 1))
    elif style == "back":
        _sky(gray, rng.uniform(0.4, 1.0))
        _area(
            azimuth + math.pi + rng.uniform(-0.5, 0.5), rng.uniform(0.25, 0.9), 1.2, 0.7, 70, gray
        )
    elif style == "flash":
        _sky((1.0, 0.85, 0.7), rng.uniform(0.1, 0.4))
        _area(azimuth + rng.uniform(-0.2, 0.2), rng.uniform(0.3, 0.9), 1.0, 0.05, 30, (1, 1, 1))
    else:
        _sky(gray, rng.uniform(0.2, 0.5))
        _area(side, elevation, 1.6, 0.5, rng.uniform(8, 30), (1.0, rng.uniform(0.75, 0.95), 0.7))
    return rng.uniform(0.14, 0.34) if style == "dim" else rng.uniform(0.45, 1.0)


def _sky(color: Color, strength: float) -> None:
    """A sky brighter above than at the horizon."""
    world = bpy.data.worlds.new("sky")
    tree = world.node_tree
    ground = tree.nodes["Background"]
    up = tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"]
    parts = tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(up, parts.inputs[0])
    rise = tree.nodes.new("ShaderNodeMapRange")
    tree.links.new(parts.outputs[2], rise.inputs[0])
    for slot, value in enumerate((-0.1, 0.9, 0.35 * strength, 1.2 * strength), start=1):
        rise.inputs[slot].default_value = value
    ground.inputs[0].default_value = (*color, 1.0)
    tree.links.new(rise.outputs[0], ground.inputs[1])
    # A sky this smooth needs no finer map; the automatic one costs 0.4 s per picture.
    world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", 64
    bpy.context.scene.world = world


def _area(
    azimuth: float, elevation: float, distance_m: float, size_m: float, watts: float, tint: Color
) -> None:
    lamp = bpy.data.lights.new("area", "AREA")
    lamp.size, lamp.energy, lamp.color = size_m, watts * distance_m**2, tint
    _place(lamp, _direction(azimuth, elevation) * distance_m)


def _sun(rng: random.Random, azimuth: float, elevation: float) -> None:
    lamp = bpy.data.lights.new("sun", "SUN")
    lamp.energy, lamp.angle = rng.uniform(3.0, 7.0), rng.uniform(0.01, 0.06)
    lamp.color = (1.0, rng.uniform(0.82, 0.97), rng.uniform(0.65, 0.9))
    _place(lamp, _direction(azimuth, elevation) * 2)


def _direction(azimuth: float, elevation: float) -> Vector:
    return Vector(
        (
            math.cos(azimuth) * math.cos(elevation),
            math.sin(azimuth) * math.cos(elevation),
            math.sin(elevation),
        )
    )


def _place(data: Any, position: Vector, roll: float = 0.0) -> Any:
    """An object at a position, looking at the origin."""
    placed = bpy.data.objects.new(data.name, data)
    placed.location = position
    turn = position.to_track_quat("Z", "Y").to_matrix()
    placed.rotation_euler = (turn @ Euler((0, 0, roll)).to_matrix()).to_euler()
    bpy.context.scene.collection.objects.link(placed)
    return placed


def table(rng: random.Random) -> None:
    """A ground invisible to the camera that reflects its color onto the fruit."""
    tint = tuple(rng.uniform(0.04, 0.8) * rng.uniform(0.8, 1.0) for _ in range(3))
    shade = rng.uniform(0.05, 0.8)
    graph = NodeGraph("table")
    mixed: Color = (
        0.3 * tint[0] + 0.7 * shade,
        0.3 * tint[1] + 0.7 * shade,
        0.3 * tint[2] + 0.7 * shade,
    )
    mesh = bpy.data.meshes.new("table")
    mesh.from_pydata([(-2, -2, 0), (2, -2, 0), (2, 2, 0), (-2, 2, 0)], [], [(0, 1, 2, 3)])
    mesh.materials.append(graph.finish(base_color=mixed, roughness=0.7))
    ground = bpy.data.objects.new("table", mesh)
    ground.visible_camera = False
    bpy.context.scene.collection.objects.link(ground)


def aim_camera(rng: random.Random, root: Any, azimuth: float, longest_px: int) -> None:
    """Look at the object from this azimuth at a random height, and frame it tightly."""
    elevation = rng.triangular(0.02, 1.5, 0.55)
    roll = rng.uniform(-0.3, 0.3) if rng.random() < 0.6 else rng.uniform(-math.pi, math.pi)
    points = world_points(root)
    middle = Vector((points.min(axis=0) + points.max(axis=0)) / 2)
    camera = bpy.data.cameras.new("camera")
    placed = _place(camera, _direction(azimuth, elevation) * rng.uniform(0.35, 1.2), roll)
    placed.location += middle
    bpy.context.view_layer.update()
    _frame(camera, placed, points, longest_px)
    bpy.context.scene.camera = placed


def _frame(camera: Any, placed: Any, points: Array, longest_px: int) -> None:
    """Choose lens, shift and picture size so that the points just fill the picture."""
    matrix = np.array(placed.matrix_world.inverted())
    seen = points @ matrix[:3, :3].T + matrix[:3, 3]
    flat = seen[:, :2] / -seen[:, 2:]
    low, upper = flat.min(axis=0), flat.max(axis=0)
    size = (upper - low) * (1 + 2 * FRAME_MARGIN)
    longest = float(size.max())
    render = bpy.context.scene.render
    width, height = (max(16, round(longest_px * float(side) / longest)) for side in size)
    render.resolution_x, render.resolution_y = width, height
    camera.sensor_fit = "HORIZONTAL" if width >= height else "VERTICAL"
    camera.sensor_width = camera.sensor_height = 36.0
    camera.lens = 36.0 / longest
    camera.shift_x, camera.shift_y = (float(c) for c in (low + upper) / 2 / longest)
    camera.clip_start = 0.01
