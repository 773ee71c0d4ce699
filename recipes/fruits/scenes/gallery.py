"""Renders the lab's pictures and writes what is on them.

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

from recipes.fruits.scenes import compose, truth
from recipes.fruits.scenes.crowds import CROWDS
from recipes.fruits.scenes.picture import Picture
from recipes.fruits.scenes.pictures import PICTURES
from recipes.fruits.scenes.shoot import shoot

COLUMNS = ("file", "object", "count")


def main() -> None:
    ask = argparse.ArgumentParser(description="Render the lab's pictures and their true counts.")
    ask.add_argument("--out", type=Path, required=True, help="folder of the pictures and truth.csv")
    ask.add_argument("--crowds", action="store_true", help="the large crowded pictures instead")
    ask.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these, even if there")
    ask.add_argument("--samples", type=int, default=10, help="rays a pixel")
    ask.add_argument("--scale", type=float, default=1.0, help="0.5 gives drafts of half the size")
    wanted = ask.parse_args()
    known = {picture.name: picture for picture in (CROWDS if wanted.crowds else PICTURES)}
    strange = sorted(set(wanted.only) - set(known))
    if strange:
        ask.error(f"no picture named {', '.join(strange)}; there are: {', '.join(known)}")
    wanted.out.mkdir(parents=True, exist_ok=True)
    there = {row["file"] for row in _read_truth(wanted.out) if (wanted.out / row["file"]).exists()}
    names = wanted.only or [name for name in known if f"{name}.jpg" not in there]
    if not names:
        print(
            f"All {len(known)} pictures are there: delete those to be rendered again, then rerun."
        )
    for name in names:
        picture = known[name]
        target = wanted.out / f"{name}.jpg"
        started = time.monotonic()
        width, height = (round(side * wanted.scale) for side in picture.size)
        seen = take(replace(picture, size=(width, height)), target, samples=wanted.samples)
        _write_truth(wanted.out, target.name, truth.counts(seen), list(known))
        _report(name, seen, time.monotonic() - started)


def take(picture: Picture, target: Path, *, samples: int) -> list[truth.Seen]:
    """Build and count the scene, then photograph it."""
    compose.build(picture)
    seen = truth.look(step=2)
    seed = zlib.crc32(f"{picture.name} {picture.seed}".encode())
    shoot(target, samples=samples, film=picture.film, seed=seed)
    return seen


def _read_truth(folder: Path) -> list[dict[str, str]]:
    table = folder / "truth.csv"
    if not table.exists():
        return []
    with table.open(newline="") as opened:
        return list(csv.DictReader(opened))


def _write_truth(folder: Path, file: str, counts: dict[str, int], order: Sequence[str]) -> None:
    """Replace one picture's rows; the others stay, in the order of the table of pictures."""
    rows: list[dict[str, Any]] = [row for row in _read_truth(folder) if row["file"] != file]
    rows += [{"file": file, "object": label, "count": n} for label, n in counts.items()]
    rank = {f"{name}.jpg": place for place, name in enumerate(order)}
    rows = [row for row in rows if row["file"] in rank]
    rows.sort(key=lambda row: (rank[row["file"]], truth.LABELS.index(row["object"])))
    partial = folder / "truth.csv.part"
    with partial.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(folder / "truth.csv")


def _report(name: str, seen: Sequence[truth.Seen], took_s: float) -> None:
    found = ", ".join(f"{n} {label}" for label, n in truth.counts(seen).items() if n) or "no fruit"
    print(f"{name}: {found} ({took_s:.0f} s)", flush=True)
    for one in seen:
        if one.doubtful:
            print(f"  warning: a {one.label} is {one.visible:.0%} visible, near the rule's edge")


if __name__ == "__main__":
    main()
