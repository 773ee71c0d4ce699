"""Trains a detector from scratch.

    python -m training.train --config training/detector.toml

Goes on from work/<name>.pt if there is one. Ctrl-C keeps what was learnt and ends.
"""

import argparse
import csv
import math
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from training.cfg import fill
from training.checkpoint import Run, begin, resume, save
from training.feed import Batch, Batches, as_input, loader
from training.loss import LENIENT, STRICT, Demand, Parts, detection_loss
from training.material import Material, load_material
from training.settings import DEFAULT, Course, Settings, read_settings

WARM_UP = 6_000  # pictures before the full rate
LAST_RATE = 0.01  # part of the rate left at the end
SAVE_EVERY_S = 120.0
TELL_EVERY_S = 15.0


def scaled(schedule: Sequence[Course], pictures: int) -> tuple[Course, ...]:
    """The courses with another number of pictures in all, each in proportion."""
    factor = pictures / sum(course.pictures for course in schedule)
    return tuple(replace(one, pictures=round(one.pictures * factor)) for one in schedule)


def place(schedule: Sequence[Course], done: int) -> tuple[Course, int]:
    """The course that the next picture belongs to, and how many of its pictures are done."""
    for course in schedule[:-1]:
        if done < course.pictures:
            return course, done
        done -= course.pictures
    return schedule[-1], done


def rate_at(course: Course, done: int) -> float:
    """Linear warm-up, then a cosine down to almost nothing at the course's end."""
    warm = min(1.0, (done + 1) / min(WARM_UP, max(1, course.pictures // 10)))
    along = min(1.0, done / course.pictures)
    fallen = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * along)) / 2
    return course.rate * warm * fallen


def step(run: Run, batch: Batch, *, rate: float, demand: Demand, device: torch.device) -> Parts:
    """One batch forward, back, and into the average."""
    pictures, targets = batch
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    run.network.train()
    with torch.autocast(device.type, torch.bfloat16):
        maps = run.network(as_input(pictures, device))
    parts = detection_loss(maps, run.network.heads, targets.to(device), demand)
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


def feed(material: Material, settings: Settings, *, done: int, workers: int) -> Iterator[Batch]:
    """Batches for the rest of the run, course after course, phase after phase."""
    green = frozenset(map(settings.labels.index, settings.also_green))
    before = 0
    for course in settings.schedule:
        end = float(before)
        for number, phase in enumerate(course.phases):
            end += phase.share * course.pictures
            if done >= round(end):
                continue
            batches = Batches(
                material,
                batch=course.batch,
                sizes=phase.sizes,
                seed=1 + done + number,
                green=green,
                calm=phase.calm,
            )
            for batch in loader(batches, workers=workers):
                yield batch
                done += course.batch
                if done >= round(end):
                    break
        before += course.pictures


def train(run: Run, batches: Iterator[Batch], settings: Settings, *, state: Path) -> None:
    """Train to the schedule's end, saving now and then."""
    device = next(run.network.parameters()).device
    total = sum(course.pictures for course in settings.schedule)
    log = Log(state.with_name(f"{state.stem}_log.csv"), done=run.pictures, total=total)
    saved = time.monotonic()
    try:
        while run.pictures < total:
            course, done = place(settings.schedule, run.pictures)
            rate, demand = rate_at(course, done), STRICT if course.strict else LENIENT
            log.note(run, step(run, next(batches), rate=rate, demand=demand, device=device), rate)
            if time.monotonic() - saved > SAVE_EVERY_S:
                save(run, state)
                saved = time.monotonic()
    except KeyboardInterrupt:
        print(f"stopped at {run.pictures} pictures; the same command goes on from there")
    save(run, state)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    parser.add_argument(
        "--pictures", type=int, help="train this many, not the file's number"
    )
    parser.add_argument("--fresh", action="store_true", help="begin again, whatever is there")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 = as torch chooses")
    parser.add_argument("--workers", type=int, default=1, help="processes that compose pictures")
    said = parser.parse_args(argv)
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs ignore Ctrl-C
        signal.signal(ending, signal.default_int_handler)
    settings = read_settings(said.config)
    if said.pictures:
        settings = replace(settings, schedule=scaled(settings.schedule, said.pictures))
    if said.threads:
        torch.set_num_threads(said.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cfg_text = fill(
        settings.template,
        classes=len(settings.labels),
        anchors=settings.anchors,
        size=settings.size,
    )
    state = settings.work / f"{settings.name}.pt"
    torch.manual_seed(1)
    run = begin(cfg_text, rate=settings.schedule[0].rate, device=device)
    if state.exists() and not said.fresh:
        resume(run, state)
    batches = feed(load_material(settings), settings, done=run.pictures, workers=said.workers)
    train(run, batches, settings, state=state)


if __name__ == "__main__":
    main()
