"""Drawing findings onto a copy of a picture. A label has the same color in every picture."""

from __future__ import annotations

import colorsys
import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from statistics import median

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from countlab.findings import Box, Finding
from countlab.imaging.picture import Pixels

Color = tuple[int, int, int]
_MAX_CACHED_SIZE = 40  # of text: a larger tag takes megabytes, and is worth less than they are
_MAX_TAG_CHARACTERS = 60


def draw(pixels: Pixels, findings: Iterable[Finding]) -> Pixels:
    """A copy with a box and a tag for each finding, the most confident ones on top."""
    canvas = pixels.copy()
    ordered = sorted(findings, key=lambda finding: finding.confidence)
    size = _text_size(pixels, [finding.box for finding in ordered if finding.box])
    next_row = 0
    for finding in ordered:
        tag = _tag(finding.label, round(finding.confidence * 100), size)
        if finding.box is None:
            _paste(canvas, tag, left=0, top=next_row)
            next_row += tag.shape[0]
        else:
            _draw_box(canvas, finding.box, label_color(finding.label), thickness=max(2, size // 6))
            _paste(canvas, tag, left=finding.box.left, top=finding.box.top - tag.shape[0])
    return canvas


def _text_size(pixels: Pixels, boxes: Sequence[Box]) -> int:
    """In pixels: readable, but small enough among many boxes that tags do not hide objects."""
    size = int(min(pixels.shape[:2])) // 28
    if boxes:
        typical = median(max(box.width, box.height) for box in boxes)
        size = min(size, int(typical) // 4)
    return max(11, size)


@lru_cache(maxsize=256)
def label_color(label: str) -> Color:
    """Blue, green, red: a hue derived from the label, dark enough for white text."""
    hue = int.from_bytes(hashlib.sha256(label.encode()).digest()[:2], "big") / 65536
    red, green, blue = colorsys.hls_to_rgb(hue, 0.40, 0.85)
    return round(blue * 255), round(green * 255), round(red * 255)


def _draw_box(canvas: Pixels, box: Box, color: Color, *, thickness: int) -> None:
    corners = (box.left, box.top), (box.right - 1, box.bottom - 1)
    cv2.rectangle(canvas, *corners, (255, 255, 255), thickness + 2)  # visible on any background
    cv2.rectangle(canvas, *corners, color, thickness)


def _tag(label: str, percent: int, size: int) -> Pixels:
    """A tag with label and confidence, white on the label's color."""
    label = label[:_MAX_TAG_CHARACTERS]
    make = _cached_tag if size <= _MAX_CACHED_SIZE else _new_tag
    return make(label, percent, size)


@lru_cache(maxsize=256)  # 50 MB at most
def _cached_tag(label: str, percent: int, size: int) -> Pixels:
    return _new_tag(label, percent, size)


def _new_tag(label: str, percent: int, size: int) -> Pixels:
    font = ImageFont.load_default(size)
    text = f"{label} {percent}%"
    left, top, right, bottom = font.getbbox(text)
    padding = size // 4
    blue, green, red = label_color(label)
    image = Image.new(
        "RGB",
        (int(right - left) + 2 * padding, int(bottom - top) + 2 * padding),
        (red, green, blue),
    )
    ImageDraw.Draw(image).text((padding - left, padding - top), text, fill="white", font=font)
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _paste(canvas: Pixels, tag: Pixels, *, left: int, top: int) -> None:
    """Pastes the tag, moved inside the picture where it would stick out, cut where too large."""
    height, width = canvas.shape[:2]
    left = max(0, min(left, width - tag.shape[1]))
    top = max(0, min(top, height - tag.shape[0]))
    visible = tag[: height - top, : width - left]
    canvas[top : top + visible.shape[0], left : left + visible.shape[1]] = visible
