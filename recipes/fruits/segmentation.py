"""Fruit segmentation: a fruit, or a bunch of them, cut out of a photo by GrabCut within its boxes.

Also decides which cut-outs are good enough to use. Reads and writes no files.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from recipes.fruits.training_data import Photo

MIN_SIDE_PX = 60  # smaller fruit would be blurred when pasted larger
MARGIN = 0.08


def cut_fruit(photo: Photo, index: int, *, is_round: bool) -> np.ndarray | None:
    """The fruit in one of a photo's boxes as BGRA, or None if the cut-out is unreliable."""
    box = photo.rows[index, 1:].astype(int)
    width, height = box[2:] - box[:2]
    if min(width, height) < MIN_SIDE_PX or _overlaps_neighbor(photo, index):
        return None
    segment = _segment(photo, [box])
    if segment is None or not _is_complete(segment[0], width, height, is_round=is_round):
        return None
    return _to_cutout(*segment)[0]


def cut_bunch(photo: Photo, indices: Sequence[int]) -> tuple[np.ndarray, list[list[int]]] | None:
    """Overlapping fruits of one label in one piece, and the box of each within it."""
    boxes = [photo.rows[index, 1:].astype(int) for index in indices]
    low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
    width, height = high - low
    others = np.delete(photo.rows, indices, axis=0)
    across = np.minimum(others[:, 3], high[0]) - np.maximum(others[:, 1], low[0])
    down = np.minimum(others[:, 4], high[1]) - np.maximum(others[:, 2], low[1])
    counted = others[:, 0] >= 0
    if min(width, height) < MIN_SIDE_PX or (counted & (across > 6) & (down > 6)).any():
        return None
    segment = _segment(photo, boxes)
    if segment is None or min(_spans(segment[0], width, height)) < 0.95:
        return None
    pixels, corner = _to_cutout(*segment)
    cutout_height, cutout_width = pixels.shape[:2]
    parts = [
        np.clip(box - np.tile(corner, 2), 0, [cutout_width, cutout_height] * 2).tolist()
        for box in boxes
    ]
    return pixels, parts


def _segment(
    photo: Photo, boxes: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, int, int] | None:
    """The largest region GrabCut finds in the boxes: its mask, the photo's region, its corner."""
    x1, y1 = np.min(boxes, axis=0)[:2]
    x2, y2 = np.max(boxes, axis=0)[2:]
    photo_height, photo_width = photo.pixels.shape[:2]
    if x1 <= 2 or y1 <= 2 or x2 >= photo_width - 2 or y2 >= photo_height - 2:
        return None  # cut off by the photo's edge: pasted, it would show a straight side
    pad = int(MARGIN * max(x2 - x1, y2 - y1)) + 4
    left, top = max(0, x1 - pad), max(0, y1 - pad)
    region = photo.pixels[top : min(photo_height, y2 + pad), left : min(photo_width, x2 + pad)]
    mask = np.full(region.shape[:2], cv2.GC_BGD, np.uint8)
    for box in boxes:
        mask[box[1] - top : box[3] - top, box[0] - left : box[2] - left] = cv2.GC_PR_FGD
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    rectangle = (
        0,
        0,
        region.shape[1],
        region.shape[0],
    )  # required argument; the mask is what is used
    cv2.grabCut(region, mask, rectangle, background, foreground, 4, cv2.GC_INIT_WITH_MASK)
    segment_mask = _largest_region(
        ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    )
    return None if segment_mask is None else (segment_mask, region, left, top)


def _to_cutout(
    mask: np.ndarray, region: np.ndarray, left: int, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """BGRA, cropped to the mask, and its corner in the photo."""
    alpha = cv2.GaussianBlur(cv2.erode(mask, np.ones((3, 3))) * 255, (0, 0), 0.8)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    crop = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    corner = np.array([left + columns[0], top + rows[0]])
    return np.dstack([region[crop], alpha[crop]]), corner


def find_bunches(photo: Photo, label: int) -> list[list[int]]:
    """Index groups of the boxes of a label that are connected by overlapping."""
    remaining = [int(n) for n in np.flatnonzero(photo.rows[:, 0] == label)]
    groups = []
    while remaining:
        group = [remaining.pop(0)]
        for member in group:
            touching = [
                n
                for n in remaining
                if _covered_share(photo.rows[member, 1:], photo.rows[n, 1:]) > 0
            ]
            remaining = [n for n in remaining if n not in touching]
            group += touching
        groups.append(group)
    return [group for group in groups if len(group) > 1]


def _covered_share(box: np.ndarray, other: np.ndarray) -> float:
    """The part of a box that another one covers."""
    across = min(box[2], other[2]) - max(box[0], other[0])
    down = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return float(across * down / area) if across > 0 and down > 0 else 0.0


def _overlaps_neighbor(photo: Photo, index: int) -> bool:
    """Whether another box reaches into this one, so that the cut-out would hold two fruits."""
    box = photo.rows[index, 1:]
    others = np.delete(photo.rows[:, 1:], index, axis=0)
    return any(_covered_share(box, other) > 0.06 for other in others)


def _largest_region(mask: np.ndarray) -> np.ndarray | None:
    count, components, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    outline, _ = cv2.findContours(
        (components == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, outline, -1, 1, thickness=cv2.FILLED)
    return filled


def _is_complete(mask: np.ndarray, width: int, height: int, *, is_round: bool) -> bool:
    """Whether a mask spans its box, fills a fair part of it and has a smooth outline."""
    if min(_spans(mask, width, height)) < 0.8:
        return False
    fill_ratio = mask.sum() / (width * height)
    outline, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(outline[0])
    smoothness = cv2.arcLength(hull, True) / max(cv2.arcLength(outline[0], True), 1.0)
    solidity = mask.sum() / max(cv2.contourArea(hull), 1.0)
    return 0.25 < fill_ratio < 0.97 and smoothness > 0.6 and solidity > (0.955 if is_round else 0.3)


def _spans(mask: np.ndarray, width: int, height: int) -> tuple[float, float]:
    """The parts of a box's width and height that a mask spans."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return float(np.ptp(columns) / width), float(np.ptp(rows) / height)
