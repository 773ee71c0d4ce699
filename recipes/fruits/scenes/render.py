"""Rendering of the current Blender scene to a JPEG, with the Cycles settings of whole pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from recipes.fruits.scenes.camera_response import Film, develop


def render_picture(target: Path, *, samples: int, film: Film, seed: int) -> None:
    """Render and develop; `target` appears only when it is complete."""
    _configure_cycles(samples)
    light = _render(target.with_suffix(".exr"))
    partial = target.with_suffix(".part")
    develop(light, film, seed).save(partial, "JPEG", quality=film.quality, subsampling=2)
    partial.replace(target)


def _configure_cycles(samples: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", 2
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.use_adaptive_sampling = "CPU", samples, True
    cycles.adaptive_threshold = 0.04
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 6, 2, 2
    cycles.transmission_bounces, cycles.transparent_max_bounces = 4, 6
    cycles.caustics_reflective = cycles.caustics_refractive = False
    # A few very bright paths would leave blotches that the denoiser spreads.
    cycles.sample_clamp_indirect = 4.0


def _render(scratch: Path) -> Any:
    """The light on the sensor: linear RGB, rows from the top."""
    scene = bpy.context.scene
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.render.filepath = str(scratch.resolve())
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(scratch.resolve()))
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    scratch.unlink()
    return pixels.reshape(height, width, 4)[::-1, :, :3]
