"""Rendered scenes: same seed, same scene, and counts follow the stated rule."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's module (make test-scenes sets it up)")

from mathutils import Vector  # noqa: E402

from recipes.fruits.scenes import fruit, ground_truth, scene_builder, shapes  # noqa: E402
from recipes.fruits.scenes.meshes import world_points  # noqa: E402
from recipes.fruits.scenes.picture_spec import PictureSpec, View  # noqa: E402
from recipes.fruits.scenes.pictures import PICTURES  # noqa: E402
from recipes.fruits.scenes.shading import glass  # noqa: E402

pytestmark = pytest.mark.scenes

SMALL = PictureSpec(
    "small", "slate", "plain", "overcast", View(40), {"orange": 2, "banana": 1}, vessel="bowl",
    inside=2, spread=(0.25, 0.2),
)  # fmt: skip


def object_matrices() -> list[tuple[str, list[float]]]:
    objects = sorted(bpy.context.scene.objects, key=lambda item: str(item.name))
    return [
        (item.name, [round(v, 6) for row in item.matrix_world for v in row]) for item in objects
    ]


def test_scene_depends_on_the_seed_alone() -> None:
    scene_builder.build(SMALL)
    first = object_matrices()
    scene_builder.build(SMALL)
    assert object_matrices() == first
    scene_builder.build(PictureSpec(**{**vars(SMALL), "seed": 2}))
    assert object_matrices() != first


def test_fruit_rests_on_the_table_or_in_the_bowl() -> None:
    scene_builder.build(SMALL)
    for item in bpy.context.scene.objects:
        if item.get("label"):
            lowest = world_points(item)[:, 2].min()
            assert -0.004 < lowest < 0.12


def add_camera(position: tuple[float, float, float], target: tuple[float, float, float]) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = 160, 120
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.location = position
    rotation = (Vector(target) - Vector(position)).to_track_quat("-Z", "Y")
    scene.camera.rotation_euler = rotation.to_euler()


@pytest.fixture
def three_oranges() -> list[Any]:
    """One in plain sight, one hidden behind it, one cut to a sliver by the left edge."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    oranges = [fruit.orange(Random(seed)) for seed in (1, 1, 3)]
    oranges[1].location.y += 0.12
    oranges[1].scale = (0.8, 0.8, 0.8)
    oranges[2].location.x -= 0.231
    add_camera((0.0, -0.6, 0.035), (0.0, 0.0, 0.035))
    return oranges


@pytest.mark.usefixtures("three_oranges")
def test_fruit_less_than_a_quarter_visible_does_not_count() -> None:
    plain, hidden, cut = ground_truth.visible_fruit()
    assert plain.visible == 1.0
    assert plain.is_counted
    assert hidden.visible < 0.1
    assert not hidden.is_counted
    assert 0.0 < cut.visible < ground_truth.MIN_VISIBLE
    assert not cut.is_counted
    assert ground_truth.count_by_label([plain, hidden, cut])["orange"] == 1


def test_fruit_cut_by_the_frame_counts_from_a_quarter_visible(three_oranges: list[Any]) -> None:
    three_oranges[2].location.x += 0.043
    cut = ground_truth.visible_fruit()[2]
    assert ground_truth.MIN_VISIBLE < cut.visible < 1.0
    assert cut.is_counted


@pytest.mark.usefixtures("three_oranges")
def test_box_surrounds_the_visible_fruit() -> None:
    plain = ground_truth.visible_fruit()[0]
    assert plain.box is not None
    left, top, right, bottom = plain.box
    assert abs((left + right) / 2 - 80) < 4
    assert abs((top + bottom) / 2 - 60) < 8
    assert 0.8 < (right - left) / (bottom - top) < 1.25


@pytest.mark.usefixtures("three_oranges")
def test_glass_hides_nothing() -> None:
    pane = shapes.box("pane", (1, 0.01, 1), (0, -0.3, 0), glass("pane glass"))
    assert ground_truth.visible_fruit()[0].visible == 1.0
    pane.data.materials[0] = None
    assert ground_truth.visible_fruit()[0].visible == 0.0


def test_pictures_differ_in_name_and_setting() -> None:
    names = [picture.name for picture in PICTURES]
    assert len(set(names)) == len(names) >= 36
    stages = {(p.surface, p.room, p.light, p.view) for p in PICTURES}
    assert len(stages) == len(PICTURES)
