"""One fruit, or one bunch of them, cut out of a photo by GrabCut within its boxes.

Owns which cuts are to be trusted; it reads and writes no file.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from recipes.fruits.material import Photo

SMALLEST = 60  # pixels; smaller fruit pasted larger would be a smear
MARGIN = 0.08


def cut(photo: Photo, number: int, *, is_round: bool) -> np.ndarray | None:
    """The fruit in one of a photo's boxes as BGRA, or None where the cut is not to be trusted."""
    box = photo.rows[number, 1:].astype(int)
    width, height = box[2:] - box[:2]
    if min(width, height) < SMALLEST or _crowded(photo, number):
        return None
    found = _solid(photo, [box])
    if found is None or not _whole(found[0], width, height, is_round=is_round):
        return None
    return _as_cutout(*found)[0]


def cut_bunch(photo: Photo, numbers: Sequence[int]) -> tuple[np.ndarray, list[list[int]]] | None:
    """Fruits of one label that overlap, in one piece, and the box of each in it."""
    boxes = [photo.rows[number, 1:].astype(int) for number in numbers]
    low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
    width, height = high - low
    others = np.delete(photo.rows, numbers, axis=0)
    across = np.minimum(others[:, 3], high[0]) - np.maximum(others[:, 1], low[0])
    down = np.minimum(others[:, 4], high[1]) - np.maximum(others[:, 2], low[1])
    counted = others[:, 0] >= 0
    if min(width, height) < SMALLEST or (counted & (across > 6) & (down > 6)).any():
        return None
    found = _solid(photo, boxes)
    if found is None or min(_reaches(found[0], width, height)) < 0.95:
        return None
    pixels, corner = _as_cutout(*found)
    tall, wide = pixels.shape[:2]
    parts = [np.clip(box - np.tile(corner, 2), 0, [wide, tall] * 2).tolist() for box in boxes]
    return pixels, parts


def _solid(
    photo: Photo, boxes: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, int, int] | None:
    """Where GrabCut sees one thing in the boxes: its mask, the photo's region, its corner."""
    x1, y1 = np.min(boxes, axis=0)[:2]
    x2, y2 = np.max(boxes, axis=0)[2:]
    tall, wide = photo.pixels.shape[:2]
    if x1 <= 2 or y1 <= 2 or x2 >= wide - 2 or y2 >= tall - 2:
        return None  # cut by the photo's edge: pasted, it would show a straight side
    pad = int(MARGIN * max(x2 - x1, y2 - y1)) + 4
    left, top = max(0, x1 - pad), max(0, y1 - pad)
    region = photo.pixels[top : min(tall, y2 + pad), left : min(wide, x2 + pad)]
    mask = np.full(region.shape[:2], cv2.GC_BGD, np.uint8)
    for one in boxes:
        mask[one[1] - top : one[3] - top, one[0] - left : one[2] - left] = cv2.GC_PR_FGD
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    whole = (0, 0, region.shape[1], region.shape[0])  # asked for, but the mask is what counts
    cv2.grabCut(region, mask, whole, background, foreground, 4, cv2.GC_INIT_WITH_MASK)
    solid = _largest(((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8))
    return None if solid is None else (solid, region, left, top)


def _as_cutout(
    solid: np.ndarray, region: np.ndarray, left: int, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """BGRA, cropped to what is solid, and its corner in the photo."""
    alpha = cv2.GaussianBlur(cv2.erode(solid, np.ones((3, 3))) * 255, (0, 0), 0.8)
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    crop = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    corner = np.array([left + columns[0], top + rows[0]])
    return np.dstack([region[crop], alpha[crop]]), corner


def bunches(photo: Photo, label: int) -> list[list[int]]:
    """The numbers of the boxes of a label that hang together by overlapping."""
    left = [int(n) for n in np.flatnonzero(photo.rows[:, 0] == label)]
    groups = []
    while left:
        group = [left.pop(0)]
        for mine in group:
            touching = [n for n in left if _share(photo.rows[mine, 1:], photo.rows[n, 1:]) > 0]
            left = [n for n in left if n not in touching]
            group += touching
        groups.append(group)
    return [group for group in groups if len(group) > 1]


def _share(mine: np.ndarray, other: np.ndarray) -> float:
    """The part of a box that another one covers."""
    across = min(mine[2], other[2]) - max(mine[0], other[0])
    down = min(mine[3], other[3]) - max(mine[1], other[1])
    area = (mine[2] - mine[0]) * (mine[3] - mine[1])
    return float(across * down / area) if across > 0 and down > 0 else 0.0


def _crowded(photo: Photo, number: int) -> bool:
    """Does another box reach into this one? Then the cut would hold two fruits."""
    mine = photo.rows[number, 1:]
    others = np.delete(photo.rows[:, 1:], number, axis=0)
    return any(_share(mine, other) > 0.06 for other in others)


def _largest(solid: np.ndarray) -> np.ndarray | None:
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(solid)
    if count < 2:
        return None
    best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    outline, _ = cv2.findContours(
        (pieces == best).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = np.zeros_like(solid)
    cv2.drawContours(filled, outline, -1, 1, thickness=cv2.FILLED)
    return filled


def _whole(solid: np.ndarray, width: int, height: int, *, is_round: bool) -> bool:
    """A fruit reaches its box's sides and fills a fair part of it, with a smooth outline."""
    if min(_reaches(solid, width, height)) < 0.8:
        return False
    fills = solid.sum() / (width * height)
    outline, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(outline[0])
    smooth = cv2.arcLength(hull, True) / max(cv2.arcLength(outline[0], True), 1.0)
    full = solid.sum() / max(cv2.contourArea(hull), 1.0)
    return 0.25 < fills < 0.97 and smooth > 0.6 and full > (0.955 if is_round else 0.3)


def _reaches(solid: np.ndarray, width: int, height: int) -> tuple[float, float]:
    """How much of a box's sides a mask spans."""
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    return float(np.ptp(columns) / width), float(np.ptp(rows) / height)
