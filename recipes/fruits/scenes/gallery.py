"""Gallery: renders the pictures of images/ and writes their true counts.

    python -m recipes.fruits.scenes.gallery --out images               every picture not yet there
    python -m recipes.fruits.scenes.gallery --out images --only fruits bowl_2
    python -m recipes.fruits.scenes.gallery --out images/crowds --crowds    the large crowded ones

Needs the scenes' environment (bpy). The same table and seeds give the same scenes; a picture that
is already in the folder is kept unless it is named with --only.
"""

from __future__ import annotations

import argparse
import csv
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from recipes.fruits.scenes import ground_truth, scene_builder
from recipes.fruits.scenes.crowded_pictures import CROWDED_PICTURES
from recipes.fruits.scenes.picture_spec import PictureSpec
from recipes.fruits.scenes.pictures import PICTURES
from recipes.fruits.scenes.render import render_picture

COLUMNS = ("file", "object", "count")


def main() -> None:
    parser = argparse.ArgumentParser(description="Render the lab's pictures and their true counts.")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the pictures and truth.csv"
    )
    parser.add_argument("--crowds", action="store_true", help="the large crowded pictures instead")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="NAME", help="these, even if there"
    )
    parser.add_argument("--samples", type=int, default=10, help="rays a pixel")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="0.5 gives drafts of half the size"
    )
    arguments = parser.parse_args()
    specs = {spec.name: spec for spec in (CROWDED_PICTURES if arguments.crowds else PICTURES)}
    unknown = sorted(set(arguments.only) - set(specs))
    if unknown:
        parser.error(f"no picture named {', '.join(unknown)}; there are: {', '.join(specs)}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    existing = {
        row["file"] for row in _read_truth(arguments.out) if (arguments.out / row["file"]).exists()
    }
    names = arguments.only or [name for name in specs if f"{name}.jpg" not in existing]
    if not names:
        print(
            f"All {len(specs)} pictures are there: delete those to be rendered again, then rerun."
        )
    for name in names:
        spec = specs[name]
        target = arguments.out / f"{name}.jpg"
        started = time.monotonic()
        width, height = (round(side * arguments.scale) for side in spec.size)
        fruit = render_and_count(
            replace(spec, size=(width, height)), target, samples=arguments.samples
        )
        _write_truth(arguments.out, target.name, ground_truth.count_by_label(fruit), list(specs))
        _report(name, fruit, time.monotonic() - started)


def render_and_count(
    spec: PictureSpec, target: Path, *, samples: int
) -> list[ground_truth.VisibleFruit]:
    """Build the scene, count its visible fruit and render it."""
    scene_builder.build(spec)
    fruit = ground_truth.visible_fruit(step=2)
    seed = zlib.crc32(f"{spec.name} {spec.seed}".encode())
    render_picture(target, samples=samples, film=spec.film, seed=seed)
    return fruit


def _read_truth(folder: Path) -> list[dict[str, str]]:
    path = folder / "truth.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _write_truth(folder: Path, file: str, counts: dict[str, int], order: Sequence[str]) -> None:
    """Replace one picture's rows; the others stay, in the order of the table of pictures."""
    rows: list[dict[str, Any]] = [row for row in _read_truth(folder) if row["file"] != file]
    rows += [{"file": file, "object": label, "count": n} for label, n in counts.items()]
    rank = {f"{name}.jpg": index for index, name in enumerate(order)}
    rows = [row for row in rows if row["file"] in rank]
    rows.sort(key=lambda row: (rank[row["file"]], ground_truth.LABELS.index(row["object"])))
    partial = folder / "truth.csv.part"
    with partial.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(folder / "truth.csv")


def _report(name: str, fruit: Sequence[ground_truth.VisibleFruit], took_s: float) -> None:
    counts = (
        ", ".join(f"{n} {label}" for label, n in ground_truth.count_by_label(fruit).items() if n)
        or "no fruit"
    )
    print(f"{name}: {counts} ({took_s:.0f} s)", flush=True)
    for item in fruit:
        if item.is_borderline:
            print(f"  warning: a {item.label} is {item.visible:.0%} visible, near the rule's edge")


if __name__ == "__main__":
    main()
