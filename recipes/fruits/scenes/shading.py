"""Shader graphs in few words. Knows Blender's nodes; nothing of fruit, tables or pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

Colour = tuple[float, float, float]


class Graph:
    """One material under construction, in object coordinates (metres)."""

    def __init__(self, name: str) -> None:
        self.material: Any = bpy.data.materials.new(name)
        self.tree = self.material.node_tree
        self.surface = self.tree.nodes["Principled BSDF"]
        self.position = self.node("ShaderNodeTexCoord").outputs["Object"]

    def node(self, kind: str, settings: dict[str, Any] | None = None, **inputs: Any) -> Any:
        """A node; `inputs` are named in lower case with underscores for spaces."""
        made = self.tree.nodes.new(kind)
        for name, value in (settings or {}).items():
            setattr(made, name, value)
        for name, value in inputs.items():
            self.put(made.inputs[name.replace("_", " ").title()], value)
        return made

    def put(self, socket: Any, value: Any) -> None:
        if hasattr(value, "is_linked"):
            self.tree.links.new(value, socket)
        elif isinstance(value, tuple) and len(value) == 3 and socket.type == "RGBA":
            socket.default_value = (*value, 1.0)
        else:
            socket.default_value = value

    def stretch(self, scale: Sequence[float], offset: Sequence[float] = (0, 0, 0)) -> Any:
        mapping = self.node(
            "ShaderNodeMapping", vector=self.position, scale=tuple(scale), location=tuple(offset)
        )
        return mapping.outputs[0]

    def noise(self, vector: Any, scale: float, detail: float = 4.0, distortion: float = 0.0) -> Any:
        return self.node(
            "ShaderNodeTexNoise", vector=vector, scale=scale, detail=detail, distortion=distortion
        ).outputs["Factor"]

    def ramp(self, value: Any, stops: Sequence[tuple[float, Colour]]) -> Any:
        made = self.node("ShaderNodeValToRGB")
        self.put(made.inputs[0], value)
        elements = made.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (at, colour) in zip(elements, stops, strict=True):
            element.position, element.color = at, (*colour, 1.0)
        return made.outputs[0]

    def remap(self, value: Any, low: float, high: float, to_low: float, to_high: float) -> Any:
        made = self.node("ShaderNodeMapRange")
        for index, number in enumerate((value, low, high, to_low, to_high)):
            self.put(made.inputs[index], number)
        return made.outputs[0]

    def mix(self, factor: Any, first: Any, second: Any, blend: str = "MIX") -> Any:
        made = self.node("ShaderNodeMix", {"data_type": "RGBA", "blend_type": blend})
        for index, value in ((0, factor), (6, first), (7, second)):
            self.put(made.inputs[index], value)
        return made.outputs[2]

    def sum(self, first: Any, second: Any, weight: float = 1.0) -> Any:
        made = self.node("ShaderNodeMath", {"operation": "MULTIPLY_ADD"})
        for index, value in enumerate((second, weight, first)):
            self.put(made.inputs[index], value)
        return made.outputs[0]

    def bump(self, height: Any, strength: float, depth_m: float, below: Any = None) -> Any:
        made = self.node("ShaderNodeBump", strength=strength, distance=depth_m, height=height)
        if below is not None:
            self.put(made.inputs["Normal"], below)
        return made.outputs[0]

    def finish(self, colour: Any, roughness: Any, normal: Any = None, specular: float = 0.5) -> Any:
        self.put(self.surface.inputs["Base Color"], colour)
        self.put(self.surface.inputs["Roughness"], roughness)
        self.put(self.surface.inputs["Specular IOR Level"], specular)
        if normal is not None:
            self.put(self.surface.inputs["Normal"], normal)
        return self.material


def shade(colour: Colour, factor: float) -> Colour:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def paint(name: str, colour: Colour, roughness: float = 0.5, *, metallic: float = 0.0) -> Any:
    """A plain material with just enough unevenness not to look like plastic."""
    graph = Graph(name)
    patch = graph.noise(graph.position, 9.0, 5.0)
    tone = graph.ramp(patch, [(0.25, shade(colour, 0.88)), (0.75, colour)])
    graph.surface.inputs["Metallic"].default_value = metallic
    return graph.finish(tone, graph.remap(patch, 0.3, 0.7, roughness * 0.85, roughness * 1.1))


def glass(name: str) -> Any:
    """Thin clear glass: seen at its edges and by what it mirrors.

    Without refraction, which would need many more rays and leave black shadows.
    """
    graph = Graph(name)
    edge = graph.node("ShaderNodeLayerWeight", blend=0.35).outputs["Facing"]
    graph.put(graph.surface.inputs["Alpha"], graph.remap(edge, 0.0, 1.0, 0.05, 0.6))
    return graph.finish((0.22, 0.25, 0.24), 0.03, specular=0.8)
