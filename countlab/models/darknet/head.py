"""Detection head: a `[yolo]` section decoded into rows."""

from __future__ import annotations

import numpy as np

from countlab.models.darknet.config import Section
from countlab.models.darknet.graph import Graph, Layer


def add_head(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    """Adds the head's rows to the graph: by cell, then by anchor, in OpenCV's order."""
    head = layers[-1]
    anchors = np.reshape(section.numbers("anchors"), (-1, 2))
    mask = section.numbers("mask") if "mask" in section.values else range(len(anchors))
    sizes = anchors[np.asarray(mask, int)] / (graph.width, graph.height)
    labels, scale = section.integer("classes"), section.number("scale_x_y", 1)
    if head.channels != len(sizes) * (5 + labels):
        raise section.error(f"{head.channels} ≠ {len(sizes)} × (5 + {labels})")

    def reshape(tensor: str, *shape: int) -> str:
        return graph.add("Reshape", tensor, graph.constant(shape, np.int64))

    cells = reshape(
        graph.add("Transpose", head.tensor, perm=[0, 2, 3, 1]),
        *(1, head.height * head.width, len(sizes), 5 + labels),
    )
    cell_columns, cell_rows = np.meshgrid(np.arange(head.width), np.arange(head.height))
    corner = np.stack([cell_columns, cell_rows], axis=-1).reshape(1, -1, 1, 2) + 0.5 * (1 - scale)
    grid = np.array([head.width, head.height])
    offset = graph.add("Sigmoid", graph.slice(cells, 0, 2, axis=3))
    center = graph.add(
        "Add",
        graph.add("Mul", offset, graph.constant(scale / grid)),
        graph.constant(corner / grid),
    )
    size = graph.add(
        "Mul", graph.add("Exp", graph.slice(cells, 2, 4, axis=3)), graph.constant(sizes)
    )
    objectness = graph.add("Sigmoid", graph.slice(cells, 4, 5, axis=3))
    scores = graph.add(
        "Mul", graph.add("Sigmoid", graph.slice(cells, 5, 5 + labels, axis=3)), objectness
    )
    rows = graph.add("Concat", center, size, objectness, scores, axis=3)
    graph.heads.append(reshape(rows, 1, -1, 5 + labels))
    return head
