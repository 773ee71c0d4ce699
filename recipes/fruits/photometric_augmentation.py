"""Photometric augmentation: light, color, blur, noise and JPEG artifacts.

Changes pixels only; boxes stay as they are.
"""

import cv2
import numpy as np

Rng = np.random.Generator


def degrade(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    """The picture as another camera in another light might have stored it."""
    pixels = _relight(pixels, rng)
    if rng.random() < 0.7:
        pixels = shift_colors(pixels, rng)
    if rng.random() < 0.12:
        pixels = _shade_gradient(pixels, rng)
    if rng.random() < 0.18:
        pixels = _blur(pixels, rng)
    if rng.random() < 0.15:
        noise = rng.normal(0, rng.uniform(2, 12), (pixels.shape[0] // 2, pixels.shape[1] // 2, 3))
        grain = cv2.resize(noise.astype(np.float32), pixels.shape[1::-1])
        pixels = np.clip(pixels + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        quality = int(rng.integers(20, 85))
        _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        assert decoded is not None  # encoded just above
        return decoded
    return pixels


def _relight(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    """Exposure, contrast, gamma and white balance, as one lookup table per channel."""
    levels = np.arange(256, dtype=np.float32) / 255
    gamma = np.exp(rng.normal(0, 0.18))
    gain = np.exp(rng.normal(-0.04, 0.12))
    balance = np.exp(rng.normal(0, 0.04, 3)) * gain
    lift = rng.normal(0, 0.03)
    table = levels[:, None] ** gamma * balance[None, :] + lift
    table = np.clip(table * 255, 0, 255).astype(np.uint8)
    return cv2.LUT(pixels, table[None])


def shift_colors(pixels: np.ndarray, rng: Rng, *, hue: float = 2.0) -> np.ndarray:
    """Saturation, and a hue shift small enough that an orange stays an orange."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)
    levels = np.arange(256)
    strength = np.exp(rng.normal(0, 0.25)) if rng.random() > 0.02 else 0.05
    table = np.stack(
        [
            (levels + round(rng.normal(0, hue))) % 180,
            np.clip(levels * strength, 0, 255),
            levels,
        ],
        axis=1,
    ).astype(np.uint8)
    return cv2.cvtColor(cv2.LUT(hsv, table[None]), cv2.COLOR_HSV2BGR)


def turn_green(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    """Red turned into yellow or green, as apples come in these colors (oranges do not)."""
    color = pixels[:, :, :3]
    hsv = cv2.cvtColor(np.ascontiguousarray(color), cv2.COLOR_BGR2HSV)
    hues = np.arange(256)
    signed_hues = np.where(hues > 90, hues - 180, hues)
    target = rng.uniform(27, 42)
    new_hues = (
        np.where(np.abs(signed_hues) < 24, target + signed_hues * rng.uniform(0.2, 0.5), hues) % 180
    )
    table = np.stack([new_hues, hues * rng.uniform(0.6, 0.95), hues], axis=1).astype(np.uint8)
    hsv = cv2.LUT(hsv, table[None])
    brightness = 255 * (hsv[:, :, 2] / 255.0) ** rng.uniform(0.55, 0.9)  # pale skins are brighter
    hsv[:, :, 2] = brightness.astype(np.uint8)
    result = pixels.copy()
    result[:, :, :3] = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    return result


def _shade_gradient(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    """A smooth brightness gradient across the picture, like a soft shadow."""
    height, width = pixels.shape[:2]
    corners = rng.uniform(0.35, 1.25, (2, 2)).astype(np.float32)
    light = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(pixels * light[:, :, None], 0, 255).astype(np.uint8)


def _blur(pixels: np.ndarray, rng: Rng) -> np.ndarray:
    kind = rng.random()
    if kind < 0.5:
        return cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.5, 2.0))
    if kind < 0.75:  # motion blur
        length = int(rng.integers(3, 9))
        kernel = np.zeros((length, length), np.float32)
        if rng.random() < 0.5:
            kernel[length // 2, :] = 1 / length
        else:
            np.fill_diagonal(kernel, 1 / length)
        return cv2.filter2D(pixels, -1, kernel)
    factor = rng.uniform(0.35, 0.8)  # an enlarged thumbnail
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
