"""Evaluation folder: all evaluation pictures with a truth.csv, for `countlab evaluate`.

    python -m recipes.fruits.known_counts     # fills recipes/fruits/work/known_counts
    make error                                # and measures the built-in model on it

It holds the rendered pictures of images/ and, where available, the photos held back from training.
Photos with an ignored region are left out, because their true count is not known.
"""

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

from recipes.fruits.evaluation_set import EvaluationPicture, held_back_photos, rendered_pictures
from recipes.fruits.labels import IGNORED
from recipes.fruits.settings import DEFAULT_CONFIG, ROOT, read_settings

OUTPUT_FOLDER = ROOT / "recipes" / "fruits" / "work" / "known_counts"


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


def main() -> None:
    photos = [
        photo
        for photo in held_back_photos(read_settings(DEFAULT_CONFIG))
        if not (photo.rows[:, 0] == IGNORED).any()
    ]
    rendered_set = rendered_pictures()
    write_folder([*rendered_set, *photos], OUTPUT_FOLDER)
    folder = OUTPUT_FOLDER.relative_to(ROOT)
    print(f"{len(rendered_set)} rendered pictures, {len(photos)} photos: {folder}")


if __name__ == "__main__":
    main()
