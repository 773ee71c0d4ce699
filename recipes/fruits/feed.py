"""Batches of composed pictures, made in a process of their own.

Owns how pictures travel to the trainer; what is on them is compose.py's business.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from recipes.fruits.compose import Composer
from recipes.fruits.material import Material

Batch = tuple[Tensor, Tensor]


class Batches(IterableDataset[Batch]):
    """Endless batches: BGR bytes (picture, y, x, 3), and targets for the loss."""

    def __init__(
        self,
        material: Material,
        *,
        batch: int,
        sizes: Sequence[int],
        seed: int,
        green: frozenset[int],
        calm: bool = False,
    ) -> None:
        self.material, self.batch, self.sizes = material, batch, list(sizes)
        self.seed, self.green, self.calm = seed, green, calm

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)  # the other core is the trainer's
        worker = get_worker_info()
        seed = self.seed * 1000 + (worker.id if worker else 0)
        composer = Composer(self.material, seed=seed, green=self.green, calm=self.calm)
        while True:
            yield self._one(composer, int(composer.rng.choice(self.sizes)))

    def _one(self, composer: Composer, size: int) -> Batch:
        pictures = np.empty((self.batch, size, size, 3), np.uint8)
        targets = []
        for number in range(self.batch):
            pictures[number], rows = composer.picture(size)
            targets.append(np.column_stack([np.full(len(rows), number, np.float32), rows]))
        return torch.from_numpy(pictures), torch.from_numpy(np.concatenate(targets))


def loader(batches: Batches, *, workers: int) -> Iterator[Batch]:
    """The batches, composed ahead in `workers` processes."""
    feed = DataLoader(
        batches,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        multiprocessing_context="spawn" if workers else None,  # forked OpenMP pools hang
        pin_memory=torch.cuda.is_available(),
    )
    return iter(feed)


def as_input(pictures: Tensor, device: torch.device) -> Tensor:
    """Bytes, BGR, as the network wants them: RGB, 0.00392 of a byte, channels first."""
    moved = pictures.to(device, non_blocking=True).flip(3)  # turned while they are bytes: cheap
    return moved.float().mul_(0.00392).permute(0, 3, 1, 2)
