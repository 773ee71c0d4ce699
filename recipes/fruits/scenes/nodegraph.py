"""Material builder for fruit: Blender shader nodes as formulas.

Encapsulates the socket numbers of Blender's nodes.
"""

from typing import Any

import bpy

Color = tuple[float, float, float]

# ShaderNodeMix has sockets for every data type; these are the color ones.
MIX_A, MIX_B, MIX_RESULT = 6, 7, 2


class NodeGraph:
    """A material and the formulas its skins are made of."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self._tree = self.material.node_tree
        self._surface = self._tree.nodes["Principled BSDF"]

    def add(self, kind: str, inputs: dict[Any, Any], **settings: Any) -> Any:
        node = self._tree.nodes.new(kind)
        for name, value in settings.items():
            setattr(node, name, value)
        self._fill(node, inputs)
        return node

    def _fill(self, node: Any, inputs: dict[Any, Any]) -> None:
        for key, value in inputs.items():
            if isinstance(value, bpy.types.NodeSocket):
                self._tree.links.new(value, node.inputs[key])
            elif isinstance(value, tuple) and node.inputs[key].type == "RGBA":
                node.inputs[key].default_value = (*value, 1.0)
            else:
                node.inputs[key].default_value = value

    def position(self, unit_m: float, offset: float) -> Any:
        """The point on the object in units of `unit_m`, offset so that no two fruits are alike."""
        point = self.add("ShaderNodeTexCoord", {}).outputs["Object"]
        scale = (1 / unit_m,) * 3
        shift = (offset, offset * 0.7, offset * 0.3)
        return self.add(
            "ShaderNodeMapping", {"Vector": point, "Scale": scale, "Location": shift}
        ).outputs[0]

    def skin(self) -> tuple[Any, Any, Any]:
        """(along, across, across): the surface coordinates the mesh was built with."""
        vector = self.add("ShaderNodeAttribute", {}, attribute_name="skin").outputs["Vector"]
        parts = self.add("ShaderNodeSeparateXYZ", {0: vector}).outputs
        return parts[0], parts[1], parts[2]

    def combine(self, x: Any, y: Any, z: Any) -> Any:
        return self.add("ShaderNodeCombineXYZ", {0: x, 1: y, 2: z}).outputs[0]

    def math(self, operation: str, a: Any, b: Any = 0.0) -> Any:
        return self.add("ShaderNodeMath", {0: a, 1: b}, operation=operation).outputs[0]

    def noise(self, vector: Any, scale: float, detail: float = 3.0) -> Any:
        inputs = {"Vector": vector, "Scale": scale, "Detail": detail}
        return self.add("ShaderNodeTexNoise", inputs).outputs[0]

    def cells(self, vector: Any, scale: float) -> Any:
        """Distance to the nearest of many scattered points (Voronoi)."""
        inputs = {"Vector": vector, "Scale": scale}
        return self.add("ShaderNodeTexVoronoi", inputs).outputs["Distance"]

    def wobble(self, vector: Any, scale: float, amount: float) -> Any:
        """The vector displaced by noise, to break the regularity of cells and lines."""
        inputs = {"Vector": vector, "Scale": scale, "Detail": 1.0}
        push = self.add("ShaderNodeTexNoise", inputs).outputs[1]
        return self.add(
            "ShaderNodeVectorMath",
            {0: push, 1: (amount,) * 3, 2: vector},
            operation="MULTIPLY_ADD",
        ).outputs[0]

    def smoothstep(
        self, value: Any, low: float, high: float, start: Any = 0.0, end: Any = 1.0
    ) -> Any:
        """`start` where value is below `low`, `end` above `high`, a smooth step between."""
        if low > high:
            low, high, start, end = high, low, end, start
        return self.add(
            "ShaderNodeMapRange",
            {0: value, 1: low, 2: high, 3: start, 4: end},
            interpolation_type="SMOOTHSTEP",
        ).outputs[0]

    def mix(self, factor: Any, a: Any, b: Any, blend: str = "MIX") -> Any:
        return self.add(
            "ShaderNodeMix",
            {0: factor, MIX_A: a, MIX_B: b},
            data_type="RGBA",
            blend_type=blend,
        ).outputs[MIX_RESULT]

    def bump(self, height: Any, depth_m: float, below: Any = None) -> Any:
        inputs = {"Height": height, "Distance": depth_m, "Strength": 1.0}
        if below is not None:
            inputs["Normal"] = below
        return self.add("ShaderNodeBump", inputs).outputs[0]

    def finish(self, **surface: Any) -> Any:
        """Set the surface's inputs (`base_color` is "Base Color") and return the material."""
        sockets = [socket.name for socket in self._surface.inputs]
        names = {name.lower().replace(" ", "_"): name for name in sockets}
        self._fill(self._surface, {names[key]: value for key, value in surface.items()})
        return self.material
