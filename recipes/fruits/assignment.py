"""Assignment of network cells to fruits for the detection loss."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from recipes.fruits.box_iou import ciou, iou, to_center_size
from recipes.fruits.decode import decode_boxes
from recipes.fruits.network import Head

MAX_ANCHOR_RATIO = 4.0  # an anchor is assigned boxes up to this many times larger or smaller
REPEAT_IOU = 0.8  # from this IoU on a box repeats the primary cell's; two such share 0.6 or more
GOOD_FIT_IOU = 0.6  # below this IoU of the primary cell, REPEAT_IOU is relaxed in proportion
FIT_EXPONENT = 4.0  # exponent of the IoU, against that of objectness, in choosing the primary cell


@dataclass(frozen=True)
class Assignments:
    """Cells assigned to fruits, one entry each.

    The cell's index over all heads, the fruit's index, the predicted box, its CIoU with the fruit,
    and the squared distance of the cell from the fruit's center.
    """

    cell: Tensor
    fruit: Tensor
    box: Tensor
    ciou: Tensor
    center_distance: Tensor

    def select(self, mask: Tensor) -> "Assignments":
        return Assignments(*(getattr(self, field.name)[mask] for field in fields(self)))


def assign(outputs: Sequence[Tensor], heads: Sequence[Head], counted: Tensor) -> Assignments:
    """Candidate cells of every fruit in `counted`, over all heads."""
    parts, cells_before = [], 0
    for output, head, matches in zip(outputs, heads, _anchor_matches(counted, heads), strict=True):
        pictures, rows, columns, anchors = output.shape[:4]
        picture, y, x, anchor, fruit = _assigned_cells(counted, head, matches, rows, columns)
        truth = to_center_size(counted[fruit, 2:])
        predicted = decode_boxes(output, head)[picture, y, x, anchor]
        cell_center = torch.stack([x, y], 1) + 0.5
        center_distance = (truth[:, :2] / head.stride - cell_center).square().sum(1)
        cell = cells_before + ((picture * rows + y) * columns + x) * anchors + anchor
        parts.append(Assignments(cell, fruit, predicted, ciou(predicted, truth), center_distance))
        cells_before += pictures * rows * columns * anchors
    return Assignments(
        *(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Assignments))
    )


def keep_nearest_fruit(assignments: Assignments, *, fruits: int) -> Assignments:
    """Assign each cell to one fruit only: the one with the nearest center.

    A cell trained on the boxes of two fruits would predict a box between them. Distances are
    relative to that of the fruit's nearest cell, so two fruits in one place both keep cells.
    """
    nearest = assignments.center_distance.new_full((fruits,), math.inf)
    nearest = nearest.scatter_reduce(0, assignments.fruit, assignments.center_distance, "amin")
    beyond = (
        assignments.center_distance
        - nearest[assignments.fruit]
        + 0.01 * assignments.center_distance
    )
    return assignments.select(_is_top_in_group(-beyond, assignments.cell))


def confident_cells(assignments: Assignments, objectness: Tensor, *, fruits: int) -> Tensor:
    """Which cells get high objectness: the fruit's primary cell and those repeating its box.

    All others learn to be silent, so one box per fruit survives an NMS that permits large overlaps,
    as needed for bananas in a bunch.
    """
    if not len(assignments.cell):
        return torch.zeros(0, dtype=torch.bool, device=objectness.device)
    fit = assignments.ciou.detach().clamp(min=0) + 0.01
    is_primary = _is_top_in_group(
        fit**FIT_EXPONENT * objectness.detach().sigmoid().sqrt(), assignments.fruit
    )
    primary = torch.zeros(fruits, dtype=torch.long, device=objectness.device)
    primary[assignments.fruit[is_primary]] = is_primary.nonzero()[:, 0]
    boxes, primary_entry = assignments.box.detach(), primary[assignments.fruit]
    return iou(boxes, boxes[primary_entry]) > REPEAT_IOU * (
        fit[primary_entry] / GOOD_FIT_IOU
    ).clamp(max=1)


def _is_top_in_group(rank: Tensor, group: Tensor) -> Tensor:
    """Whether each entry has the highest rank in its group."""
    order = rank.argsort(stable=True)
    position = torch.empty_like(order)
    position[order] = torch.arange(len(order), device=order.device)
    groups = int(group.max()) + 1 if len(group) else 0
    top_position = position.new_full((groups,), -1).scatter_reduce(0, group, position, "amax")
    return top_position[group] == position


def _anchor_matches(counted: Tensor, heads: Sequence[Head]) -> list[Tensor]:
    """Per head, which anchors (columns) are assigned to which fruit (rows); at least one each."""
    size = (counted[:, 4:6] - counted[:, 2:4]).clamp(min=1)
    anchors = torch.tensor(
        [anchor for head in heads for anchor in head.anchors], device=counted.device
    )
    ratio = size[:, None] / anchors[None]
    worst_ratio = torch.maximum(ratio, 1 / ratio).amax(dim=2)
    matches = worst_ratio < MAX_ANCHOR_RATIO
    if len(counted):
        matches[torch.arange(len(counted)), worst_ratio.argmin(dim=1)] = True
    return list(matches.split([len(head.anchors) for head in heads], dim=1))


def _assigned_cells(
    counted: Tensor, head: Head, matches: Tensor, side_y: int, side_x: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The assigned cells: the one containing the fruit's center and its two nearest neighbors."""
    fruit, anchor = matches.nonzero(as_tuple=True)
    center = to_center_size(counted[:, 2:])[:, :2][fruit] / head.stride
    own_cell = center.floor()
    fraction = center - own_cell
    step_x = torch.where(fraction[:, 0] < 0.5, -1.0, 1.0)
    step_y = torch.where(fraction[:, 1] < 0.5, -1.0, 1.0)
    zero = torch.zeros_like(step_x)
    steps = torch.stack(
        [torch.stack([zero, step_x, zero], 1), torch.stack([zero, zero, step_y], 1)], 2
    )
    cells = (own_cell[:, None] + steps).reshape(-1, 2).long()
    fruit, anchor = fruit.repeat_interleave(3), anchor.repeat_interleave(3)
    inside = (cells >= 0).all(1) & (cells[:, 0] < side_x) & (cells[:, 1] < side_y)
    picture = counted[fruit, 0].long()
    return picture[inside], cells[inside, 1], cells[inside, 0], anchor[inside], fruit[inside]
