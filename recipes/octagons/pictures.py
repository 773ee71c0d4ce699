"""All pictures of the lab, rendered on this machine: python -m recipes.octagons.pictures

They become a dataset as docs/datasets.md describes it: `labels.csv` with a row for each picture,
`boxes/` with the octagons of each. What is finished is kept: the same command goes on after an
interruption. The same numbers make the same pictures.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from countlab.settings import Settings
from recipes.octagons.designs import RARE, Design, design, parts
from recipes.octagons.fonts import require_fonts
from recipes.octagons.photograph import PIXELS, Photograph, photograph

CLASSES = ("con_octogono", "sin_octogono")
BOX_NAMES = {"sugars": "azucares", "sodium": "sodio", "fats": "grasas", "calories": "calorias"}
DESIGNS, VIEWS, SEED = 1200, 2, 19
_NEIGHBOURS = 12
"""Other products on a shelf have numbers as near as this, so that their prints are at hand."""


@dataclass(frozen=True)
class Order:
    """What is to be rendered; a number of these renders alike on every machine."""

    out: Path
    designs: int = DESIGNS
    views: int = VIEWS
    seed: int = SEED
    rare: int = RARE
    train_only: bool = False
    sample: int = 0
    """Only so many designs of the part that judges, one in `rare` with octagons."""

    @property
    def numbers(self) -> list[int]:
        if not self.sample:
            return list(range(self.designs))
        judging = [n for n, part in enumerate(self.parts()) if part == "test"]
        few = self.sample // self.rare
        rare = [n for n in judging if n % self.rare == 0][:few]
        return sorted(rare + [n for n in judging if n % self.rare][: self.sample - few])

    def parts(self) -> list[str]:
        return ["train"] * self.designs if self.train_only else parts(self.designs, rare=self.rare)


def render(order: Order, *, processes: int = 1, say: Any = print) -> int:
    """Renders what is missing and writes the tables; returns the number of pictures."""
    for name in ("pictures", "boxes", "truth"):
        (order.out / name).mkdir(parents=True, exist_ok=True)
    waiting = [n for n in order.numbers if not _truth(order, n).is_file()]
    jobs = [(order, tuple(block)) for block in _blocks(waiting, 10)]
    done = len(order.numbers) - len(waiting)
    with get_context("spawn").Pool(processes) as pool:  # a fork would copy locks of threads
        for number in pool.imap_unordered(_render_block, jobs):
            done += number
            say(f"{done}/{len(order.numbers)} designs")
    rows = [row for n in order.numbers for row in json.loads(_truth(order, n).read_text())]
    return write_tables(order.out, rows)


def write_tables(out: Path, rows: Sequence[dict[str, Any]]) -> int:
    """`labels.csv`, `boxes/` and what names them, from the truth that was kept of each picture."""
    columns = ("group", "part", "form", "place", "octagons", "lookalikes")
    with (out / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label", "confidence", "source", *columns])
        for row in rows:
            told = {
                **row,
                "octagons": len(row["octagons"]),
                "lookalikes": " ".join(row["lookalikes"]),
            }
            label = CLASSES[not row["octagons"]]
            writer.writerow([row["file"], label, 1, "rendered", *(told[c] for c in columns)])
    for row in rows:
        path = out / "boxes" / Path(row["file"]).with_suffix(".txt").name
        path.write_text("".join(_yolo_line(octagon) for octagon in row["octagons"]))
    names = list(BOX_NAMES.values())
    (out / "classes.txt").write_text("".join(f"{name}\n" for name in names))
    (out / "dataset.toml").write_text(
        f"classes = {json.dumps(CLASSES)}\nboxes = {json.dumps(names)}\n"
    )
    return len(rows)


def _yolo_line(octagon: dict[str, Any]) -> str:
    left, top, right, bottom = (octagon[k] / PIXELS for k in ("left", "top", "right", "bottom"))
    middle = f"{(left + right) / 2:.6f} {(top + bottom) / 2:.6f}"
    return (
        f"{list(BOX_NAMES).index(octagon['kind'])} {middle} {right - left:.6f} {bottom - top:.6f}\n"
    )


def _truth(order: Order, number: int) -> Path:
    return order.out / "truth" / f"d{number:04d}.json"


def _blocks(numbers: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (numbers[at : at + size] for at in range(0, len(numbers), size))


def _render_block(job: tuple[Order, tuple[int, ...]]) -> int:
    order, numbers = job
    cv2.setNumThreads(1)
    found = order.parts()
    for number in numbers:
        one = design(number, seed=order.seed, rare=order.rare)
        rows = [
            _keep(
                order,
                one,
                found[number],
                view,
                photograph(one, view, others(one, found, order.rare)),
            )
            for view in range(order.views)
        ]
        part = _truth(order, number).with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(rows))
        part.replace(_truth(order, number))
    return len(numbers)


def others(
    one: Design, found: Sequence[str], rare: int = RARE, *, near: int = _NEIGHBOURS
) -> list[Design]:
    """Products of the same part, without octagons, that may stand beside it."""
    reach = range(max(0, one.number - near), min(len(found), one.number + near + 1))
    chosen = [n for n in reach if n % rare and found[n] == found[one.number]]
    return [design(n, seed=one.seed, rare=rare) for n in chosen if n != one.number]


def _keep(order: Order, one: Design, part: str, view: int, taken: Photograph) -> dict[str, Any]:
    if order.sample:
        return keep(order.out, one, "", view, taken, quality=(70, 80))
    return keep(order.out, one, part, view, taken)


def keep(
    out: Path,
    one: Design,
    part: str,
    view: int,
    taken: Photograph,
    *,
    quality: tuple[int, int] = (74, 95),
) -> dict[str, Any]:
    """Writes the picture, whole or not at all; returns the truth about it."""
    name = f"pictures/{one.name}-{view}.jpg"
    chosen = int(np.random.default_rng((one.seed, one.number, view, 4)).integers(*quality))
    _, data = cv2.imencode(".jpg", taken.pixels, [cv2.IMWRITE_JPEG_QUALITY, chosen])
    path = out / name
    path.with_suffix(".part").write_bytes(data.tobytes())
    path.with_suffix(".part").replace(path)
    return {
        "file": name,
        "group": one.name,
        "part": part,
        "form": one.form,
        "place": taken.place,
        "lookalikes": list(one.lookalikes),
        "octagons": [asdict(octagon) for octagon in taken.octagons],
    }


def main() -> None:
    home = Settings.from_environment().home
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=home / "data" / "octagons")
    parser.add_argument("--designs", type=int, default=DESIGNS)
    parser.add_argument("--views", type=int, default=VIEWS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rare", type=int, default=RARE, help="one design in so many has octagons")
    parser.add_argument("--sample", type=int, default=0, help="only so many, of the test part")
    parser.add_argument("--train-only", action="store_true", help="no validation, no test")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--more", action="store_true", help="into a folder beside the lab's")
    asked = vars(parser.parse_args())
    if asked.pop("more"):
        asked["out"] = asked["out"].with_name(asked["out"].name + "-more")
    require_fonts()
    processes = asked.pop("processes")
    order = Order(**asked)
    number = render(order, processes=processes, say=lambda text: print(text, end="\r", flush=True))
    print(f"{number} pictures in {order.out}")


if __name__ == "__main__":
    main()
