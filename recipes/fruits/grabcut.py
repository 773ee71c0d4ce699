"""Cut-outs of real fruit from the labeled photos, to be pasted on other backgrounds.

    python -m recipes.fruits.grabcut

Unreliable cut-outs are discarded. Overlapping fruits of a label that is not round are also cut as
one bunch, with the box of each in a .json file beside it. Held-back photos are not used.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.judged import judged_names
from recipes.fruits.labels import LabeledPhoto, labeled_photos, lookalike_photos
from recipes.fruits.pasted_scene import oval_cutout
from recipes.fruits.segmentation import cut_bunch, cut_fruit, find_bunches
from recipes.fruits.settings import DEFAULT_CONFIG, Settings, read_settings
from recipes.fruits.training_data import held_back, load_photo


def write_cutouts(settings: Settings, folder: Path) -> Iterator[str]:
    """Cut every labeled photo; yields the label of each cut-out kept."""
    for labeled in _real_photos(settings):
        photo = load_photo(labeled)
        for index in np.flatnonzero(photo.rows[:, 0] >= 0):
            label = settings.labels[int(photo.rows[index, 0])]
            cutout = cut_fruit(photo, int(index), is_round=label in settings.round)
            if cutout is not None:
                _write_cutout(cutout, folder / label / f"{labeled.path.stem}_{index}.webp")
                yield label


def write_bunches(settings: Settings, folder: Path) -> int:
    """Cut the bunches of labels that are not round into `<label>_bunch`; returns their number."""
    written = 0
    elongated_labels = [label for label in settings.labels if label not in settings.round]
    for labeled in _real_photos(settings):
        photo = load_photo(labeled)
        for label in elongated_labels:
            for group in find_bunches(photo, settings.labels.index(label)):
                bunch = cut_bunch(photo, group)
                if bunch is None:
                    continue
                path = folder / f"{label}_bunch" / f"{labeled.path.stem}_{group[0]}.webp"
                _write_cutout(bunch[0], path)
                boxes = [{"box": box} for box in bunch[1]]
                path.with_suffix(".json").write_text(json.dumps({label: boxes}) + "\n")
                written += 1
    return written


def _real_photos(settings: Settings) -> Iterator[LabeledPhoto]:
    """The real photos that are not held back; those below `work` are rendered."""
    excluded = held_back(settings) | judged_names(settings.judged)
    for source in settings.photos:
        if settings.work in source.folder.parents:
            continue
        yield from (b for b in labeled_photos(source, settings.labels) if b.name not in excluded)


def _write_cutout(cutout: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cutout, [cv2.IMWRITE_WEBP_QUALITY, 95])


def write_lookalikes(settings: Settings, folder: Path) -> int:
    """Cut out what the lookalike lists box, into `none`; returns their number."""
    excluded, written = held_back(settings) | judged_names(settings.judged), 0
    for source in settings.photos:
        for labeled in (b for b in lookalike_photos(source) if b.name not in excluded):
            photo = load_photo(labeled)
            for index in range(len(photo.rows)):
                name = f"{labeled.path.stem}_{index}.webp"
                x1, y1, x2, y2 = photo.rows[index, 1:].astype(int)
                cutout = oval_cutout(
                    photo.pixels[y1:y2, x1:x2]
                )  # the cut face of a half is an oval
                _write_cutout(cutout, folder / "none" / name)
                written += 1
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    settings = read_settings(parser.parse_args().config)
    folder = settings.work / "cutouts_real"
    labels = list(write_cutouts(settings, folder))
    summary = ", ".join(f"{labels.count(label)} {label}" for label in settings.labels)
    print(
        f"{summary}, {write_bunches(settings, folder)} bunches, "
        f"{write_lookalikes(settings, folder)} lookalikes"
    )


if __name__ == "__main__":
    main()
