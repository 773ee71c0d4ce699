"""Detection loss: CIoU for boxes, cross-entropy for objectness and labels.

Regions marked as ignored do not contribute.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from recipes.fruits.assignment import assign, confident_cells, keep_nearest_fruit
from recipes.fruits.decode import split_map
from recipes.fruits.network import Head

IOU_SOFTNESS = 0.5  # how far the objectness target falls below 1 with the IoU of the cell's box
BOX_WEIGHT, OBJECT_WEIGHT, LABEL_WEIGHT = 4.0, 1.0, 1.0


@dataclass(frozen=True)
class LossParts:
    """The total loss and its parts."""

    total: Tensor
    box: Tensor
    object: Tensor
    label: Tensor


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
    assignments = keep_nearest_fruit(assign(outputs, heads, counted), fruits=len(counted))
    weight = _fruit_weights(counted, pictures=maps[0].shape[0])[assignments.fruit]
    confident = confident_cells(assignments, predictions[assignments.cell, 4], fruits=len(counted))
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


def _fruit_weights(counted: Tensor, *, pictures: int) -> Tensor:
    """The weight of each fruit: a crate of thirty must not outweigh a single apple."""
    fruits_per_picture = torch.bincount(counted[:, 0].long(), minlength=pictures)
    return fruits_per_picture[counted[:, 0].long()].float().rsqrt()


def _trained_mask(ignored: Tensor, head: Head, shape: torch.Size) -> Tensor:
    """1 where objectness is trained, 0 in ignored regions."""
    mask = torch.ones(shape, device=ignored.device)
    for picture, _, x1, y1, x2, y2 in ignored.tolist():
        rows = slice(int(y1 / head.stride), math.ceil(y2 / head.stride))
        columns = slice(int(x1 / head.stride), math.ceil(x2 / head.stride))
        mask[int(picture), rows, columns] = 0
    return mask
