"""Trains a detector from scratch.

    python -m recipes.fruits.train --config recipes/fruits/detector.toml

Goes on from work/<name>.pt if there is one. Ctrl-C keeps what was learnt and ends.
"""

import argparse
import csv
import math
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from recipes.fruits.cfg import fill
from recipes.fruits.checkpoint import Run, begin, resume, save
from recipes.fruits.feed import Batch, Batches, as_input, loader
from recipes.fruits.loss import Parts, detection_loss
from recipes.fruits.material import Material, load_material
from recipes.fruits.settings import DEFAULT, Settings, read_settings

WARM_UP = 6_000  # pictures before the full rate
LAST_RATE = 0.01  # part of the rate left at the end
SAVE_EVERY_S = 120.0
TELL_EVERY_S = 15.0


def rate_at(done: int, total: int, rate: float) -> float:
    """Linear warm-up, then a cosine down to almost nothing at `total`."""
    warm = min(1.0, (done + 1) / min(WARM_UP, max(1, total // 10)))
    along = min(1.0, done / total)
    return rate * warm * (LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * along)) / 2)


def step(run: Run, batch: Batch, *, rate: float, device: torch.device) -> Parts:
    """One batch forward, back, and into the average."""
    pictures, targets = batch
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    run.network.train()
    with torch.autocast(device.type, torch.bfloat16):
        maps = run.network(as_input(pictures, device))
    parts = detection_loss(maps, run.network.heads, targets.to(device))
    run.optimiser.zero_grad(set_to_none=True)
    parts.total.backward()
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 10.0)
    run.optimiser.step()
    run.follow()
    run.pictures += len(pictures)
    return parts


class Log:
    """One line on the terminal and one in log.csv, now and then."""

    def __init__(self, path: Path, *, done: int, total: int) -> None:
        self.path, self.total = path, total
        self.began, self.at_start = time.monotonic(), done
        self.told = self.began
        self.sums, self.number = [0.0] * 4, 0
        if not done:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("pictures,seconds,rate,total,box,object,label\n", encoding="utf-8")

    def note(self, run: Run, parts: Parts, rate: float) -> None:
        """Count a step; tell when it is time."""
        values = (parts.total, parts.box, parts.object, parts.label)
        self.sums = [s + v.item() for s, v in zip(self.sums, values, strict=True)]
        self.number += 1
        now = time.monotonic()
        if now - self.told < TELL_EVERY_S and run.pictures < self.total:
            return
        self.told = now
        means = [s / self.number for s in self.sums]
        seconds = now - self.began
        speed = (run.pictures - self.at_start) / seconds
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(
                [run.pictures, round(seconds, 1), f"{rate:.6f}", *(f"{m:.4f}" for m in means)]
            )
        left = (self.total - run.pictures) / speed / 60
        print(
            f"{run.pictures}/{self.total} pictures  loss {means[0]:.3f} (box {means[1]:.3f}, "
            f"object {means[2]:.3f}, label {means[3]:.3f})  {speed:.0f} pictures/s  "
            f"{left:.1f} min left",
            flush=True,
        )
        self.sums, self.number = [0.0] * 4, 0


def feed(
    material: Material, settings: Settings, *, done: int, total: int, workers: int
) -> Iterator[Batch]:
    """Batches for the rest of the run, phase after phase."""
    schedule = settings.schedule
    green = frozenset(map(settings.labels.index, settings.also_green))
    end = 0.0
    for number, phase in enumerate(schedule.phases):
        end += phase.share * total
        if done >= end:
            continue
        seed = 1 + done + number
        batches = Batches(
            material,
            batch=schedule.batch,
            sizes=phase.sizes,
            seed=seed,
            green=green,
            calm=phase.calm,
        )
        for batch in loader(batches, workers=workers):
            yield batch
            done += schedule.batch
            if done >= end:
                break


def train(
    run: Run, batches: Iterator[Batch], settings: Settings, *, total: int, state: Path
) -> None:
    """Train until `total` pictures are done, saving now and then."""
    device = next(run.network.parameters()).device
    log = Log(state.with_name(f"{state.stem}_log.csv"), done=run.pictures, total=total)
    saved = time.monotonic()
    try:
        while run.pictures < total:
            rate = rate_at(run.pictures, total, settings.schedule.rate)
            log.note(run, step(run, next(batches), rate=rate, device=device), rate)
            if time.monotonic() - saved > SAVE_EVERY_S:
                save(run, state)
                saved = time.monotonic()
    except KeyboardInterrupt:
        print(f"stopped at {run.pictures} pictures; the same command goes on from there")
    save(run, state)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    parser.add_argument("--pictures", type=int, help="train this many, not the file's number")
    parser.add_argument("--fresh", action="store_true", help="begin again, whatever is there")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 = as torch chooses")
    parser.add_argument("--workers", type=int, default=1, help="processes that compose pictures")
    said = parser.parse_args(argv)
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs ignore Ctrl-C
        signal.signal(ending, signal.default_int_handler)
    settings = read_settings(said.config)
    if said.threads:
        torch.set_num_threads(said.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cfg_text = fill(
        settings.template,
        classes=len(settings.labels),
        anchors=settings.anchors,
        size=settings.size,
    )
    schedule = settings.schedule
    state = settings.work / f"{settings.name}.pt"
    torch.manual_seed(1)
    run = begin(cfg_text, rate=schedule.rate, device=device)
    if state.exists() and not said.fresh:
        resume(run, state)
    total = said.pictures or schedule.pictures
    batches = feed(
        load_material(settings), settings, done=run.pictures, total=total, workers=said.workers
    )
    train(run, batches, settings, total=total, state=state)


if __name__ == "__main__":
    main()
