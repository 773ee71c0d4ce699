"""Training of a detector, from scratch or from the weights of an earlier one.

    python -m recipes.fruits.train --config recipes/fruits/detector.toml
    python -m recipes.fruits.train --start earlier.weights --pictures 60000 --rate 0.0007

Resumes from work/<name>.pt if it exists. Ctrl-C saves the current state and ends.
"""

import argparse
import csv
import math
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from countlab.system.interrupts import stopped_in_order
from recipes.fruits.batches import Batch, BatchDataset, batch_iterator, to_input
from recipes.fruits.checkpoint import TrainingRun, resume_run, save_run, start_from, start_run
from recipes.fruits.darknet_cfg import fill_template
from recipes.fruits.loss import LossParts, detection_loss
from recipes.fruits.settings import DEFAULT_CONFIG, Settings, read_settings
from recipes.fruits.training_data import TrainingData, load_training_data

WARM_UP_PICTURES = 6_000  # pictures until the full rate
FINAL_RATE = 0.01  # final rate, relative to the full one
SAVE_EVERY_S = 120.0
LOG_EVERY_S = 15.0


def rate_at(done: int, total: int, rate: float) -> float:
    """Linear warm-up, then a cosine decay to almost zero at `total`."""
    warm_up = min(1.0, (done + 1) / min(WARM_UP_PICTURES, max(1, total // 10)))
    progress = min(1.0, done / total)
    return rate * warm_up * (FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * progress)) / 2)


def train_step(run: TrainingRun, batch: Batch, *, rate: float, device: torch.device) -> LossParts:
    """One batch: forward, backward, update of weights and average."""
    pictures, targets = batch
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    run.network.train()
    with torch.autocast(device.type, torch.bfloat16):
        maps = run.network(to_input(pictures, device))
    parts = detection_loss(maps, run.network.heads, targets.to(device))
    run.optimizer.zero_grad(set_to_none=True)
    parts.total.backward()
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 10.0)
    run.optimizer.step()
    run.update_average()
    run.pictures += len(pictures)
    return parts


class TrainingLog:
    """Training progress, written periodically to the terminal and a CSV file."""

    def __init__(self, path: Path, *, done: int, total: int) -> None:
        self.path, self.total = path, total
        self.started, self.initial_pictures = time.monotonic(), done
        self.last_written = self.started
        self.sums, self.steps = [0.0] * 4, 0
        if not done:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("pictures,seconds,rate,total,box,object,label\n", encoding="utf-8")

    def record(self, run: TrainingRun, parts: LossParts, rate: float) -> None:
        """Record a step; write a line when it is due."""
        values = (parts.total, parts.box, parts.object, parts.label)
        self.sums = [total + value.item() for total, value in zip(self.sums, values, strict=True)]
        self.steps += 1
        now = time.monotonic()
        if now - self.last_written < LOG_EVERY_S and run.pictures < self.total:
            return
        self.last_written = now
        means = [total / self.steps for total in self.sums]
        seconds = now - self.started
        speed = (run.pictures - self.initial_pictures) / seconds
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(
                [run.pictures, round(seconds, 1), f"{rate:.6f}", *(f"{m:.4f}" for m in means)]
            )
        minutes_left = (self.total - run.pictures) / speed / 60
        print(
            f"{run.pictures}/{self.total} pictures  loss {means[0]:.3f} (box {means[1]:.3f}, "
            f"object {means[2]:.3f}, label {means[3]:.3f})  {speed:.0f} pictures/s  "
            f"{minutes_left:.1f} min left",
            flush=True,
        )
        self.sums, self.steps = [0.0] * 4, 0


def training_batches(
    data: TrainingData, settings: Settings, *, done: int, total: int, workers: int
) -> Iterator[Batch]:
    """Batches for the rest of the run, phase by phase."""
    schedule = settings.schedule
    green_labels = frozenset(map(settings.labels.index, settings.also_green))
    end = 0.0
    for index, phase in enumerate(schedule.phases):
        end += phase.share * total
        if done >= end:
            continue
        seed = 1 + done + index
        batches = BatchDataset(
            data,
            batch=schedule.batch,
            sizes=phase.sizes,
            seed=seed,
            green_labels=green_labels,
            calm=phase.calm,
        )
        for batch in batch_iterator(batches, workers=workers):
            yield batch
            done += schedule.batch
            if done >= end:
                break


def train(
    run: TrainingRun, batches: Iterator[Batch], *, total: int, rate: float, state: Path
) -> None:
    """Train until `total` pictures are done, saving periodically."""
    device = next(run.network.parameters()).device
    log = TrainingLog(state.with_name(f"{state.stem}_log.csv"), done=run.pictures, total=total)
    stop, last_save = threading.Event(), time.monotonic()
    with stopped_in_order(stop):
        while run.pictures < total and not stop.is_set():
            current = rate_at(run.pictures, total, rate)
            log.record(run, train_step(run, next(batches), rate=current, device=device), current)
            if time.monotonic() - last_save > SAVE_EVERY_S:
                save_run(run, state)
                last_save = time.monotonic()
        save_run(run, state)
    if stop.is_set():
        raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--pictures", type=int, help="train this many, not the file's number")
    parser.add_argument("--start", type=Path, help="Darknet weights to begin with")
    parser.add_argument("--rate", type=float, help="the highest rate, not the file's")
    parser.add_argument("--fresh", action="store_true", help="begin again, whatever is there")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 = as torch chooses")
    parser.add_argument("--workers", type=int, default=1, help="processes that compose pictures")
    arguments = parser.parse_args(argv)
    settings = read_settings(arguments.config)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cfg_text = fill_template(
        settings.template,
        classes=len(settings.labels),
        anchors=settings.anchors,
        size=settings.size,
    )
    schedule = settings.schedule
    state = settings.work / f"{settings.name}.pt"
    torch.manual_seed(1)
    run = start_run(cfg_text, rate=schedule.rate, device=device)
    if state.exists() and not arguments.fresh:
        resume_run(run, state)
    elif arguments.start:
        start_from(run, arguments.start, shift=settings.shift)
    total = arguments.pictures or schedule.pictures
    try:
        batches = training_batches(
            load_training_data(settings),
            settings,
            done=run.pictures,
            total=total,
            workers=arguments.workers,
        )
        train(run, batches, total=total, rate=arguments.rate or schedule.rate, state=state)
    except KeyboardInterrupt:
        ended = f"Stopped at {run.pictures} pictures; the same command goes on from there."
        raise SystemExit(ended) from None


if __name__ == "__main__":
    main()
