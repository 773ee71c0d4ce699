"""Real fruit cut out of the boxed photos, to be pasted on other grounds.

    python -m recipes.fruits.grabcut

What does not look like one whole thing is thrown away. Fruits that hang together, where a label is
not round, are also cut as one bunch, with the box of each beside it. Nothing is cut from a
held-back photo.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.cutting import bunches, cut, cut_bunch
from recipes.fruits.labels import Boxed, boxed_photos, lookalike_photos
from recipes.fruits.material import held_back, reduced
from recipes.fruits.paste import oval
from recipes.fruits.settings import DEFAULT, Settings, read_settings


def write_cutouts(settings: Settings, to: Path) -> Iterator[str]:
    """Cut every boxed photo; yields the label of each cut-out kept."""
    for boxed in _photos(settings):
        photo = reduced(boxed)
        for number in np.flatnonzero(photo.rows[:, 0] >= 0):
            label = settings.labels[int(photo.rows[number, 0])]
            found = cut(photo, int(number), is_round=label in settings.round)
            if found is not None:
                _write(found, to / label / f"{boxed.path.stem}_{number}.webp")
                yield label


def write_bunches(settings: Settings, to: Path) -> int:
    """Cut the bunches of what is not round into `<label>_bunch`; tells how many."""
    written = 0
    long = [x for x in settings.labels if x not in settings.round]
    for boxed in _photos(settings):
        photo = reduced(boxed)
        for label in long:
            for group in bunches(photo, settings.labels.index(label)):
                found = cut_bunch(photo, group)
                if found is None:
                    continue
                path = to / f"{label}_bunch" / f"{boxed.path.stem}_{group[0]}.webp"
                _write(found[0], path)
                boxes = [{"box": box} for box in found[1]]
                path.with_suffix(".json").write_text(json.dumps({label: boxes}) + "\n")
                written += 1
    return written


def _photos(settings: Settings) -> Iterator[Boxed]:
    """The real ones, without those held back: what is below `work` was rendered."""
    kept_out = held_back(settings)
    for source in settings.photos:
        if settings.work in source.folder.parents:
            continue
        yield from (b for b in boxed_photos(source, settings.labels) if b.name not in kept_out)


def _write(cutout: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cutout, [cv2.IMWRITE_WEBP_QUALITY, 95])


def write_lookalikes(settings: Settings, to: Path) -> int:
    """Cut out what the lookalike lists box, into `none`; tells how many."""
    kept_out, written = held_back(settings), 0
    for source in settings.photos:
        for boxed in (b for b in lookalike_photos(source) if b.name not in kept_out):
            photo = reduced(boxed)
            for number in range(len(photo.rows)):
                name = f"{boxed.path.stem}_{number}.webp"
                x1, y1, x2, y2 = photo.rows[number, 1:].astype(int)
                found = oval(photo.pixels[y1:y2, x1:x2])  # the cut face of a half is one
                _write(found, to / "none" / name)
                written += 1
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    settings = read_settings(parser.parse_args().config)
    to = settings.work / "cutouts_real"
    labels = list(write_cutouts(settings, to))
    told = ", ".join(f"{labels.count(x)} {x}" for x in settings.labels)
    print(
        f"{told}, {write_bunches(settings, to)} bunches, "
        f"{write_lookalikes(settings, to)} lookalikes"
    )


if __name__ == "__main__":
    main()
