"""Puts all pictures that judge into one folder with a truth.csv, for `countlab evaluate`.

    python -m recipes.fruits.known_counts     # fills recipes/fruits/work/known_counts
    make error                          # and measures the built-in model on it

The rendered pictures of images/, and the photos held back from training where they are at hand.
A photo with a region that its labels leave open is not taken: its count is not known.
"""

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

from recipes.fruits.exam import Question, held_back_photos, rendered
from recipes.fruits.labels import IGNORED
from recipes.fruits.settings import DEFAULT, ROOT, read_settings

INTO = ROOT / "recipes" / "fruits" / "work" / "known_counts"


def gather(questions: Sequence[Question], into: Path) -> None:
    """Names that tell nothing of this machine: folder and file, joined by a hyphen."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    with (into / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["file", "object", "count"])
        for question in questions:
            name = question.name.replace("/", "-")
            (into / name).symlink_to(question.path.resolve())
            lines.writerows((name, label, count) for label, count in question.counts.items())


def main() -> None:
    photos = [
        x for x in held_back_photos(read_settings(DEFAULT)) if not (x.rows[:, 0] == IGNORED).any()
    ]
    pictures = rendered()
    gather([*pictures, *photos], INTO)
    print(f"{len(pictures)} rendered pictures, {len(photos)} photos: {INTO.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
