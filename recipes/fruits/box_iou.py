"""IoU and complete IoU of box tensors given as center and size."""

import math

import torch
from torch import Tensor


def to_center_size(corners: Tensor) -> Tensor:
    """(x1, y1, x2, y2) rows as center and size, at least one pixel wide and high."""
    return torch.cat(
        [(corners[:, :2] + corners[:, 2:]) / 2, (corners[:, 2:] - corners[:, :2]).clamp(min=1)], 1
    )


def ciou(predicted: Tensor, truth: Tensor) -> Tensor:
    """Complete IoU of boxes given as center and size."""
    overlap = iou(predicted, truth)
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
        aspect_weight = aspect_penalty / (1 - overlap + aspect_penalty + 1e-7)
    return overlap - distance - aspect_weight * aspect_penalty


def iou(first: Tensor, second: Tensor) -> Tensor:
    """IoU of boxes given as center and size, pair by pair."""
    low = torch.maximum(first[:, :2] - first[:, 2:] / 2, second[:, :2] - second[:, 2:] / 2)
    high = torch.minimum(first[:, :2] + first[:, 2:] / 2, second[:, :2] + second[:, 2:] / 2)
    intersection = (high - low).clamp(min=0).prod(1)
    return intersection / (first[:, 2:].prod(1) + second[:, 2:].prod(1) - intersection + 1e-7)
