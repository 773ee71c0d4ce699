"""Chooses, once, the pictures that judge the detector and are never trained on.

    python -m recipes.fruits.split

adds to held_back.txt what each source still lacks; a line that is there stays. Near-duplicates
stay on one side.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.labels import Boxed, boxed_photos, read_picture
from recipes.fruits.material import empty_pictures, held_back
from recipes.fruits.settings import DEFAULT, Settings, read_settings

ALIKE = 6  # of 64 bits of difference hash


def choose(boxed: Sequence[Boxed], wanted: int, *, seed: int = 1) -> list[str]:
    """About `wanted` names, spread over kinds and counts, with their near-duplicates."""
    rng = np.random.default_rng(seed)
    groups = _alike(boxed)
    strata: dict[str, list[list[Boxed]]] = defaultdict(list)
    for group in groups:
        strata[_kind(group[0])].append(group)
    chosen: list[str] = []
    owed = 0.0
    for kind in sorted(strata):
        members = strata[kind]
        rng.shuffle(members)
        owed += wanted * sum(map(len, members)) / max(1, len(boxed))
        while members and owed >= 0.5:
            group = members.pop()
            chosen += [one.name for one in group]
            owed -= len(group)
    return sorted(chosen)


def _kind(one: Boxed) -> str:
    labels = sorted({row[0] for row in one.rows if row[0] >= 0})
    number = sum(row[0] >= 0 for row in one.rows)
    return f"{'+'.join(map(str, labels))} {min(number, 4)}"


def _alike(boxed: Sequence[Boxed]) -> list[list[Boxed]]:
    """Photos in groups of near-duplicates, most of them alone."""
    hashes = [_difference_hash(one.path) for one in boxed]
    groups: list[tuple[np.ndarray, list[Boxed]]] = []
    for bits, one in zip(hashes, boxed, strict=True):
        for other, group in groups:
            if int((bits != other).sum()) <= ALIKE:
                group.append(one)
                break
        else:
            groups.append((bits, [one]))
    return [group for _, group in groups]


def _difference_hash(path: Path) -> np.ndarray:
    grey = cv2.cvtColor(read_picture(path), cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(int)
    return (small[:, 1:] > small[:, :-1]).ravel()


def write_split(settings: Settings) -> int:
    """Add what is missing to the list of held-back pictures; tells how many were added."""
    have = held_back(settings)
    added: list[str] = []
    pools = [(s.hold_back, boxed_photos(s, settings.labels)) for s in settings.photos]
    for empty in settings.empty:
        pools.append((empty.hold_back, [Boxed(p, n) for p, n in empty_pictures(empty)]))
    for wanted, pool in pools:
        if wanted and not any(one.name in have for one in pool):
            added += choose(pool, wanted)
    if added:
        with settings.held_back.open("a", encoding="utf-8") as file:
            file.write("".join(f"{name}\n" for name in added))
    return len(added)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    settings = read_settings(parser.parse_args().config)
    print(f"{write_split(settings)} pictures added to {settings.held_back}")


if __name__ == "__main__":
    main()
