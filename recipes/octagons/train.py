"""Trains the octagons' detector on crops: python -m recipes.octagons.train

Ctrl-C saves; the same command goes on. What is random in a step follows from its number.
"""

from __future__ import annotations

import argparse
import math
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from countlab.settings import Settings
from countlab.system.interrupts import stopped_in_order
from countlab.system.whole_file import write_whole
from countlab.training.network_outputs import computes_in_bfloat16
from recipes.octagons.crops import SIDE, Labelled, crop, read_labelled
from recipes.octagons.loss import loss, targets
from recipes.octagons.network import OctagonDetector

WORK = Path("recipes/octagons/work")
STEPS, BATCH, RATE, DECAY = 12_000, 32, 0.003, 0.02
_MEMORY = 0.99
_SAVE_EVERY_S = 45.0


def read_pictures(folder: Path, more: Path) -> list[Labelled]:
    """The lab's training part, and further designs that are in no part of it."""
    found = read_labelled(folder, ("train",), bare=500)
    if (more / "labels.csv").is_file():
        found += read_labelled(more, ("train",))
    return found


def batch(pictures: list[Labelled], seed: int, step: int, size: int) -> tuple[Any, Any]:
    crops = [crop(pictures, (seed, step * size + at)) for at in range(size)]
    pixels = torch.from_numpy(np.stack([pixels for pixels, _, _ in crops]))
    x = (pixels.permute(0, 3, 1, 2).float() / 255).contiguous(memory_format=torch.channels_last)
    return x, targets([(clear, doubtful) for _, clear, doubtful in crops], SIDE)


def rate_at(step: int, steps: int) -> float:
    warm = max(1, steps // 20)
    if step < warm:
        return RATE * (step + 1) / warm
    return RATE * (0.01 + 0.99 * (1 + math.cos(math.pi * (step - warm) / (steps - warm))) / 2)


def train(
    pictures: list[Labelled], out: Path, *, steps: int, size: int, seed: int = 1
) -> OctagonDetector:
    """The moving average of the weights after the last step."""
    torch.manual_seed(seed)
    network = OctagonDetector().to(memory_format=torch.channels_last)
    average = OctagonDetector()
    average.load_state_dict(network.state_dict())
    heavy = [p for p in network.parameters() if p.ndim > 1]
    light = [p for p in network.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": heavy, "weight_decay": DECAY}, {"params": light, "weight_decay": 0.0}], lr=RATE
    )
    first, spent = _load(out, network, average, optimiser, steps)
    stop, saved = threading.Event(), time.monotonic()
    with stopped_in_order(stop):
        for step in range(first, steps):
            began = time.process_time()
            x, wanted = batch(pictures, seed, step, size)
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, steps)
            network.train()
            with torch.autocast("cpu", torch.bfloat16, enabled=computes_in_bfloat16("auto")):
                cells = network(x)
            wrong, parts = loss(cells.float(), wanted)
            optimiser.zero_grad(set_to_none=True)
            wrong.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            _update_average(average, network, step)
            spent += time.process_time() - began
            if stop.is_set() or step + 1 == steps or time.monotonic() - saved > _SAVE_EVERY_S:
                _save(out, network, average, optimiser, step + 1, spent, steps)
                saved = time.monotonic()
            if step % 20 == 0 or step + 1 == steps:
                figures = "  ".join(f"{name} {value:.3f}" for name, value in parts.items())
                print(f"{step + 1}/{steps}  {figures}  {spent:.0f} CPU seconds", flush=True)
            if stop.is_set():
                raise KeyboardInterrupt
    return average.eval()


def _update_average(average: Any, network: Any, step: int) -> None:
    share = 1 - min(_MEMORY, (1 + step) / (10 + step))
    with torch.no_grad():
        now = network.state_dict()
        for name, value in average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(now[name], share)
            else:
                value.copy_(now[name])


def _save(
    out: Path, network: Any, average: Any, optimiser: Any, step: int, spent: float, steps: int
) -> None:
    import io

    file = io.BytesIO()
    torch.save(
        {"network": network.state_dict(), "average": average.state_dict(),
         "optimiser": optimiser.state_dict(), "step": step, "spent": spent, "steps": steps},
        file,
    )  # fmt: skip
    write_whole(out, file.getvalue())


def _load(out: Path, network: Any, average: Any, optimiser: Any, steps: int) -> tuple[int, float]:
    if not out.is_file():
        return 0, 0.0
    kept = torch.load(out, map_location="cpu", weights_only=True)
    if kept["steps"] != steps:
        raise SystemExit(f"{out} is a run of {kept['steps']} steps; delete it, or ask for as many")
    network.load_state_dict(kept["network"])
    average.load_state_dict(kept["average"])
    optimiser.load_state_dict(kept["optimiser"])
    return int(kept["step"]), float(kept["spent"])


def main() -> None:
    data = Settings.from_environment().home / "data"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data / "octagons")
    parser.add_argument("--more", type=Path, default=data / "octagons-more")
    parser.add_argument("--out", type=Path, default=WORK / "detector.pt")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    pictures = read_pictures(arguments.data, arguments.more)
    print(f"{len(pictures)} pictures, {sum(len(p.octagons) for p in pictures)} octagons")
    try:
        train(pictures, arguments.out, steps=arguments.steps, size=arguments.batch)
    except KeyboardInterrupt:
        raise SystemExit("Stopped; the same command goes on from here.") from None


if __name__ == "__main__":
    main()
