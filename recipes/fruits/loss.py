"""Detection loss: CIoU for boxes, cross-entropy for objectness and labels.

Assigns cells to fruits. Regions marked as ignored do not contribute.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

from recipes.fruits.decode import decode_boxes, split_map
from recipes.fruits.network import Head

MAX_ANCHOR_RATIO = 4.0  # an anchor is assigned boxes up to this many times larger or smaller
IOU_SOFTNESS = 0.5  # how far the objectness target falls below 1 with the IoU of the cell's box
REPEAT_IOU = (
    0.8  # IoU from which a box repeats the primary cell's; two such boxes share 0.6 or more
)
GOOD_FIT_IOU = 0.6  # below this IoU of the primary cell, REPEAT_IOU is relaxed in proportion
FIT_EXPONENT = 4.0  # exponent of the IoU, against that of objectness, in choosing the primary cell
BOX_WEIGHT, OBJECT_WEIGHT, LABEL_WEIGHT = 4.0, 1.0, 1.0


@dataclass(frozen=True)
class LossParts:
    """The total loss and its parts."""

    total: Tensor
    box: Tensor
    object: Tensor
    label: Tensor


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


def detection_loss(maps: Sequence[Tensor], heads: Sequence[Head], targets: Tensor) -> LossParts:
    """`targets` has rows of picture, label, x1, y1, x2, y2 in input pixels; label -1 = ignored."""
    ignored = targets[targets[:, 1] < 0]
    counted = targets[targets[:, 1] >= 0]
    outputs = [split_map(raw_map, head) for raw_map, head in zip(maps, heads, strict=True)]
    predictions = torch.cat([output.flatten(0, 3) for output in outputs])
    trained = torch.cat(
        [
            _trained_mask(ignored, head, output.shape[:4]).flatten()
            for output, head in zip(outputs, heads, strict=True)
        ]
    )
    objectness_target = torch.zeros_like(trained)
    assignments = _keep_nearest_fruit(_assign(outputs, heads, counted), fruits=len(counted))
    weight = _fruit_weights(counted, pictures=maps[0].shape[0])[assignments.fruit]
    confident = _confident(assignments, predictions[assignments.cell, 4], fruits=len(counted))
    trained[assignments.cell] = weight
    objectness_target[assignments.cell] = confident * (
        1 - IOU_SOFTNESS * (1 - assignments.ciou.detach().clamp(0, 1))
    )
    objectness_loss = functional.binary_cross_entropy_with_logits(
        predictions[:, 4], objectness_target, reduction="none"
    )
    objectness = (objectness_loss * trained).sum() / (weight * confident).sum().clamp(min=1.0)
    one_hot = functional.one_hot(counted[assignments.fruit, 1].long(), heads[0].classes).float()
    label_loss = functional.binary_cross_entropy_with_logits(
        predictions[assignments.cell, 5:], one_hot, reduction="none"
    )
    scale = 1.0 / weight.sum().clamp(min=1.0)
    box = (weight * (1 - assignments.ciou)).sum() * scale
    label = (weight * label_loss.sum(1)).sum() * scale
    total = BOX_WEIGHT * box + OBJECT_WEIGHT * objectness + LABEL_WEIGHT * label
    return LossParts(total, box.detach(), objectness.detach(), label.detach())


def _assign(outputs: Sequence[Tensor], heads: Sequence[Head], counted: Tensor) -> Assignments:
    parts, cells_before = [], 0
    for output, head, matches in zip(outputs, heads, _anchor_matches(counted, heads), strict=True):
        pictures, rows, columns, anchors = output.shape[:4]
        picture, y, x, anchor, fruit = _assigned_cells(counted, head, matches, rows, columns)
        truth = _to_center_size(counted[fruit, 2:])
        predicted = decode_boxes(output, head)[picture, y, x, anchor]
        cell_center = torch.stack([x, y], 1) + 0.5
        center_distance = (truth[:, :2] / head.stride - cell_center).square().sum(1)
        cell = cells_before + ((picture * rows + y) * columns + x) * anchors + anchor
        parts.append(Assignments(cell, fruit, predicted, ciou(predicted, truth), center_distance))
        cells_before += pictures * rows * columns * anchors
    return Assignments(
        *(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Assignments))
    )


def _keep_nearest_fruit(assignments: Assignments, *, fruits: int) -> Assignments:
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


def _confident(assignments: Assignments, objectness: Tensor, *, fruits: int) -> Tensor:
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
    return _iou(boxes, boxes[primary_entry]) > REPEAT_IOU * (
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


def _fruit_weights(counted: Tensor, *, pictures: int) -> Tensor:
    """The weight of each fruit: a crate of thirty must not outweigh a single apple."""
    fruits_per_picture = torch.bincount(counted[:, 0].long(), minlength=pictures)
    return fruits_per_picture[counted[:, 0].long()].float().rsqrt()


def _to_center_size(corners: Tensor) -> Tensor:
    return torch.cat(
        [(corners[:, :2] + corners[:, 2:]) / 2, (corners[:, 2:] - corners[:, :2]).clamp(min=1)], 1
    )


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
    center = _to_center_size(counted[:, 2:])[:, :2][fruit] / head.stride
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


def _trained_mask(ignored: Tensor, head: Head, shape: torch.Size) -> Tensor:
    """1 where objectness is trained, 0 in ignored regions."""
    mask = torch.ones(shape, device=ignored.device)
    for picture, _, x1, y1, x2, y2 in ignored.tolist():
        rows = slice(int(y1 / head.stride), math.ceil(y2 / head.stride))
        columns = slice(int(x1 / head.stride), math.ceil(x2 / head.stride))
        mask[int(picture), rows, columns] = 0
    return mask


def ciou(predicted: Tensor, truth: Tensor) -> Tensor:
    """Complete IoU of boxes given as center and size."""
    iou = _iou(predicted, truth)
    outer_low = torch.minimum(
        predicted[:, :2] - predicted[:, 2:] / 2, truth[:, :2] - truth[:, 2:] / 2
    )
    outer_high = torch.maximum(
        predicted[:, :2] + predicted[:, 2:] / 2, truth[:, :2] + truth[:, 2:] / 2
    )
    diagonal = ((outer_high - outer_low) ** 2).sum(1) + 1e-7
    distance = ((predicted[:, :2] - truth[:, :2]) ** 2).sum(1) / diagonal
    aspect_difference = torch.atan(truth[:, 2] / truth[:, 3]) - torch.atan(
        predicted[:, 2] / (predicted[:, 3] + 1e-7)
    )
    aspect_penalty = 4 / math.pi**2 * aspect_difference**2
    with torch.no_grad():
        aspect_weight = aspect_penalty / (1 - iou + aspect_penalty + 1e-7)
    return iou - distance - aspect_weight * aspect_penalty


def _iou(first: Tensor, second: Tensor) -> Tensor:
    """IoU of boxes given as center and size, pair by pair."""
    low = torch.maximum(first[:, :2] - first[:, 2:] / 2, second[:, :2] - second[:, 2:] / 2)
    high = torch.minimum(first[:, :2] + first[:, 2:] / 2, second[:, :2] + second[:, 2:] / 2)
    intersection = (high - low).clamp(min=0).prod(1)
    return intersection / (first[:, 2:].prod(1) + second[:, 2:].prod(1) - intersection + 1e-7)
