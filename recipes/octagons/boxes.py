"""Boxes and cartons: a cuboid seen through a camera."""

from __future__ import annotations

import cv2
import numpy as np

from recipes.octagons.artwork import Artwork
from recipes.octagons.layer import Floats, Layer


def box(art: Artwork, height: int, random: np.random.Generator, *, depth: float) -> Layer:
    """A cuboid seen through a camera: its front, one side, and its top from above."""
    width = height * art.rgb.shape[1] / art.rgb.shape[0]
    deep = width * depth * random.uniform(0.7, 1.3)
    yaw = (
        np.radians(random.uniform(8, 34) * random.choice([-1, 1])) if random.random() < 0.75 else 0
    )
    pitch = np.radians(random.uniform(2, 16))
    far = height * random.uniform(2.6, 5)
    corners = np.array(
        [(x, y, z) for z in (-deep / 2, deep / 2) for y in (-height / 2, height / 2)
         for x in (-width / 2, width / 2)], np.float64,
    )  # fmt: skip
    c, s = np.cos(yaw), np.sin(yaw)
    turned = corners @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
    c, s = np.cos(pitch), np.sin(pitch)
    turned = turned @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    points = turned[:, :2] * (far / (far + turned[:, 2:]))
    points -= points.min(0) - 3
    size = tuple(int(v) + 4 for v in points.max(0))
    side = (4, 0, 6, 2) if points[4, 0] < points[0, 0] else (1, 5, 3, 7)
    faces = [((4, 5, 0, 1), _plain(art, 0.96), 1.06)]
    if yaw:
        faces.append((side, side_print(art, random), random.uniform(0.62, 0.85)))
    gradient = np.linspace(1.04, random.uniform(0.86, 0.98), art.rgb.shape[0], dtype=np.float32)
    front = art.rgb * gradient[:, None, None]
    faces.append(((0, 1, 2, 3), front, 1.0))
    rgb = np.zeros((size[1], size[0], 3), np.float32)
    alpha = np.zeros((size[1], size[0]), np.float32)
    numbers: Floats = np.zeros((size[1], size[0]), np.uint8)
    for at, (which, print_, light) in enumerate(faces):
        high, wide = print_.shape[:2]
        source = np.array([(0, 0), (wide, 0), (0, high), (wide, high)], np.float32)
        matrix = cv2.getPerspectiveTransform(source, points[list(which)].astype(np.float32))
        flat = cv2.warpPerspective(
            print_.astype(np.float32), matrix, size, borderMode=cv2.BORDER_REPLICATE
        )
        mask = np.zeros((size[1], size[0]), np.float32)
        outline = np.rint(points[[which[0], which[1], which[3], which[2]]] * 16).astype(np.int32)
        cv2.fillConvexPoly(mask, outline, 1.0, cv2.LINE_AA, 4)
        rgb = rgb * (1 - mask[:, :, None]) + flat * (light * mask[:, :, None])
        alpha = np.maximum(alpha, mask)
        if at == len(faces) - 1:
            numbers = cv2.warpPerspective(art.numbers, matrix, size, flags=cv2.INTER_NEAREST)
    return _glossed(Layer(rgb, alpha, numbers), random)


def _plain(art: Artwork, light: float) -> Floats:
    return np.full((64, 96, 3), np.array(art.side, np.float32) * light, np.float32)


def side_print(art: Artwork, random: np.random.Generator) -> Floats:
    """A table of nutrients and lines of text, too small to read."""
    face = np.full((600, 180, 3), np.array(art.side, np.float32) * 0.97, np.float32)
    paper = int(random.integers(0, 2)) * 235 + 15
    top = int(random.integers(40, 260))
    cv2.rectangle(face, (24, top), (156, top + 150), (250, 250, 248), -1)
    for y in range(top + 12, top + 145, 12):
        cv2.line(face, (32, y), (90 + int(random.integers(0, 20)), y), (40, 40, 40), 2)
        cv2.line(face, (128, y), (148, y), (40, 40, 40), 2)
    for y in range(top + 180, min(580, top + 320), 9):
        cv2.line(face, (24, y), (100 + int(random.integers(0, 56)), y), (paper,) * 3, 1)
    return face


def _glossed(layer: Layer, random: np.random.Generator) -> Layer:
    """A window's light across some of the shiny ones."""
    if random.random() < 0.55:
        return layer
    high, wide = layer.alpha.shape
    ys, xs = np.mgrid[0:high, 0:wide].astype(np.float32)
    place = (xs / wide + ys / high * random.uniform(-0.5, 0.5)) - random.uniform(0.1, 0.9)
    glare = np.exp(-((place / random.uniform(0.06, 0.22)) ** 2)) * random.uniform(25, 120)
    return Layer((layer.rgb + glare[:, :, None]).clip(0, 255), layer.alpha, layer.numbers)
