"""Which pictures are the same photograph, re-saved, resized or mirrored.

First 64 bits, quickly compared: the lowest frequencies of the grey picture, each above or below
their median (the known pHash). Pairs that agree there are then laid over each other, since plain
skies and centred things agree in their lowest frequencies without being one photograph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from countlab.imaging.picture import Pixels

NEAR_BITS = 8
"""Bits that may differ between pictures that count as the same."""
_ALIKE = 0.97
"""The least correlation of the two small pictures; re-saving and resizing leave more than 0.99."""
_SIDE = 32

Small = npt.NDArray[np.float32]


class Fingerprint(NamedTuple):
    """Of the picture and of its mirror image; and the small grey picture itself."""

    plain: int
    mirrored: int
    small: Small


def fingerprint(pixels: Pixels) -> Fingerprint:
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    resized: Any = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    small = resized.astype(np.float32)
    return Fingerprint(_bits(small), _bits(np.ascontiguousarray(small[:, ::-1])), small)


def _bits(small: Small) -> int:
    low = np.asarray(cv2.dct(small))[:8, :8].ravel()
    low[0] = np.median(low[1:])  # the mean brightness says nothing about what is seen
    bits = low > np.median(low)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def near_pairs(fingerprints: Sequence[Fingerprint]) -> list[tuple[int, int]]:
    """Indices of pictures that look alike; every pair is compared."""
    plain = np.array([mark.plain for mark in fingerprints], np.uint64)
    mirrored = np.array([mark.mirrored for mark in fingerprints], np.uint64)
    pairs = []
    for at in range(len(plain) - 1):
        later = slice(at + 1, None)
        ways = (plain[later] ^ plain[at], mirrored[later] ^ plain[at], plain[later] ^ mirrored[at])
        differing = np.min([np.bitwise_count(difference) for difference in ways], axis=0)
        for other in np.flatnonzero(differing <= NEAR_BITS):
            if _alike(fingerprints[at].small, fingerprints[at + 1 + int(other)].small):
                pairs.append((at, at + 1 + int(other)))
    return pairs


def _alike(left: Small, right: Small) -> bool:
    return max(_correlation(left, right), _correlation(left, right[:, ::-1])) >= _ALIKE


def _correlation(left: Small, right: Small) -> float:
    """Two pictures without any contrast are the same picture."""
    left, right = left - left.mean(), right - right.mean()
    length = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float((left * right).sum()) / length if length > 1e-3 else 1.0
