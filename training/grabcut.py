"""Real fruit cut out of the boxed photos, to be pasted on other grounds.

    python -m training.grabcut

GrabCut runs inside a photo's box; what does not look like one whole thing is thrown away.
Nothing is cut from a held-back photo.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from training.labels import boxed_photos, lookalike_photos
from training.material import Photo, held_back, reduced
from training.paste import oval
from training.settings import DEFAULT, Settings, read_settings

SMALLEST = 60  # pixels; smaller fruit pasted larger would be a smear
MARGIN = 0.08


def cut(photo: Photo, number: int, *, is_round: bool) -> np.ndarray | None:
    """The fruit in one of a photo's boxes as BGRA, or None where the cut is not to be trusted."""
    _, x1, y1, x2, y2 = photo.rows[number].astype(int)
    width, height = x2 - x1, y2 - y1
    if min(width, height) < SMALLEST or _crowded(photo, number):
        return None
    tall, wide = photo.pixels.shape[:2]
    pad = int(MARGIN * max(width, height)) + 4
    left, top = max(0, x1 - pad), max(0, y1 - pad)
    right, bottom = min(wide, x2 + pad), min(tall, y2 + pad)
    if x1 <= 2 or y1 <= 2 or x2 >= wide - 2 or y2 >= tall - 2:
        return None  # cut by the photo's edge: pasted, it would show a straight side
    region = photo.pixels[top:bottom, left:right]
    mask = np.zeros(region.shape[:2], np.uint8)
    inside = (x1 - left, y1 - top, width, height)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(1)
    cv2.grabCut(region, mask, inside, background, foreground, 4, cv2.GC_INIT_WITH_RECT)
    solid = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    solid = _largest(solid)
    if solid is None or not _whole(solid, width, height, is_round=is_round):
        return None
    alpha = cv2.GaussianBlur(cv2.erode(solid, np.ones((3, 3))) * 255, (0, 0), 0.8)
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    crop = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.dstack([region[crop], alpha[crop]])


def _crowded(photo: Photo, number: int) -> bool:
    """Does another box reach into this one? Then the cut would hold two fruits."""
    mine = photo.rows[number, 1:]
    for other in np.delete(photo.rows[:, 1:], number, axis=0):
        across = min(mine[2], other[2]) - max(mine[0], other[0])
        down = min(mine[3], other[3]) - max(mine[1], other[1])
        area = (mine[2] - mine[0]) * (mine[3] - mine[1])
        if across > 0 and down > 0 and across * down > 0.06 * area:
            return True
    return False


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
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    if np.ptp(columns) < 0.8 * width or np.ptp(rows) < 0.8 * height:
        return False
    fills = solid.sum() / (width * height)
    outline, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.convexHull(outline[0])
    smooth = cv2.arcLength(hull, True) / max(cv2.arcLength(outline[0], True), 1.0)
    full = solid.sum() / max(cv2.contourArea(hull), 1.0)
    return 0.25 < fills < 0.97 and smooth > 0.6 and full > (0.955 if is_round else 0.3)


def write_cutouts(settings: Settings, to: Path) -> Iterator[str]:
    """Cut every boxed photo; yields the label of each cut-out kept."""
    kept_out = held_back(settings)
    for source in settings.photos:
        for boxed in boxed_photos(source, settings.labels):
            if boxed.name in kept_out:
                continue
            photo = reduced(boxed)
            for number in np.flatnonzero(photo.rows[:, 0] >= 0):
                label = settings.labels[int(photo.rows[number, 0])]
                found = cut(photo, int(number), is_round=label in settings.round)
                if found is None:
                    continue
                (to / label).mkdir(parents=True, exist_ok=True)
                name = f"{boxed.path.stem}_{number}.webp"
                cv2.imwrite(str(to / label / name), found, [cv2.IMWRITE_WEBP_QUALITY, 95])
                yield label


def write_lookalikes(settings: Settings, to: Path) -> int:
    """Cut out what the lookalike lists box, into `none`; tells how many."""
    kept_out, written = held_back(settings), 0
    (to / "none").mkdir(parents=True, exist_ok=True)
    for source in settings.photos:
        for boxed in (b for b in lookalike_photos(source) if b.name not in kept_out):
            photo = reduced(boxed)
            for number in range(len(photo.rows)):
                name = f"{boxed.path.stem}_{number}.webp"
                x1, y1, x2, y2 = photo.rows[number, 1:].astype(int)
                found = oval(photo.pixels[y1:y2, x1:x2])  # the cut face of a half is one
                cv2.imwrite(str(to / "none" / name), found, [cv2.IMWRITE_WEBP_QUALITY, 95])
                written += 1
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    settings = read_settings(parser.parse_args().config)
    to = settings.work / "cutouts_real"
    labels = list(write_cutouts(settings, to))
    told = ", ".join(f"{labels.count(x)} {x}" for x in settings.labels)
    print(f"{told}, {write_lookalikes(settings, to)} lookalikes")


if __name__ == "__main__":
    main()
