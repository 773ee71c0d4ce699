"""One render of the current Blender scene, as numbers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np


def rendered(scratch: Path) -> Any:
    """Premultiplied linear RGBA in float32, rows from the top; `scratch` is written and removed."""
    settings = bpy.context.scene.render
    settings.image_settings.file_format = "OPEN_EXR"
    settings.image_settings.color_mode = "RGBA"
    settings.image_settings.color_depth = "32"
    settings.filepath = str(scratch.resolve())
    with _quiet():
        bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(settings.filepath)
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    scratch.unlink()
    return pixels.reshape(height, width, 4)[::-1]


@contextmanager
def _quiet() -> Iterator[None]:
    """Blender's module has no option for its lines on what it saved: nobody asked for these."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
