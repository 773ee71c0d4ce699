"""Packages rendered with Blender: an octagon's box is where the camera sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

bpy = pytest.importorskip("bpy", reason="needs Blender's module (make test-scenes sets it up)")

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from mathutils import Vector  # noqa: E402

from recipes.octagons.blender import camera, lamps, materials, rendering  # noqa: E402
from recipes.octagons.blender.__main__ import render  # noqa: E402
from recipes.octagons.blender.bodies import box  # noqa: E402
from recipes.octagons.blender.goods import Package, extent, mesh_object  # noqa: E402
from recipes.octagons.blender.photograph import photograph  # noqa: E402
from recipes.octagons.blender.prints import Print  # noqa: E402
from recipes.octagons.designs import design  # noqa: E402
from recipes.octagons.photograph import seen  # noqa: E402
from recipes.octagons.scenes import Scene  # noqa: E402
from recipes.octagons.warning_labels import octagon_points  # noqa: E402

pytestmark = pytest.mark.scenes

PIXELS, SIDE = 250, 0.2
LEFT, TOP, WIDE = 90, 40, 120  # of the octagon on a front of 300 × 300


def cube(turn: float = 0.3) -> Package:
    """A cube with one black octagon on its white front."""
    shape = box(SIDE, SIDE, SIDE)
    front = round(300 / shape.front)
    start = (front - 300) // 2 + LEFT
    corners = np.array([(start + x, TOP + y) for x, y in octagon_points(WIDE, 0)], np.int32)
    numbers = np.zeros((300, front), np.uint8)
    cv2.fillConvexPoly(numbers, corners, 1)
    rgb = np.where(numbers[..., None] > 0, 10, 240).astype(np.uint8).repeat(3, 2)
    printed = Print(rgb, numbers, numbers)
    paint = materials.package_materials("box", printed, (240, 240, 240), np.random.default_rng(1))
    thing = mesh_object("cube", shape, paint)
    thing.rotation_euler.z = turn
    return Package(thing, printed, ("sugars",), shape.slots, (SIDE, SIDE, SIDE))


@pytest.fixture
def pictured() -> Package:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    one = cube()
    lamps.surroundings((1.0, 1.0, 1.0), 1.0)
    camera.aim(extent([one]), around=0.1, above=0.2, distance_m=1.0, fill=0.8)
    return one


def expected_box(one: Package) -> Any:
    """The octagon's corners on the front, through the camera."""
    bpy.context.view_layer.update()
    eye = bpy.context.scene.camera
    flat = eye.calc_matrix_camera(bpy.context.evaluated_depsgraph_get(), x=PIXELS, y=PIXELS)
    points = []
    for x, y in octagon_points(WIDE, 0):
        at = (((LEFT + x) / 300 - 0.5) * SIDE, -SIDE / 2, (1 - (TOP + y) / 300) * SIDE)
        place = flat @ eye.matrix_world.inverted() @ one.thing.matrix_world @ Vector((*at, 1))
        points.append(((1 + place.x / place.w) * PIXELS / 2, (1 - place.y / place.w) * PIXELS / 2))
    corners = np.array(points)
    return np.concatenate([corners.min(0), corners.max(0)])


def test_an_octagons_box_is_where_the_camera_sees_it(pictured: Package, tmp_path: Path) -> None:
    numbers, octagons = rendering.numbers([pictured], tmp_path, pixels=PIXELS)
    ys, xs = np.nonzero(numbers == 1)
    found = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    assert found == pytest.approx(expected_box(pictured), abs=1.5)
    ((whole, kind),) = octagons
    assert kind == "sugars"
    assert len(xs) == pytest.approx(whole, rel=0.02)


def test_the_picture_is_dark_where_the_octagon_is(pictured: Package, tmp_path: Path) -> None:
    numbers, _ = rendering.numbers([pictured], tmp_path, pixels=PIXELS)
    light = rendering.light(tmp_path, pixels=PIXELS, samples=2).mean(2)
    inside = cv2.erode((numbers == 1).astype(np.uint8), np.ones((5, 5)))
    around = cv2.dilate((numbers == 1).astype(np.uint8), np.ones((9, 9)))
    ring = (around > 0) & (cv2.dilate((numbers == 1).astype(np.uint8), np.ones((5, 5))) == 0)
    assert light[inside > 0].mean() < 0.4 * light[ring].mean()


def hide(one: Package, share: float) -> None:
    """A cube before the other's octagon, over about this share of it."""
    other = cube(turn=0.0)
    low, high = (
        min((LEFT / 300 - 0.5) * SIDE, 0), ((LEFT + WIDE) / 300 - 0.5) * SIDE
    )  # fmt: skip
    other.thing.location = (low + (high - low) * share - SIDE / 2, -0.3, 0.02)
    one.thing.rotation_euler.z = 0.0


def seen_in(packages: list[Package], scratch: Path) -> Any:
    camera.aim(extent(packages[:1]), around=0.0, above=0.0, distance_m=20.0, fill=0.8)
    numbers, octagons = rendering.numbers(packages, scratch, pixels=PIXELS)
    return seen(Scene(numbers, numbers, octagons))


def test_what_stands_before_an_octagon_hides_it(pictured: Package, tmp_path: Path) -> None:
    hide(pictured, 0.3)
    (octagon,) = seen_in([pictured], tmp_path)
    assert octagon.hidden == pytest.approx(0.28, abs=0.05)


def test_an_octagon_that_is_mostly_hidden_is_not_asked_about(
    pictured: Package, tmp_path: Path
) -> None:
    hide(pictured, 0.75)
    assert seen_in([pictured], tmp_path) is None


def test_the_numbers_of_two_packages_do_not_mix(pictured: Package, tmp_path: Path) -> None:
    other = cube(turn=0.0)
    other.thing.location.x = 0.3
    camera.aim(extent([pictured, other]), around=0.0, above=0.1, distance_m=3.0, fill=0.9)
    numbers, octagons = rendering.numbers([pictured, other], tmp_path, pixels=PIXELS)
    assert len(octagons) == 2
    first, second = ((numbers == n).nonzero()[1].mean() for n in (1, 2))
    assert first < second


def test_the_same_design_and_view_make_the_same_picture() -> None:
    first, second = (photograph(design(0, seed=77), 0, samples=1) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.octagons == second.octagons
    assert first.octagons
    assert np.abs(first.pixels.astype(int) - second.pixels).mean() < 0.5


def test_a_second_run_keeps_what_is_there(tmp_path: Path) -> None:
    assert render(tmp_path, 1, samples=1, say=lambda _: None) == 1
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "pictures").iterdir()}
    assert len(before) == 1
    assert render(tmp_path, 1, samples=1, say=lambda _: None) == 1
    assert {path: path.stat().st_mtime_ns for path in before} == before
