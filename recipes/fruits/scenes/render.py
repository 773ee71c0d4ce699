"""Rendering of the current Blender scene to a JPEG, with the Cycles settings of whole pictures."""

from __future__ import annotations

from pathlib import Path

import bpy

from recipes.blender_render import rendered
from recipes.fruits.scenes.camera_response import Film, develop


def render_picture(target: Path, *, samples: int, film: Film, seed: int) -> None:
    """Render and develop; `target` appears only when it is complete."""
    _configure_cycles(samples)
    light = rendered(target.with_suffix(".exr"))[:, :, :3]
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
