"""Which designs there are: shape, warnings and misleading shapes of each, and its part.

A design is one product's package. All pictures of a design are in one part, so nothing that
judges was ever seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recipes.octagons.lookalikes import SHAPES
from recipes.octagons.warning_labels import COUNTRIES

FORMS = ("box", "bag", "bottle", "jar", "tin", "carton", "tub", "bar")
_SHARES = (0.24, 0.2, 0.1, 0.12, 0.12, 0.1, 0.06, 0.06)
RARE = 5
"""One design in so many carries octagons."""
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Design:
    """A package as it leaves the printer's."""

    seed: int
    number: int
    form: str
    country: int
    kinds: tuple[str, ...]
    octagon_share: float
    """An octagon's side as a share of the front's width."""
    lookalikes: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"d{self.number:04d}"


def design(number: int, *, seed: int, rare: int = RARE) -> Design:
    """Every `rare`-th design has warnings; four in ten of the others have misleading shapes."""
    random = np.random.default_rng((seed, number, 0))
    form = str(random.choice(FORMS, p=_SHARES))
    country = int(random.integers(len(COUNTRIES)))
    kinds: tuple[str, ...] = ()
    if number % rare == 0:
        known = list(COUNTRIES[country].nutrients)
        count = min(len(known), int(random.choice([1, 2, 3, 4], p=[0.42, 0.33, 0.17, 0.08])))
        kinds = tuple(str(k) for k in random.permutation(known)[:count])
    share = float(random.uniform(0.13, 0.32))
    misled = random.random() < (0.25 if kinds else 0.42)
    chosen = random.choice(SHAPES, size=int(random.integers(1, 4)), replace=False) if misled else ()
    return Design(seed, number, form, country, kinds, share, tuple(str(s) for s in chosen))


def parts(number: int, *, seed: int = 23, rare: int = RARE) -> list[str]:
    """Which part each design belongs to: 70/15/15, the same among those with octagons and those
    without."""
    random = np.random.default_rng(seed)
    found = [""] * number
    for kind in (True, False):
        mine = random.permutation([n for n in range(number) if (n % rare == 0) == kind])
        ends = round(len(mine) * 0.7), round(len(mine) * 0.85)
        for at, chosen in enumerate(mine):
            found[chosen] = PARTS[(at >= ends[0]) + (at >= ends[1])]
    return found
