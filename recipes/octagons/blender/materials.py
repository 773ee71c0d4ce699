"""What packages are made of: varnished board, film, label paper, metal, filled glass, plastic."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from recipes.fruits.scenes.shading import Color, Graph
from recipes.octagons.blender.prints import Print

_CONTENTS: tuple[Color, ...] = (
    (0.30, 0.03, 0.015), (0.10, 0.03, 0.012), (0.62, 0.30, 0.03), (0.82, 0.76, 0.62),
    (0.06, 0.14, 0.03), (0.55, 0.10, 0.02), (0.75, 0.72, 0.66), (0.03, 0.012, 0.008),
)  # fmt: skip
_CAPS: tuple[Color, ...] = (
    (0.55, 0.012, 0.02), (0.70, 0.42, 0.03), (0.7, 0.7, 0.69), (0.012, 0.09, 0.035),
    (0.015, 0.035, 0.2), (0.02, 0.02, 0.022), (0.62, 0.48, 0.2),
)  # fmt: skip


def package_materials(
    form: str, printed: Print, side: tuple[int, int, int], random: np.random.Generator
) -> dict[str, Any]:
    """A material for each slot of a body of this form."""
    colour = linear(side)
    if form in ("bag", "bar"):
        return {"print": _film(printed.rgb, random), "plain": _film(colour, random)}
    if form in ("box", "carton"):
        return {"print": _board(printed.rgb, random), "plain": _board(colour, random)}
    return {"print": _label(printed.rgb, random), **_vessel(form, random)}


def linear(colour: tuple[int, int, int]) -> Color:
    """A colour of print as light."""
    red, green, blue = (float((c / 255) ** 2.2) for c in colour)
    return red, green, blue


def image(name: str, pixels: npt.NDArray[Any], *, light: bool = True) -> Any:
    """Rows from the top, as colours of print (`light`) or as plain numbers."""
    high, wide = pixels.shape[:2]
    full = np.ones((high, wide, 4), np.float32)
    full[..., :3] = pixels if pixels.ndim == 3 else pixels[..., None]
    if light:
        full[..., :3] /= 255
    created = bpy.data.images.new(name, wide, high, float_buffer=not light)
    if not light:
        created.colorspace_settings.name = "Non-Color"
    created.pixels.foreach_set(np.ascontiguousarray(full[::-1]).ravel())
    created.update()
    return created


def _colour(graph: Graph, what: Any) -> Any:
    if isinstance(what, tuple):
        return what
    texture = graph.node("ShaderNodeTexImage", {"image": image("print", what)})
    texture.interpolation, texture.extension = "Cubic", "EXTEND"
    graph.put(texture.inputs["Vector"], graph.node("ShaderNodeTexCoord").outputs["UV"])
    return texture.outputs["Color"]


def _set(graph: Graph, **inputs: Any) -> None:
    for name, value in inputs.items():
        graph.put(graph.surface.inputs[name.replace("_", " ").title()], value)


def _board(what: Any, random: np.random.Generator) -> Any:
    """Printed board, plain or varnished, never quite flat."""
    graph = Graph("board")
    swell = graph.bump(graph.noise(graph.position, 14.0, 2.0), 0.25, 0.004)
    if random.random() < 0.5:
        _set(graph, Coat_Weight=float(random.uniform(0.3, 1.0)),
             Coat_Roughness=float(random.uniform(0.04, 0.2)))  # fmt: skip
        graph.put(graph.surface.inputs["Coat Normal"], swell)
    return graph.finish(_colour(graph, what), float(random.uniform(0.3, 0.6)), swell)


def _film(what: Any, random: np.random.Generator) -> Any:
    """Creased film, shining."""
    graph = Graph("film")
    offset = tuple(random.uniform(0, 9, 3))
    place = graph.stretch((1, 1, 1), offset)
    large = graph.bump(graph.noise(place, 22.0, 3.0, 0.8), 0.45, 0.006)
    fine = graph.bump(graph.noise(place, 95.0, 2.0, 0.3), 0.25, 0.0012, large)
    if random.random() < 0.4:
        _set(graph, Metallic=float(random.uniform(0.1, 0.4)))
    return graph.finish(_colour(graph, what), float(random.uniform(0.2, 0.42)), fine, 0.6)


def _label(what: Any, random: np.random.Generator) -> Any:
    graph = Graph("label")
    swell = graph.bump(graph.noise(graph.position, 30.0, 2.0), 0.12, 0.002)
    if random.random() < 0.4:
        _set(graph, Coat_Weight=0.7, Coat_Roughness=float(random.uniform(0.03, 0.15)))
    return graph.finish(_colour(graph, what), float(random.uniform(0.28, 0.5)), swell)


def _vessel(form: str, random: np.random.Generator) -> dict[str, Any]:
    cap = _plain("cap", _CAPS[random.integers(len(_CAPS))], float(random.uniform(0.2, 0.4)))
    if form == "tin":
        metal = _plain("metal", (0.72, 0.73, 0.75), float(random.uniform(0.18, 0.32)))
        metal.node_tree.nodes["Principled BSDF"].inputs["Metallic"].default_value = 1.0
        return {"body": metal, "cap": metal}
    if form == "tub":
        return {"body": _plain("plastic", (0.66, 0.65, 0.62), 0.35), "cap": cap}
    return {"body": _filled(_CONTENTS[random.integers(len(_CONTENTS))]), "cap": cap}


def _plain(name: str, colour: Color, roughness: float) -> Any:
    graph = Graph(name)
    return graph.finish(colour, roughness)


def _filled(colour: Color) -> Any:
    """Glass with something in it: the content's colour under a clear, even surface."""
    graph = Graph("filled")
    uneven = graph.noise(graph.stretch((1, 1, 1)), 40.0, 3.0)
    edge = graph.node("ShaderNodeLayerWeight", blend=0.25).outputs["Facing"]
    dark = (colour[0] * 0.8, colour[1] * 0.8, colour[2] * 0.8)
    inside = graph.ramp(uneven, [(0.35, dark), (0.65, colour)])
    rim = (min(1.0, colour[0] * 0.5 + 0.25),) * 3
    tone = graph.mix(graph.remap(edge, 0.55, 1.0, 0.0, 0.7), inside, rim)
    _set(graph, Coat_Weight=1.0, Coat_Roughness=0.02)
    return graph.finish(tone, 0.35)


def numbers_material(numbers: npt.NDArray[Any]) -> Any:
    """Gives off each octagon's number as light, and nothing else."""
    material = bpy.data.materials.new("numbers")
    tree = material.node_tree
    tree.nodes.clear()
    texture = tree.nodes.new("ShaderNodeTexImage")
    texture.image = image("numbers", numbers, light=False)
    texture.interpolation, texture.extension = "Closest", "EXTEND"
    where = tree.nodes.new("ShaderNodeTexCoord")
    glow, out = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(where.outputs["UV"], texture.inputs["Vector"])
    tree.links.new(texture.outputs["Color"], glow.inputs["Color"])
    tree.links.new(glow.outputs[0], out.inputs["Surface"])
    return material


def dark_material() -> Any:
    """Hides what is behind it and gives off nothing."""
    material = bpy.data.materials.new("dark")
    tree = material.node_tree
    tree.nodes.clear()
    glow, out = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeOutputMaterial")
    glow.inputs["Strength"].default_value = 0.0
    tree.links.new(glow.outputs[0], out.inputs["Surface"])
    return material
