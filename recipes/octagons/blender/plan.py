"""Which pictures are rendered: the lab's designs in the lab's parts. Needs no Blender."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from recipes.octagons.designs import PARTS, RARE, Design, design, parts
from recipes.octagons.pictures import DESIGNS, SEED

_TEN = ("train", "test", "train", "train", "test", "train", "validation", "train", "test", "train")
_RARE = {"train": 2, "validation": RARE, "test": RARE}
"""One picture in so many has octagons: half of those that teach, the lab's share of the others."""


@dataclass(frozen=True)
class Shot:
    """One picture of a design that the lab has too; `view` counts its pictures."""

    design: Design
    part: str
    view: int

    @property
    def name(self) -> str:
        return f"{self.design.name}-{self.view}"


def shots(number: int, *, seed: int = SEED) -> list[Shot]:
    """The first `number` pictures; asking for more leaves these as they are."""
    found = parts(DESIGNS)
    random = np.random.default_rng((seed, 6))
    orders = {
        (part, rare): random.permutation(
            [n for n in range(DESIGNS) if found[n] == part and (n % RARE == 0) == rare]
        )
        for part in PARTS
        for rare in (True, False)
    }
    of_part: Counter[str] = Counter()
    of_kind: Counter[tuple[str, bool]] = Counter()
    planned = []
    for at in range(number):
        part = _TEN[at % len(_TEN)]
        kind = part, of_part[part] % _RARE[part] == 0
        view, place = divmod(of_kind[kind], len(orders[kind]))
        planned.append(Shot(design(int(orders[kind][place]), seed=seed), part, view))
        of_part[part] += 1
        of_kind[kind] += 1
    return planned
