"""The two passes of Cycles: light as a camera sees it, and the number at each pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from recipes.blender_render import rendered
from recipes.octagons.blender.goods import Package
from recipes.octagons.blender.materials import dark_material, numbers_material

_MARGIN = 1.5
"""How much wider than the picture the view is in which an octagon is measured whole."""
_RIM = 6
"""Pixels at the edges of a render that the denoiser leaves rough; they are cut off."""


def light(scratch: Path, *, pixels: int, samples: int, threads: int = 1) -> Any:
    """Linear RGB, rows from the top."""
    _settings(pixels, samples, threads)
    scene = bpy.context.scene
    scene.render.filter_size = 1.3
    cycles = scene.cycles
    cycles.pixel_filter_type = "BLACKMAN_HARRIS"
    cycles.use_adaptive_sampling = False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter, cycles.denoising_quality = "FAST", "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 2, 1, 1
    cycles.transmission_bounces, cycles.transparent_max_bounces = 0, 2
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4.0
    cycles.use_light_tree = False
    with _wider(pixels, pixels + 2 * _RIM):
        return rendered(scratch / "frame.exr")[_RIM:-_RIM, _RIM:-_RIM, :3]


def _settings(pixels: int, samples: int, threads: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = scene.render.resolution_y = pixels
    scene.render.resolution_percentage = 100
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.use_persistent_data = False
    scene.cycles.device, scene.cycles.samples, scene.cycles.seed = "CPU", samples, 0


def numbers(
    packages: Sequence[Package], scratch: Path, *, pixels: int, threads: int = 1
) -> tuple[npt.NDArray[np.int16], list[tuple[int, str]]]:
    """The octagon at each pixel (0: none), and of each its whole size in pixels and its kind.

    Whole is what the camera would see of it if nothing stood or stuck before it and the picture
    had no edge.
    """
    found: npt.NDArray[np.int16] = np.zeros((pixels, pixels), np.int16)
    octagons: list[tuple[int, str]] = []
    marked = [one for one in packages if one.kinds]
    if not marked:
        return found, octagons
    with _numbers_only(pixels, threads):
        dark = dark_material()
        for thing in _solid():
            _paint(thing, dark)
        counts = [len(one.kinds) for one in marked]
        firsts = [sum(counts[:at]) for at in range(len(marked))]
        for one, first in zip(marked, firsts, strict=True):
            _paint_numbers(one, one.printed.numbers, first, dark)
        found = _read(scratch)
        for one, first in zip(marked, firsts, strict=True):
            _paint_numbers(one, one.printed.whole, first, dark)
            alone = _alone(one, scratch, pixels)
            octagons += [
                (int((alone == first + at + 1).sum()), kind) for at, kind in enumerate(one.kinds)
            ]
    return found, octagons


@contextmanager
def _numbers_only(pixels: int, threads: int) -> Iterator[None]:
    """One ray through the middle of each pixel; afterwards everything is as it was."""
    scene = bpy.context.scene
    world, blur = scene.world, scene.camera.data.dof.use_dof
    kept = [(thing, list(thing.data.materials)) for thing in _solid()]
    scene.world, scene.camera.data.dof.use_dof = None, False
    _settings(pixels, 1, threads)
    cycles = scene.cycles
    cycles.use_adaptive_sampling = cycles.use_denoising = False
    cycles.pixel_filter_type, cycles.filter_width = "BOX", 0.01
    cycles.max_bounces = 0
    try:
        yield
    finally:
        scene.world, scene.camera.data.dof.use_dof = world, blur
        for thing, materials in kept:
            for at, material in enumerate(materials):
                thing.data.materials[at] = material
        cycles.filter_width = 1.5


def _solid() -> list[Any]:
    """What has a surface."""
    return [thing for thing in bpy.context.scene.objects if thing.type in ("MESH", "CURVE")]


def _paint(thing: Any, material: Any) -> None:
    if not len(thing.data.materials):
        thing.data.materials.append(material)
    for at in range(len(thing.data.materials)):
        thing.data.materials[at] = material


def _paint_numbers(one: Package, plan: npt.NDArray[np.uint8], first: int, dark: Any) -> None:
    _paint(one.thing, dark)
    shifted = np.where(plan > 0, plan.astype(np.int16) + first, 0)
    one.thing.data.materials[one.slots.index("print")] = numbers_material(shifted)


def _read(scratch: Path) -> npt.NDArray[np.int16]:
    return np.rint(rendered(scratch / "frame.exr")[:, :, 0]).astype(np.int16)


def _alone(one: Package, scratch: Path, pixels: int) -> npt.NDArray[np.int16]:
    others = [thing for thing in _solid() if thing != one.thing and not thing.hide_render]
    for thing in others:
        thing.hide_render = True
    try:
        with _wider(pixels, round(pixels * _MARGIN)):
            return _read(scratch)
    finally:
        for thing in others:
            thing.hide_render = False


@contextmanager
def _wider(pixels: int, more: int) -> Iterator[None]:
    """The picture with a margin: `more` pixels along a side, each as large as before."""
    render, camera = bpy.context.scene.render, bpy.context.scene.camera.data
    lens, shift, times = camera.lens, (camera.shift_x, camera.shift_y), more / pixels
    render.resolution_x = render.resolution_y = more
    camera.lens = lens / times
    camera.shift_x, camera.shift_y = (v / times for v in shift)
    try:
        yield
    finally:
        render.resolution_x = render.resolution_y = pixels
        camera.lens = lens
        camera.shift_x, camera.shift_y = shift
