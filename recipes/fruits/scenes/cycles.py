"""Cycles settings for cut-outs, and render results as numpy arrays."""

from pathlib import Path

import bpy
import numpy as np

from recipes.fruits.scenes.meshes import Array


def set_quality(samples: int) -> None:
    """Few samples and few bounces, denoised: enough for an object 256 pixels across."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.film_transparent = True
    scene.render.filter_size = 1.2
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = samples
    cycles.seed = 0
    cycles.use_adaptive_sampling = True
    cycles.adaptive_threshold = 0.04
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_prefilter = "FAST"
    cycles.denoising_quality = "FAST"
    cycles.max_bounces = 2
    cycles.diffuse_bounces = 1
    cycles.glossy_bounces = 1
    cycles.transmission_bounces = 1
    cycles.use_light_tree = False
    cycles.caustics_reflective = cycles.caustics_refractive = False


def drop_subsurface() -> None:
    """Disable subsurface scattering: a third of the time, hardly visible at this size."""
    for material in bpy.data.materials:
        material.node_tree.nodes["Principled BSDF"].inputs["Subsurface Weight"].default_value = 0.0


def render_linear(scratch: Path) -> Array:
    """Render the scene; rows from the top, premultiplied linear RGBA."""
    scene = bpy.context.scene
    path = scratch / "frame.exr"
    settings = scene.render.image_settings
    settings.file_format = "OPEN_EXR"
    settings.color_mode = "RGBA"
    settings.color_depth = "32"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    width, height = image.size
    pixels = np.empty(width * height * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[::-1].astype(np.float64)
