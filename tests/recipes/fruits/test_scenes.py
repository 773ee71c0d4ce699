"""The lab's pictures: the same seed gives the same scene, and the count follows the stated rule."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's module (make test-scenes sets it up)")

from mathutils import Vector  # noqa: E402

from recipes.fruits.scenes import compose, forms, fruit, truth  # noqa: E402
from recipes.fruits.scenes.meshes import world_points  # noqa: E402
from recipes.fruits.scenes.picture import Picture, View  # noqa: E402
from recipes.fruits.scenes.pictures import PICTURES  # noqa: E402
from recipes.fruits.scenes.shading import glass  # noqa: E402

pytestmark = pytest.mark.scenes

SMALL = Picture(
    "small", "slate", "plain", "overcast", View(40), {"orange": 2, "banana": 1}, vessel="bowl",
    inside=2, spread=(0.25, 0.2),
)  # fmt: skip


def placed() -> list[tuple[str, list[float]]]:
    things = sorted(bpy.context.scene.objects, key=lambda thing: str(thing.name))
    return [(t.name, [round(v, 6) for row in t.matrix_world for v in row]) for t in things]


def test_same_seed_gives_the_same_scene_and_another_seed_another() -> None:
    compose.build(SMALL)
    first = placed()
    compose.build(SMALL)
    assert placed() == first
    compose.build(Picture(**{**vars(SMALL), "seed": 2}))
    assert placed() != first


def test_fruit_rests_on_the_table_or_in_the_bowl() -> None:
    compose.build(SMALL)
    for thing in bpy.context.scene.objects:
        if thing.get("label"):
            lowest = world_points(thing)[:, 2].min()
            assert -0.004 < lowest < 0.12


def camera_from(place: tuple[float, float, float], towards: tuple[float, float, float]) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = 160, 120
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.location = place
    turn = (Vector(towards) - Vector(place)).to_track_quat("-Z", "Y")
    scene.camera.rotation_euler = turn.to_euler()


@pytest.fixture
def three_oranges() -> list[Any]:
    """One in plain sight, one hidden behind it, one cut to a sliver by the left edge."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    made = [fruit.orange(Random(seed)) for seed in (1, 1, 3)]
    made[1].location.y += 0.12
    made[1].scale = (0.8, 0.8, 0.8)
    made[2].location.x -= 0.231
    camera_from((0.0, -0.6, 0.035), (0.0, 0.0, 0.035))
    return made


@pytest.mark.usefixtures("three_oranges")
def test_only_a_fruit_a_quarter_visible_counts() -> None:
    plain, hidden, cut = truth.look()
    assert plain.visible == 1.0
    assert plain.counts
    assert hidden.visible < 0.1
    assert not hidden.counts
    assert 0.0 < cut.visible < truth.ENOUGH
    assert not cut.counts
    assert truth.counts([plain, hidden, cut])["orange"] == 1


def test_moving_the_cut_fruit_in_makes_it_count(three_oranges: list[Any]) -> None:
    three_oranges[2].location.x += 0.043
    cut = truth.look()[2]
    assert truth.ENOUGH < cut.visible < 1.0
    assert cut.counts


@pytest.mark.usefixtures("three_oranges")
def test_the_box_of_a_fruit_is_what_is_seen_of_it() -> None:
    plain = truth.look()[0]
    assert plain.box is not None
    left, top, right, bottom = plain.box
    assert abs((left + right) / 2 - 80) < 4
    assert abs((top + bottom) / 2 - 60) < 8
    assert 0.8 < (right - left) / (bottom - top) < 1.25


@pytest.mark.usefixtures("three_oranges")
def test_glass_hides_nothing() -> None:
    pane = forms.box("pane", (1, 0.01, 1), (0, -0.3, 0), glass("pane glass"))
    assert truth.look()[0].visible == 1.0
    pane.data.materials[0] = None
    assert truth.look()[0].visible == 0.0


def test_no_two_pictures_are_named_or_staged_alike() -> None:
    names = [picture.name for picture in PICTURES]
    assert len(set(names)) == len(names) >= 36
    stages = {(p.surface, p.room, p.light, p.view) for p in PICTURES}
    assert len(stages) == len(PICTURES)
