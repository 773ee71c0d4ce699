"""Renders the scene that Blender holds and develops it to a JPEG. Knows nothing of fruit.

Owns Cycles' settings for whole pictures, and the exposure meter.
"""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from training.scenes.photo import Film, develop


def shoot(target: Path, *, samples: int, key: float, film: Film, seed: int) -> None:
    """Expose, render and develop; `target` appears only when it is whole."""
    _set_up(samples)
    _expose(key, target.with_suffix(".meter.exr"))
    clean = target.with_suffix(".clean.png")
    _render(clean, "PNG")
    develop(clean, target, film, seed)
    clean.unlink()


def _set_up(samples: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.threads_mode, scene.render.threads = "FIXED", 2
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.use_adaptive_sampling = "CPU", samples, True
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 8, 3, 3
    cycles.transmission_bounces, cycles.transparent_max_bounces = 8, 6
    cycles.caustics_reflective = cycles.caustics_refractive = False
    # A few very bright paths would leave blotches that the denoiser spreads.
    cycles.sample_clamp_indirect = 4.0
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Punchy"


def _expose(key: float, meter: Path) -> None:
    """Set the exposure as a camera does: measure a tiny picture, aim its middle at the key."""
    scene = bpy.context.scene
    size = scene.render.resolution_x, scene.render.resolution_y
    samples = scene.cycles.samples
    scene.render.resolution_x, scene.render.resolution_y = size[0] // 8, size[1] // 8
    scene.cycles.samples = 8
    _render(meter, "OPEN_EXR")
    image = bpy.data.images.load(str(meter))
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    meter.unlink()
    light = np.maximum(pixels.reshape(-1, 4)[:, :3] @ np.array([0.21, 0.72, 0.07]), 1e-4)
    middle = float(np.exp(np.log(light).mean()))
    bright = float(np.percentile(light, 97))
    # Bright parts may not burn out, whatever the middle asks for.
    stops = min(np.log2(key / middle), np.log2(6.0 * key / bright))
    scene.view_settings.exposure = float(np.clip(stops, -8, 8))
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.cycles.samples = samples


def _render(target: Path, kind: str) -> None:
    scene = bpy.context.scene
    scene.render.image_settings.file_format = kind
    scene.render.filepath = str(target.resolve())
    bpy.ops.render.render(write_still=True)
