"""Folders of real photos with a truth.csv, for `countlab evaluate`.

    python -m recipes.fruits.known_counts     # fills recipes/fruits/work/known_counts and judged
    make error                                # and measures the built-in model on the first

`known_counts` holds photos that the shipped files were not trained on, everyday ones without fruit
among them: the likely ranges are drawn from it. `judged` holds those that only judge, source by
source. Photos with an ignored region are left out, because their true count is not known, and so
are tiles of orchards from the first: nobody counts a piece of a tree.
"""

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

from recipes.fruits.evaluation_set import (
    EvaluationPicture,
    calibration_photos,
    everyday_pictures,
    judged_photos,
)
from recipes.fruits.labels import IGNORED
from recipes.fruits.settings import DEFAULT_CONFIG, ROOT, read_settings

WORK = ROOT / "recipes" / "fruits" / "work"


def write_folder(pictures: Sequence[EvaluationPicture], folder: Path) -> None:
    """Link the pictures under names without local paths: folder and file joined by a hyphen."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "object", "count"])
        for picture in pictures:
            name = picture.name.replace("/", "-")
            (folder / name).symlink_to(picture.path.resolve())
            writer.writerows((name, label, count) for label, count in picture.counts.items())


def _with_known_count(pictures: Sequence[EvaluationPicture]) -> list[EvaluationPicture]:
    return [picture for picture in pictures if not (picture.rows[:, 0] == IGNORED).any()]


def main() -> None:
    settings = read_settings(DEFAULT_CONFIG)
    held = [*calibration_photos(settings), *everyday_pictures(settings)]
    write_folder(_with_known_count(held), WORK / "known_counts")
    for source, pictures in judged_photos(settings).items():
        write_folder(_with_known_count(pictures), WORK / "judged" / source)
    print(f"{len(held)} pictures: {(WORK / 'known_counts').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
