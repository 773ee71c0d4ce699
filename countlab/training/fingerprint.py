"""Which pictures are the same photograph, re-saved, resized or mirrored: 64 bits that say so.

The lowest frequencies of the grey picture, each above or below their median (the known pHash).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from countlab.imaging.picture import Pixels

NEAR = 8
"""Bits that may differ between pictures that count as the same."""


class Fingerprint(NamedTuple):
    """Of the picture, and of its mirror image."""

    plain: int
    mirrored: int


def fingerprint(pixels: Pixels) -> Fingerprint:
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    return Fingerprint(_bits(small), _bits(np.ascontiguousarray(small[:, ::-1])))


def _bits(small: npt.NDArray[np.float32]) -> int:
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
        differing = np.min([np.bitwise_count(way) for way in ways], axis=0)
        pairs += [(at, at + 1 + int(other)) for other in np.flatnonzero(differing <= NEAR)]
    return pairs
