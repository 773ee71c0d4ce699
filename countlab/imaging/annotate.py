"""Findings onto a copy of the picture. A label has the same colour in every picture."""

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

Colour = tuple[int, int, int]


def draw(pixels: Pixels, findings: Iterable[Finding]) -> Pixels:
    """A copy with a box and a tag for each finding, the surest on top."""
    drawn = pixels.copy()
    found = sorted(findings, key=lambda finding: finding.confidence)
    size = _text_size(pixels, [finding.box for finding in found if finding.box])
    row = 0
    for finding in found:
        tag = _tag(finding.label, round(finding.confidence * 100), size)
        if finding.box is None:
            _paste(drawn, tag, left=0, top=row)
            row += tag.shape[0]
        else:
            _frame(drawn, finding.box, label_color(finding.label), line=max(2, size // 6))
            _paste(drawn, tag, left=finding.box.left, top=finding.box.top - tag.shape[0])
    return drawn


def _text_size(pixels: Pixels, boxes: Sequence[Box]) -> int:
    """Large enough to read; in a crowd so small that the tags do not hide what they name."""
    size = int(min(pixels.shape[:2])) // 28
    if boxes:
        typical = median(max(box.right - box.left, box.bottom - box.top) for box in boxes)
        size = min(size, int(typical) // 4)
    return max(11, size)


@lru_cache(maxsize=256)
def label_color(label: str) -> Colour:
    """Blue, green, red of a label: a hue from its name, dark enough for white text."""
    hue = int.from_bytes(hashlib.sha256(label.encode()).digest()[:2], "big") / 65536
    red, green, blue = colorsys.hls_to_rgb(hue, 0.40, 0.85)
    return round(blue * 255), round(green * 255), round(red * 255)


def _frame(drawn: Pixels, box: Box, colour: Colour, *, line: int) -> None:
    corners = (box.left, box.top), (box.right - 1, box.bottom - 1)
    cv2.rectangle(drawn, *corners, (255, 255, 255), line + 2)  # readable on any ground
    cv2.rectangle(drawn, *corners, colour, line)


@lru_cache(maxsize=1024)
def _tag(label: str, percent: int, size: int) -> Pixels:
    """A small plate with the label and the confidence, white on the label's colour."""
    font = ImageFont.load_default(size)
    text = f"{label} {percent}%"
    left, top, right, bottom = font.getbbox(text)
    pad = size // 4
    blue, green, red = label_color(label)
    plate = Image.new(
        "RGB", (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad), (red, green, blue)
    )
    ImageDraw.Draw(plate).text((pad - left, pad - top), text, fill="white", font=font)
    return np.ascontiguousarray(np.asarray(plate)[:, :, ::-1])


def _paste(drawn: Pixels, tag: Pixels, *, left: int, top: int) -> None:
    """The plate moved inside the picture where it would stick out, and cut where it cannot fit."""
    height, width = drawn.shape[:2]
    left = max(0, min(left, width - tag.shape[1]))
    top = max(0, min(top, height - tag.shape[0]))
    part = tag[: height - top, : width - left]
    drawn[top : top + part.shape[0], left : left + part.shape[1]] = part
