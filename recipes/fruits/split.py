"""Evaluation splits: chooses once which pictures are not trained on.

    python -m recipes.fruits.split

judged.csv lists those that only judge the finished detector (an existing list stays), held_back.txt
those that steer the recipe (adds what each source still lacks). Near-duplicates and tiles of one
photo stay on the same side; a scene photographed many times is trained on.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.judged import judged_names, write_list
from recipes.fruits.labels import LabeledPhoto, labeled_photos, read_picture
from recipes.fruits.settings import DEFAULT_CONFIG, PhotoSource, Settings, read_settings
from recipes.fruits.training_data import empty_pictures, held_back, read_names

JUDGED_SEED = 15
MAX_HASH_DISTANCE = 6  # differing bits, of the 64 of a difference hash


def choose(
    photos: Sequence[LabeledPhoto], target_count: int, *, tiled: bool = False, seed: int = 1
) -> list[str]:
    """About `target_count` names, stratified by labels and counts, with their near-duplicates."""
    rng = np.random.default_rng(seed)
    groups = _tile_groups(photos) if tiled else _duplicate_groups(photos)
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


def _tile_groups(photos: Sequence[LabeledPhoto]) -> list[list[LabeledPhoto]]:
    """Groups of tiles `<photo>_<number>` that were cut from one photo."""
    groups: dict[str, list[LabeledPhoto]] = defaultdict(list)
    for photo in photos:
        groups[photo.path.stem.rpartition("_")[0]].append(photo)
    return list(groups.values())


def _difference_hash(path: Path) -> np.ndarray:
    gray = cv2.cvtColor(read_picture(path), cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, (9, 8), interpolation=cv2.INTER_AREA).astype(int)
    return (small[:, 1:] > small[:, :-1]).ravel()


def write_judged(settings: Settings) -> int:
    """Choose the pictures that only judge, unless they are listed; returns their number."""
    if not settings.judged.exists():
        chosen: dict[str, Path] = {}
        for source in (source for source in settings.photos if source.judged):
            photos = _outside_scene(source, settings.labels)
            names = {photo.name for photo in photos}
            if source.judged > 0:
                names = set(choose(photos, source.judged, tiled=source.tiled, seed=JUDGED_SEED))
            chosen |= {photo.name: photo.path for photo in photos if photo.name in names}
        if chosen:
            write_list(settings.judged, chosen)
    return len(judged_names(settings.judged))


def _outside_scene(source: PhotoSource, labels: Sequence[str]) -> list[LabeledPhoto]:
    scene = read_names(source.one_scene)
    return [photo for photo in labeled_photos(source, labels) if photo.path.name not in scene]


def write_split(settings: Settings) -> int:
    """Add what is missing to the list of held-back pictures; returns how many were added."""
    existing, judged = held_back(settings), judged_names(settings.judged)
    added: list[str] = []
    pools = [
        (source.hold_back, source.tiled, _outside_scene(source, settings.labels))
        for source in settings.photos
    ]
    for empty in settings.empty:
        pictures = [LabeledPhoto(path, name) for path, name in empty_pictures(empty)]
        pools.append((empty.hold_back, False, pictures))
    for count, tiled, pool in pools:
        if count and not any(photo.name in existing for photo in pool):
            rest = [photo for photo in pool if photo.name not in judged]
            added += choose(rest, count, tiled=tiled)
    if added:
        with settings.held_back.open("a", encoding="utf-8") as file:
            file.write("".join(f"{name}\n" for name in added))
    return len(added)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    settings = read_settings(parser.parse_args().config)
    print(f"{write_judged(settings)} pictures in {settings.judged}")
    print(f"{write_split(settings)} pictures added to {settings.held_back}")


if __name__ == "__main__":
    main()
