"""Random training scenes with the box of every visible fruit.

    python -m recipes.fruits.scenes.random_scenes --count 150 --seed 5000

Writes NNNN.jpg and beside it NNNN.txt, one line per fruit: label x1 y1 x2 y2 visible, the box in
pixels around the visible part and the visible share of the outline. Scene N depends on the seed
and N alone; none is a scene of images/, whose seeds are the names of its pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

from recipes.fruits.scenes import ground_truth, scene_builder
from recipes.fruits.scenes.camera_response import Film
from recipes.fruits.scenes.lights import LIGHTS
from recipes.fruits.scenes.lookalikes import LOOKALIKES
from recipes.fruits.scenes.picture_spec import PictureSpec, View
from recipes.fruits.scenes.placement import NoRoomError
from recipes.fruits.scenes.props import PROPS
from recipes.fruits.scenes.render import render_picture
from recipes.fruits.scenes.rooms import ROOMS
from recipes.fruits.scenes.surfaces import SURFACES
from recipes.fruits.scenes.vessels import VESSELS

KINDS = ("orange", "orange", "apple", "apple", "lemon", "lemon", "banana", "bunch3")
SIZE = (416, 312)


def main() -> None:
    parser = argparse.ArgumentParser(description="Render random scenes with boxes.")
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--out", type=Path, default=Path("recipes/fruits/work/scenes"))
    parser.add_argument("--seed", type=int, default=5000)
    parser.add_argument("--samples", type=int, default=12)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number in range(arguments.count):
        target = arguments.out / f"{number:04d}.jpg"
        if not target.exists():
            _make(target, arguments.seed + number, arguments.samples)


def _make(target: Path, seed: int, samples: int) -> None:
    spec = random_spec(seed)
    try:
        scene_builder.build(spec)
    except NoRoomError as error:
        print(f"{target.name}: left out, {error}", flush=True)
        return
    fruit = [item for item in ground_truth.visible_fruit() if item.box]
    # Boxes first: a picture without its file of boxes would be taken for one without fruit.
    lines = [
        f"{item.label} {' '.join(map(str, item.box))} {item.visible:.3f}"
        for item in fruit
        if item.box
    ]
    target.with_suffix(".txt").write_text("".join(line + "\n" for line in lines))
    render_picture(target, samples=samples, film=spec.film, seed=seed)
    print(f"{target.name}: {len(fruit)} fruit", flush=True)


def random_spec(seed: int) -> PictureSpec:
    """A random scene: mostly a few fruits, sometimes many, sometimes none."""
    rng = Random(f"practice {seed}")
    total = rng.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 10))
    kinds = rng.sample(KINDS, rng.choice((1, 1, 2, 3)))
    fruit: dict[str, int] = {}
    for _ in range(total):
        kind = rng.choice(kinds)
        if kind in fruit and kind.startswith("bunch"):
            kind = "banana"
        fruit[kind] = fruit.get(kind, 0) + 1
    lookalikes = {rng.choice(tuple(LOOKALIKES)): rng.randint(1, 3)} if rng.random() < 0.35 else {}
    vessel = rng.choice(tuple(VESSELS)) if rng.random() < 0.4 else None
    half_width = 0.07 + 0.035 * total**0.5 + (0.12 if vessel else 0.0)
    room = rng.choice(tuple(ROOMS))
    return PictureSpec(
        name="practice",
        seed=seed,
        surface="soil" if room == "orchard" else rng.choice(tuple(SURFACES)),
        room=room,
        light=rng.choice(tuple(LIGHTS)),
        view=_view(rng),
        fruit=fruit,
        lookalikes=lookalikes,
        props=tuple(rng.choices(tuple(PROPS), k=rng.choice((0, 1, 2, 3)))),
        vessel=vessel,
        inside=rng.randint(0, min(9, total + sum(lookalikes.values()))) if vessel else 0,
        spread=(half_width, half_width * 0.7),
        gap_m=rng.choice((0.002, 0.006, 0.02)),
        size=SIZE,
        film=Film(
            key=rng.choice((0.05, 0.09, 0.13, 0.17)),
            grain=rng.choice((0.5, 1.0, 2.0, 3.0)),
            warmth=rng.uniform(-1, 1),
        ),
    )


def _view(rng: Random) -> View:
    return View(
        height_deg=rng.choice((rng.uniform(12, 35), rng.uniform(30, 60), rng.uniform(55, 88))),
        around_deg=rng.uniform(-30, 30),
        lens_mm=rng.uniform(26, 70),
        f_stop=rng.choice((2.8, 5.6, 11)),
        fill=rng.choice((0.45, 0.65, 0.85, 1.1, 1.4)),
        roll_deg=rng.gauss(0, 4),
    )


if __name__ == "__main__":
    main()
