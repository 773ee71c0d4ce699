"""Material builder for surroundings: concise construction of Blender shader graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

Color = tuple[float, float, float]


class Graph:
    """One material under construction, in object coordinates (meters)."""

    def __init__(self, name: str) -> None:
        self.material: Any = bpy.data.materials.new(name)
        self.tree = self.material.node_tree
        self.surface = self.tree.nodes["Principled BSDF"]
        self.position = self.node("ShaderNodeTexCoord").outputs["Object"]

    def node(self, kind: str, settings: dict[str, Any] | None = None, **inputs: Any) -> Any:
        """A node; `inputs` are named in lower case with underscores for spaces."""
        created = self.tree.nodes.new(kind)
        for name, value in (settings or {}).items():
            setattr(created, name, value)
        for name, value in inputs.items():
            self.put(created.inputs[name.replace("_", " ").title()], value)
        return created

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

    def ramp(self, value: Any, stops: Sequence[tuple[float, Color]]) -> Any:
        created = self.node("ShaderNodeValToRGB")
        self.put(created.inputs[0], value)
        elements = created.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (position, color) in zip(elements, stops, strict=True):
            element.position, element.color = position, (*color, 1.0)
        return created.outputs[0]

    def remap(self, value: Any, low: float, high: float, to_low: float, to_high: float) -> Any:
        created = self.node("ShaderNodeMapRange")
        for index, number in enumerate((value, low, high, to_low, to_high)):
            self.put(created.inputs[index], number)
        return created.outputs[0]

    def mix(self, factor: Any, first: Any, second: Any, blend: str = "MIX") -> Any:
        created = self.node("ShaderNodeMix", {"data_type": "RGBA", "blend_type": blend})
        for index, value in ((0, factor), (6, first), (7, second)):
            self.put(created.inputs[index], value)
        return created.outputs[2]

    def sum(self, first: Any, second: Any, weight: float = 1.0) -> Any:
        created = self.node("ShaderNodeMath", {"operation": "MULTIPLY_ADD"})
        for index, value in enumerate((second, weight, first)):
            self.put(created.inputs[index], value)
        return created.outputs[0]

    def bump(self, height: Any, strength: float, depth_m: float, below: Any = None) -> Any:
        created = self.node("ShaderNodeBump", strength=strength, distance=depth_m, height=height)
        if below is not None:
            self.put(created.inputs["Normal"], below)
        return created.outputs[0]

    def finish(self, color: Any, roughness: Any, normal: Any = None, specular: float = 0.5) -> Any:
        self.put(self.surface.inputs["Base Color"], color)
        self.put(self.surface.inputs["Roughness"], roughness)
        self.put(self.surface.inputs["Specular IOR Level"], specular)
        if normal is not None:
            self.put(self.surface.inputs["Normal"], normal)
        return self.material


def shade(color: Color, factor: float) -> Color:
    return (color[0] * factor, color[1] * factor, color[2] * factor)


def paint(name: str, color: Color, roughness: float = 0.5, *, metallic: float = 0.0) -> Any:
    """A plain material with just enough unevenness not to look like plastic."""
    graph = Graph(name)
    patch = graph.noise(graph.position, 9.0, 5.0)
    tone = graph.ramp(patch, [(0.25, shade(color, 0.88)), (0.75, color)])
    graph.surface.inputs["Metallic"].default_value = metallic
    return graph.finish(tone, graph.remap(patch, 0.3, 0.7, roughness * 0.85, roughness * 1.1))


def glass(name: str) -> Any:
    """Thin clear glass, visible at its edges and by its reflections.

    Without refraction, which would need many more rays and leave black shadows.
    """
    graph = Graph(name)
    edge = graph.node("ShaderNodeLayerWeight", blend=0.35).outputs["Facing"]
    graph.put(graph.surface.inputs["Alpha"], graph.remap(edge, 0.0, 1.0, 0.05, 0.6))
    return graph.finish((0.22, 0.25, 0.24), 0.03, specular=0.8)
