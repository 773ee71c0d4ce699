"""Evaluation split: chooses once which pictures are held back from training.

    python -m recipes.fruits.split

Adds to held_back.txt what each source still lacks; existing lines stay. Near-duplicates stay on the
same side.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.labels import LabeledPhoto, labeled_photos, read_picture
from recipes.fruits.settings import DEFAULT_CONFIG, Settings, read_settings
from recipes.fruits.training_data import empty_pictures, held_back

MAX_HASH_DISTANCE = 6  # differing bits, of the 64 of a difference hash


def choose(photos: Sequence[LabeledPhoto], target_count: int, *, seed: int = 1) -> list[str]:
    """About `target_count` names, stratified by labels and counts, with their near-duplicates."""
    rng = np.random.default_rng(seed)
    groups = _duplicate_groups(photos)
    strata: dict[str, list[list[LabeledPhoto]]] = defaultdict(list)
    for group in groups:
        strata[_stratum(group[0])].append(group)
    chosen: list[str] = []
    quota = 0.0
    for kind in sorted(strata):
        members = strata[kind]
        rng.shuffle(members)
        quota += target_count * sum(map(len, members)) / max(1, len(photos))
        while members and quota >= 0.5:
            group = members.pop()
            chosen += [photo.name for photo in group]
            quota -= len(group)
    return sorted(chosen)


def _stratum(photo: LabeledPhoto) -> str:
    labels = sorted({row[0] for row in photo.rows if row[0] >= 0})
    count = sum(row[0] >= 0 for row in photo.rows)
    return f"{'+'.join(map(str, labels))} {min(count, 4)}"


def _duplicate_groups(photos: Sequence[LabeledPhoto]) -> list[list[LabeledPhoto]]:
    """Groups of near-duplicates; most photos are alone in theirs."""
    hashes = [_difference_hash(photo.path) for photo in photos]
    groups: list[tuple[np.ndarray, list[LabeledPhoto]]] = []
    for bits, photo in zip(hashes, photos, strict=True):
        for group_bits, group in groups:
            if int((bits != group_bits).sum()) <= MAX_HASH_DISTANCE:
                group.append(photo)
                break
        else:
            groups.append((bits, [photo]))
    return [group for _, group in groups]


def _difference_hash(path: Path) -> np.ndarray:
    gray = cv2.cvtColor(read_picture(path), cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, (9, 8), interpolation=cv2.INTER_AREA).astype(int)
    return (small[:, 1:] > small[:, :-1]).ravel()


def write_split(settings: Settings) -> int:
    """Add what is missing to the list of held-back pictures; returns how many were added."""
    existing = held_back(settings)
    added: list[str] = []
    pools = [
        (source.hold_back, labeled_photos(source, settings.labels)) for source in settings.photos
    ]
    for empty in settings.empty:
        pools.append(
            (empty.hold_back, [LabeledPhoto(path, name) for path, name in empty_pictures(empty)])
        )
    for count, pool in pools:
        if count and not any(photo.name in existing for photo in pool):
            added += choose(pool, count)
    if added:
        with settings.held_back.open("a", encoding="utf-8") as file:
            file.write("".join(f"{name}\n" for name in added))
    return len(added)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    settings = read_settings(parser.parse_args().config)
    print(f"{write_split(settings)} pictures added to {settings.held_back}")


if __name__ == "__main__":
    main()
